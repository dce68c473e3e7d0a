#!/bin/sh
# A build phase of Xcode: puts the library and its Python into the application, and signs every file of
# machine code in them, which koe bundle has listed. Xcode signs the application itself afterwards.
#
# It needs KOE_PREFIX (koe.xcconfig), and what Xcode sets: TARGET_BUILD_DIR, FRAMEWORKS_FOLDER_PATH,
# UNLOCALIZED_RESOURCES_FOLDER_PATH, CODE_SIGNING_ALLOWED, EXPANDED_CODE_SIGN_IDENTITY, ACTION.
set -eu

[ -d "${KOE_PREFIX:?is not set: is koe.xcconfig the configuration file of this target?}/lib" ] || {
  echo "error: $KOE_PREFIX has no lib; make it with koe bundle or make install" >&2
  exit 1
}
frameworks=$TARGET_BUILD_DIR/$FRAMEWORKS_FOLDER_PATH
resources=$TARGET_BUILD_DIR/$UNLOCALIZED_RESOURCES_FOLDER_PATH
runtime=$resources/koe-runtime

mkdir -p "$frameworks" "$resources"
rm -rf "$runtime"
[ ! -d "$KOE_PREFIX/koe-runtime" ] || cp -R "$KOE_PREFIX/koe-runtime" "$runtime"
for library in "$KOE_PREFIX"/lib/libkoe_core.[0-9].dylib; do
  cp -f "$library" "$frameworks"
done

[ "${CODE_SIGNING_ALLOWED:-NO}" = YES ] || exit 0
# A time stamp needs the network, and only what is handed out needs a time stamp.
[ "${ACTION:-build}" = install ] && stamp=--timestamp || stamp=--timestamp=none
set -- codesign --force --options runtime "$stamp" --sign "${EXPANDED_CODE_SIGN_IDENTITY:--}"
"$@" "$frameworks"/libkoe_core.[0-9].dylib
[ -d "$runtime" ] || exit 0
while IFS= read -r path; do
  case $path in koe-runtime/*) "$@" "$resources/$path" ;; esac
done < "$KOE_PREFIX/signing.txt"

# A signature makes a file longer, and the library compares the sizes with those in this list.
[ -f "$runtime/manifest.txt" ] || exit 0
while IFS= read -r line; do
  case $line in
  [0-9]*.so | [0-9]*.dylib) line="$(($(wc -c < "$runtime/${line#* }"))) ${line#* }" ;;
  esac
  printf '%s\n' "$line"
done < "$runtime/manifest.txt" > "$runtime/manifest.new"
mv "$runtime/manifest.new" "$runtime/manifest.txt"
