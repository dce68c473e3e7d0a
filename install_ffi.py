"""Install one generation of libkoe_core, as it was built, for shells that link it.

    python install_ffi.py --abi c --prefix /usr/local [--destdir STAGE]

A prefix holds the headers, the link and the packages of one generation, the one that was installed
last; libraries of several generations may lie there together, because their sonames differ. The
prefix may be moved as a whole.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

import koe
from build_ffi import (
    DEFINITIONS,
    GENERATIONS,
    IMPORT_LIBRARY,
    MSVC_IMPORT_LIBRARY,
    PROJECT,
    library_name,
    link,
    linked_name,
)

PKG_CONFIG = """\
prefix=${{pcfiledir}}/../..
includedir=${{prefix}}/include
libdir=${{prefix}}/lib
generation={generation}

Name: koe-core
Description: Dictation, audio in and corrected text out; generation {generation} of its contract
Version: {version}
Libs: -L${{libdir}} -lkoe_core
Cflags: -I${{includedir}}
"""

CMAKE_CONFIG = """\
# Generation {generation} of the contract: find_package(KoeCore REQUIRED COMPONENTS {generation})
# gives the target KoeCore::KoeCore.
set(KoeCore_GENERATION {generation})
foreach(_koe_component IN LISTS KoeCore_FIND_COMPONENTS)
  if(_koe_component STREQUAL KoeCore_GENERATION)
    set(KoeCore_${{_koe_component}}_FOUND TRUE)
  elseif(KoeCore_FIND_REQUIRED_${{_koe_component}})
    set(KoeCore_FOUND FALSE)
    set(KoeCore_NOT_FOUND_MESSAGE
        "${{CMAKE_CURRENT_LIST_DIR}} is of generation {generation}, not ${{_koe_component}}")
    return()
  endif()
endforeach()

if(NOT TARGET KoeCore::KoeCore)
  get_filename_component(_koe_prefix "${{CMAKE_CURRENT_LIST_DIR}}/../../.." ABSOLUTE)
  add_library(KoeCore::KoeCore SHARED IMPORTED)
  set_target_properties(KoeCore::KoeCore PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${{_koe_prefix}}/include"
    {properties})
  unset(_koe_prefix)
endif()
"""

CMAKE_VERSION = """\
set(PACKAGE_VERSION {version})
if(PACKAGE_FIND_VERSION VERSION_LESS_EQUAL PACKAGE_VERSION
   AND PACKAGE_FIND_VERSION_MAJOR EQUAL {major})
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
  if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
endif()
if(CMAKE_SIZEOF_VOID_P AND NOT CMAKE_SIZEOF_VOID_P EQUAL {pointer_bytes})
  set(PACKAGE_VERSION_UNSUITABLE TRUE)
endif()
"""

MODULE_MAP = """\
module CKoeCore {
  header "koe_core.h"
  header "koe_extra.h"
  link "koe_core"
  export *
}
"""


# Where there can be no link: what a linker understands in its place.
LINKER_SCRIPT = "INPUT({library})\n"


def install(
    abi: int, built: Path, root: Path, system: str = sys.platform, *, links: bool = True
) -> None:
    """Put what was built for one generation into a folder, with all that finds it there.

    Args:
        abi: The generation.
        built: Where it was built.
        root: The folder.
        system: Which it was built for, as ``sys.platform`` has it there.
        links: False: it is for an archive that can't hold a link, as a wheel.

    Raises:
        OSError: Something is missing, or can't be written.
    """
    library = library_name(abi, system)
    include, lib = root / "include", root / "lib"
    packages = {"lib/pkgconfig": {"koe-core.pc": PKG_CONFIG}, "lib/cmake/KoeCore": {
        "KoeCoreConfig.cmake": CMAKE_CONFIG, "KoeCoreConfigVersion.cmake": CMAKE_VERSION,
    }}  # fmt: skip
    include.mkdir(parents=True, exist_ok=True)
    lib.mkdir(exist_ok=True)
    for header in ("koe_core.h", "koe_extra.h"):
        copy(built / "include" / header, include)
    (include / "module.modulemap").write_text(MODULE_MAP, encoding="utf-8")
    if system == "win32":
        (root / "bin").mkdir(exist_ok=True)
        copy(built / "lib" / library, root / "bin")
        for name in (IMPORT_LIBRARY, MSVC_IMPORT_LIBRARY, DEFINITIONS):
            copy(built / "lib" / name, lib)
        properties = {"LOCATION": f"bin/{library}", "IMPLIB": f"lib/{MSVC_IMPORT_LIBRARY}"}
    else:
        copy(built / "lib" / library, lib)
        name = linked_name(system)
        if links:
            link(lib / name, library)
        elif system == "darwin":  # whose linker takes the name from inside of the copy
            shutil.copy(lib / library, lib / name)
        else:
            (lib / name).write_text(LINKER_SCRIPT.format(library=library), encoding="ascii")
        properties = {"LOCATION": f"lib/{library}"}
    lines = [f'IMPORTED_{name} "${{_koe_prefix}}/{path}"' for name, path in properties.items()]
    if system != "win32":
        soname = f"@rpath/{library}" if system == "darwin" else library
        lines.append(f"IMPORTED_SONAME {soname}")
    values = {
        "generation": GENERATIONS[abi],
        "version": koe.__version__,
        "major": koe.__version__.partition(".")[0],
        "pointer_bytes": 8 if sys.maxsize > 2**32 else 4,
        "properties": "\n    ".join(lines),
    }
    for folder, files in packages.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name, template in files.items():
            (root / folder / name).write_text(template.format(**values), encoding="utf-8")


def copy(source: Path, folder: Path) -> None:
    """Copy a file so that a program that has the old one loaded keeps it."""
    target = folder / source.name
    temporary = folder / f".{source.name}.new"
    shutil.copyfile(source, temporary)
    # Readable for all, whatever the umask of the build was.
    temporary.chmod(0o755 if os.access(source, os.X_OK) else 0o644)
    temporary.replace(target)


def main() -> None:
    """Parse the command line and install."""
    parser = argparse.ArgumentParser(description="Install libkoe_core for shells.")
    parser.add_argument("--abi", choices=GENERATIONS.values(), default="c", help="the generation")
    parser.add_argument("--prefix", type=Path, required=True, help="where it will be used")
    parser.add_argument("--destdir", default="", help="put in front of the prefix, for packagers")
    parser.add_argument("--built", type=Path, default=PROJECT / "build")
    arguments = parser.parse_args()
    if not arguments.prefix.is_absolute():
        parser.error(f"the prefix must be an absolute path, not {arguments.prefix}")
    root = Path(f"{arguments.destdir}{arguments.prefix}")
    [abi] = [number for number, name in GENERATIONS.items() if name == arguments.abi]
    try:
        install(abi, arguments.built / f"abi-{arguments.abi}", root)
    except OSError as exc:
        sys.exit(f"koe: not installed: {exc.filename or root}: {exc.strerror}")


if __name__ == "__main__":
    main()
