#!/bin/sh
# What only a Mac can try. Needs Xcode's command line tools and pkg-config, and a prefix, such as what
# koe bundle --target macos-arm64 made on another computer:
#
#     frontends/macos/check-on-a-mac.sh PREFIX [IDENTITY]
#
# IDENTITY signs; without one it is signed to run locally. All is made in a folder that is removed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
prefix=$(cd "${1:?names the prefix that koe bundle or make install made}" && pwd)
identity=${2:--}
[ "$(uname)" = Darwin ] || { echo "this is for a Mac" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

echo "== the Swift package"
PKG_CONFIG_PATH=$prefix/lib/pkgconfig swift build --package-path "$here/KoeCore" --scratch-path "$folder/build"

echo "== an application"
app=$folder/Try.app/Contents
mkdir -p "$app/MacOS" "$app/Frameworks" "$app/Resources"
cat > "$app/Info.plist" <<'END'
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>CFBundleExecutable</key><string>Try</string>
	<key>CFBundleIdentifier</key><string>org.example.koe.try</string>
	<key>CFBundlePackageType</key><string>APPL</string>
</dict>
</plist>
END
cat > "$folder/try.c" <<'END'
#include <koe_core.h>
#include <koe_extra.h>
#include <stdio.h>
int main(void) {
    int32_t result = sp_core_create(NULL);
    char *why = result ? koe_last_error() : NULL;
    printf("sp_core_create: %d %s\n", (int)result, why ? why : "");
    koe_free(why);
    sp_core_destroy();
    return result != 0;
}
END
clang -I"$prefix/include" "$folder/try.c" -L"$prefix/lib" -lkoe_core \
  -Wl,-rpath,@executable_path/../Frameworks -Wl,-dead_strip -o "$app/MacOS/Try"

echo "== embedding and signing"
entitlements=$here/koe.entitlements
[ "$identity" != - ] || entitlements=$here/koe-local.entitlements
KOE_PREFIX=$prefix TARGET_BUILD_DIR=$folder FRAMEWORKS_FOLDER_PATH=Try.app/Contents/Frameworks \
  UNLOCALIZED_RESOURCES_FOLDER_PATH=Try.app/Contents/Resources CODE_SIGNING_ALLOWED=YES \
  EXPANDED_CODE_SIGN_IDENTITY=$identity "$here/embed-and-sign.sh"
codesign --force --options runtime --timestamp=none --entitlements "$entitlements" --sign "$identity" "$folder/Try.app"
codesign --verify --deep --strict --verbose=2 "$folder/Try.app"

echo "== starting, hardened, in a home of its own"
mkdir "$folder/home"
HOME=$folder/home "$app/MacOS/Try"
codesign --verify --deep --strict "$folder/Try.app" # and nothing was written into it

echo "== the conformance kit, in the prefix as it is"
tests=$here/../../tests/abi
if [ -d "$tests" ]; then
  clang -std=c11 -I"$prefix/include" "$tests"/scenarios/*.c -L"$prefix/lib" -lkoe_core -Wl,-rpath,"$prefix/lib" -o "$folder/kit"
  "$folder/kit" list > "$folder/list"
  while read -r name file; do
    case $file in FILE*) continue ;; esac # which needs speech
    mkdir "$folder/home/$name"
    HOME=$folder/home/$name "$folder/kit" "$name" < /dev/null
  done < "$folder/list"
else
  echo "is in a checkout of koe-core only, as this folder was"
fi
echo "all is well"
