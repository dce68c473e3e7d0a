"""Build libkoe_core: the C contract, the seam, and cffi's part, for one generation or for all.

    python build_ffi.py                      all three generations, below build/
    python build_ffi.py --abi 3 --out DIR    one of them
    python build_ffi.py --sanitize address,undefined

Each generation gets its own folder with the header, whose default generation is its own, and the
library, whose soname is the generation's: a program that meets another one is not started. The
compiler is $CC or cc, and on Windows the compiler of resources $WINDRES or windres.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path, PureWindowsPath

import cffi

import koe

PROJECT = Path(__file__).resolve().parent
NATIVE = PROJECT / "koe" / "native"
HEADER = PROJECT / "include" / "koe_core.h"
EXTRA = PROJECT / "include" / "koe_extra.h"
SOURCES = sorted(NATIVE.glob("*.c"))
GENERATIONS = {1: "a", 2: "b", 3: "c"}

# What a linker looks for, which is a link to the library but on Windows.
LIBRARY = {"darwin": "libkoe_core.dylib", "win32": "koe_core.dll"}.get(
    sys.platform, "libkoe_core.so"
)
IMPORT_LIBRARY = "libkoe_core.dll.a"

# Runs when Python has started. It never raises, so that a failure is one line and not cffi's many;
# the shim sees that the boundary did not report.
START_CODE = """
try:
    import koe.boundary
except BaseException as exc:
    from _koe_native import lib
    words = f"Python started, but koe did not: {type(exc).__name__}: {exc}; install koe again"
    lib.koe_report_failed_start(words.replace("\\0", " ").encode("utf-8", "replace"))
"""

# cffi would export its entry points, but the contract alone is exported; and it keeps the function
# that runs the start code to its own file.
PRELUDE = """
#undef CFFI_DLLEXPORT
#define CFFI_DLLEXPORT __attribute__((visibility("hidden")))
#include "python.h"
#include "seam.h"
static int cffi_start_python(void);
int koe_run_start_code(void) { return cffi_start_python(); }
"""


def emit_binding(target: Path) -> None:
    """Write cffi's C file: the seam as the module ``_koe_native``."""
    seam = (NATIVE / "seam.h").read_text(encoding="utf-8")
    declarations = re.sub(r"^#(pragma|include).*$", "", seam, flags=re.MULTILINE)
    implemented_in_python = re.compile(
        r"^(?:int32_t |char \*)koe_py_.*?;$", re.MULTILINE | re.DOTALL
    )
    ffi = cffi.FFI()
    ffi.embedding_api("\n".join(implemented_in_python.findall(declarations)))
    ffi.cdef(implemented_in_python.sub("", declarations))
    ffi.set_source("_koe_native", PRELUDE)
    ffi.embedding_init_code(START_CODE)
    target.parent.mkdir(parents=True, exist_ok=True)
    ffi.emit_c_code(str(target))
    # The module's entry is registered by its address; else Windows would export it.
    emitted = target.read_text(encoding="utf-8")
    target.write_text(emitted.replace("PyMODINIT_FUNC", "static PyObject *"), encoding="utf-8")


def python_flags() -> tuple[list[str], list[str]]:
    """Return the compiler's and the linker's flags for the running Python."""
    paths = sysconfig.get_paths()
    windows = sys.platform == "win32"
    if windows:  # which has no name for it
        extensions = str(PureWindowsPath(sys.base_prefix, "DLLs"))
    else:
        extensions = sysconfig.get_config_var("DESTSHARED") or paths["platstdlib"]
    search_path = [
        paths["stdlib"],
        extensions,
        paths["purelib"],
        *([paths["platlib"]] if paths["platlib"] != paths["purelib"] else []),
        str(PROJECT),
    ]
    compile_flags = [
        f"-I{paths['include']}",
        f"-DKOE_PYTHON_HOME={c_string(sys.base_prefix)}",
        f"-DKOE_PYTHON_PATH={','.join(map(c_string, search_path))}",
    ]
    version = sysconfig.get_config_var("LDVERSION") or f"{sys.version_info[0]}{sys.version_info[1]}"
    directory = sysconfig.get_config_var("LIBDIR") or f"{sys.base_prefix}/libs"
    link_flags = [f"-L{directory}", f"-lpython{version}"]
    if windows:
        # The compiler's own libraries go into ours: whoever gets it has none of them.
        return compile_flags, [*link_flags, "-static-libgcc", "-Wl,-Bstatic", "-lpthread"]
    if not sysconfig.get_config_var("Py_ENABLE_SHARED") and not list(
        Path(directory).rglob(f"libpython{version}.*[oy]*")
    ):
        sys.exit(
            f"koe: {sys.base_prefix} has no shared Python library (libpython{version}); "
            "install it (Debian: libpython3-dev, Fedora: python3-devel) or use another Python: "
            "make PYTHON=/path/to/python3"
        )
    return compile_flags, [*link_flags, *to_linker("-rpath", directory), "-lpthread"]


def to_linker(*arguments: str) -> list[str]:
    """Pass arguments on to the linker; unlike ``-Wl``, this leaves commas alone."""
    return [flag for argument in arguments for flag in ("-Xlinker", argument)]


def c_string(text: str) -> str:
    """Quote text as a C string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def library_name(abi: int) -> str:
    """The name of one generation's library; Windows shells know one name for all."""
    names = {"darwin": f"libkoe_core.{abi}.dylib", "win32": LIBRARY}
    return names.get(sys.platform, f"libkoe_core.so.{abi}")


def link(path: Path, target: str) -> None:
    """Make a link to a file beside it, or let it lead there from now on."""
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def version_resource(abi: int) -> str:
    """What Windows shows of the library: its version, and which generation it is of."""
    numbers = [*(int(part) for part in koe.__version__.split(".")[:3]), abi]
    texts = {
        "FileDescription": f"Koe dictation core, generation {GENERATIONS[abi]}",
        "FileVersion": koe.__version__,
        "InternalName": "koe_core",
        "OriginalFilename": "koe_core.dll",
        "ProductName": "koe-core",
        "ProductVersion": koe.__version__,
    }
    values = "\n".join(f'      VALUE "{name}", "{text}"' for name, text in texts.items())
    version = ",".join(map(str, numbers))
    return f"""\
1 VERSIONINFO
FILEVERSION {version}
PRODUCTVERSION {version}
FILEOS 0x40004
FILETYPE 2
BEGIN
  BLOCK "StringFileInfo"
  BEGIN
    BLOCK "040904B0"
    BEGIN
{values}
    END
  END
  BLOCK "VarFileInfo"
  BEGIN
    VALUE "Translation", 0x409, 1200
  END
END
"""


def build(abi: int, out: Path, binding: Path, extra: list[str]) -> None:
    """Build one generation: ``out``/include/*.h and ``out``/lib/libkoe_core."""
    name = library_name(abi)
    include, library = out / "include", out / "lib"
    include.mkdir(parents=True, exist_ok=True)
    library.mkdir(parents=True, exist_ok=True)
    header = HEADER.read_text(encoding="utf-8")
    own = re.sub(r"^#define KOE_ABI \d$", f"#define KOE_ABI {abi}", header, flags=re.MULTILINE)
    (include / "koe_core.h").write_text(own, encoding="utf-8")
    shutil.copy(EXTRA, include)
    compile_flags, link_flags = python_flags()
    exports = out / "exports.map"
    public = ["sp_*", *extra_names()]
    exports.write_text(f"{{ global: {'; '.join(public)}; local: *; }};\n", encoding="utf-8")
    shared = {
        "darwin": ["-dynamiclib", "-install_name", f"@rpath/{name}",
                   *[f"-Wl,-exported_symbol,_{pattern}" for pattern in public]],
        "win32": ["-shared", *to_linker("--out-implib", str(library / IMPORT_LIBRARY))],
    }.get(sys.platform, ["-shared", f"-Wl,-soname,{name}", "-Wl,-z,defs",
                         # what Python knows of it outlives a dlclose, so it has to stay
                         "-Wl,-z,nodelete",
                         *to_linker("--version-script", str(exports))])  # fmt: skip
    warnings = ["-Wall", "-Wextra", "-Werror"]
    command = [
        *shlex.split(os.environ.get("CC", "cc")),
        *["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-fPIC", "-fvisibility=hidden"],
        f"-DKOE_ABI={abi}",
        *[f"-I{include}", f"-I{NATIVE}", *compile_flags, *extra],
    ]
    objects = []
    for source in [*SOURCES, binding]:
        target = out / f"{source.stem}.o"
        # The warnings are for our files, not for cffi's.
        flags = warnings if source is not binding else ["-w"]
        run([*command, *flags, "-c", str(source), "-o", str(target)])
        objects.append(str(target))
    if sys.platform == "win32":
        resource, compiled = out / "version.rc", out / "version.o"
        resource.write_text(version_resource(abi), encoding="ascii")
        run([os.environ.get("WINDRES", "windres"), str(resource), "-o", str(compiled)])
        objects.append(str(compiled))
    run([*command, *shared, *objects, *link_flags, "-o", str(library / name)])
    if name != LIBRARY:
        link(library / LIBRARY, name)


def extra_names() -> list[str]:
    """The functions that are exported besides the contract; internal ones begin as they do."""
    return re.findall(r"^KOE_API .*?(koe_\w+)\(", EXTRA.read_text(encoding="utf-8"), re.MULTILINE)


def run(command: list[str]) -> None:
    """Run the compiler; its own words are the error message."""
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError:
        sys.exit(f"koe: there is no C compiler '{command[0]}'; install one or set CC")
    except subprocess.CalledProcessError as exc:
        sys.exit(f"koe: the compiler failed ({exc.returncode}): {shlex.join(command)}")


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description="Build libkoe_core.")
    parser.add_argument("--abi", type=int, choices=GENERATIONS, action="append")
    parser.add_argument("--out", type=Path, default=PROJECT / "build")
    parser.add_argument("--sanitize", default="", help="for example address,undefined")
    arguments = parser.parse_args()
    extra = [f"-fsanitize={arguments.sanitize}", "-g"] if arguments.sanitize else []
    binding = arguments.out / "_koe_native.c"
    emit_binding(binding)
    for abi in arguments.abi or GENERATIONS:
        build(abi, arguments.out / f"abi-{GENERATIONS[abi]}", binding, extra)


if __name__ == "__main__":
    main()
