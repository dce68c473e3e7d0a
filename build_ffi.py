"""Build libkoe_core: the C contract, the seam, and cffi's part, for one generation or for all.

    python build_ffi.py                      all three generations, below build/
    python build_ffi.py --abi 3 --out DIR    one of them
    python build_ffi.py --sanitize address,undefined

Each generation gets its own folder with the header, whose default generation is its own, and the
library, whose soname is the generation's: a program that meets another one is not started. The
compiler is $CC or cc; on Windows $WINDRES or windres compiles resources, and $DLLTOOL or dlltool
makes what MSVC links.
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
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

import cffi

import koe
from koe.bundle.pe import Image

PROJECT = Path(__file__).resolve().parent
NATIVE = PROJECT / "koe" / "native"
HEADER = PROJECT / "include" / "koe_core.h"
EXTRA = PROJECT / "include" / "koe_extra.h"
SOURCES = sorted(NATIVE.glob("*.c"))
GENERATIONS = {1: "a", 2: "b", 3: "c"}


def linked_name(system: str) -> str:
    """What a linker looks for, which is a link to the library but on Windows."""
    names = {"darwin": "libkoe_core.dylib", "win32": "koe_core.dll"}
    return names.get(system, "libkoe_core.so")


LIBRARY = linked_name(sys.platform)

# What programs for Windows are linked to: by MinGW, by MSVC, and what another one is made of.
IMPORT_LIBRARY = "libkoe_core.dll.a"
MSVC_IMPORT_LIBRARY = "koe_core.lib"
DEFINITIONS = "koe_core.def"

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

# What our C and cffi's use of Python. It is called by way of a table, because the library is loaded
# when it is needed (koe/native/libpython.c); the linker says what is missing here.
PYTHON_API = (
    "PyArg_UnpackTuple", "PyCapsule_Type", "PyConfig_Clear", "PyConfig_InitIsolatedConfig",
    "PyConfig_SetBytesString", "PyDict_GetItemString", "PyDict_New", "PyDict_SetItemString",
    "PyErr_Clear", "PyErr_Display", "PyErr_Fetch", "PyErr_NormalizeException", "PyErr_Occurred",
    "PyEval_EvalCode", "PyEval_GetBuiltins", "PyEval_RestoreThread", "PyEval_SaveThread",
    "PyFile_WriteObject", "PyFile_WriteString", "PyGC_Disable", "PyGC_Enable",
    "PyGILState_Ensure", "PyGILState_Release",
    "PyImport_GetModuleDict", "PyImport_ImportModule", "PyList_Append", "PyLong_FromLong",
    "PyLong_FromUnsignedLong", "PyLong_FromUnsignedLongLong", "PyLong_FromVoidPtr",
    "PyMem_RawFree", "PyObject_CallMethod",
    "PyObject_Free", "PyObject_GetAttrString", "PyObject_Malloc",
    "PyPreConfig_InitIsolatedConfig", "PySequence_Contains", "PyStatus_Exception",
    "PyStatus_NoMemory", "PySys_GetObject", "PyUnicode_DecodeFSDefault",
    "PyWideStringList_Append", "Py_CompileStringExFlags", "Py_DecodeLocale", "Py_GetVersion",
    "Py_InitializeEx", "Py_InitializeFromConfig", "Py_IsInitialized", "Py_PreInitialize",
    "_Py_Dealloc", "_Py_NoneStruct",
)  # fmt: skip

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


@dataclass(frozen=True, slots=True)
class Target:
    """The system that a library is for, what compiles it, and the Python that it will load."""

    system: str
    """As ``sys.platform`` has it there."""
    compiler: tuple[str, ...]
    python_headers: Path
    python_library: str
    """The name of Python's shared library."""
    resources: tuple[str, ...] = ()
    """The compiler of resources, for Windows."""
    dlltool: tuple[str, ...] = ()
    """What makes an import library of a list of names, for Windows."""


def native(*, moved: bool = False) -> Target:
    """This system, and the running Python.

    Args:
        moved: The library is for a wheel, whose Python is where that is installed: what compiles it
            need not have a shared library.

    Raises:
        SystemExit: It has no shared library.
    """
    return Target(
        sys.platform,
        tuple(shlex.split(os.environ.get("CC", "cc"))),
        Path(sysconfig.get_paths()["include"]),
        python_library_name() if moved else python_library().name,
        tuple(shlex.split(os.environ.get("WINDRES", "windres"))),
        tuple(shlex.split(os.environ.get("DLLTOOL", "dlltool"))),
    )


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


def emit_python_api(target: Path) -> None:
    """Write the header that gives our C the functions of Python that it uses."""
    members = "\n".join(f"    __typeof__({name}) *{name};" for name in PYTHON_API)
    uses = "\n".join(f"#define {name} (*koe_python.{name})" for name in PYTHON_API)
    target.write_text(
        f"""\
#pragma once
#define Py_NO_ENABLE_SHARED
#define PyAPI_FUNC(type) type /* else what we define of it would be exported */
#define PyAPI_DATA(type) extern type
#include <Python.h>
typedef struct koe_python_api {{
{members}
}} koe_python_api;
extern koe_python_api koe_python;
#ifdef KOE_FILLS_PYTHON_API
#define KOE_PYTHON_API(X) {" ".join(f"X({name})" for name in PYTHON_API)}
#else
{uses}
#endif
""",
        encoding="utf-8",
    )


def python_library_name() -> str:
    """The file that the running Python's shared library is, on computers where it has one."""
    if sys.platform == "win32":
        return f"python{sys.version_info[0]}{sys.version_info[1]}.dll"
    version = sysconfig.get_config_var("LDVERSION")
    suffix = "dylib" if sys.platform == "darwin" else "so.1.0"
    return f"libpython{version}.{suffix}"


def python_library() -> Path:
    """The shared library of the running Python.

    Raises:
        SystemExit: It has none.
    """
    if sys.platform == "win32":
        return Path(sys.base_prefix, python_library_name())
    # What programs name that are linked to it; of a framework on macOS, its path in there.
    name = sysconfig.get_config_var("INSTSONAME") or ""
    framework = sysconfig.get_config_var("PYTHONFRAMEWORKPREFIX")
    path = Path(framework or sysconfig.get_config_var("LIBDIR") or sys.base_prefix, name)
    if not path.is_file() or path.suffix == ".a":
        sys.exit(
            f"koe: {sys.base_prefix} has no shared Python library; install it (Debian: "
            "libpython3-dev, Fedora: python3-devel) or use another Python: "
            "make PYTHON=/path/to/python3"
        )
    return path


def libpython_flags() -> list[str]:
    """The linker's flags for a program that calls Python itself."""
    library = python_library()
    version = sysconfig.get_config_var("LDVERSION") or f"{sys.version_info[0]}{sys.version_info[1]}"
    if sys.platform == "win32":
        return [f"-L{library.parent}/libs", f"-lpython{version}"]
    return [f"-L{library.parent}", f"-lpython{version}", *to_linker("-rpath", str(library.parent))]


def native_python() -> list[str]:
    """Tell the compiler where the running Python is, for a library that uses no other."""
    paths = sysconfig.get_paths()
    if sys.platform == "win32":  # which has no name for it
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
    return [
        f"-DKOE_PYTHON_HOME={c_string(sys.base_prefix)}",
        f"-DKOE_PYTHON_LIBRARY={c_string(str(python_library()))}",
        f"-DKOE_PYTHON_PATH={','.join(map(c_string, search_path))}",
    ]


def system_libraries(system: str) -> list[str]:
    """The linker's flags for what the library needs of a system."""
    if system == "win32":
        # The compiler's own libraries go into ours, because its users have none of them.
        return ["-static-libgcc", "-Wl,-Bstatic", "-lpthread"]
    return ["-lpthread", *(["-ldl"] if system == "linux" else [])]


def to_linker(*arguments: str) -> list[str]:
    """Pass arguments on to the linker; unlike ``-Wl``, this leaves commas alone."""
    return [flag for argument in arguments for flag in ("-Xlinker", argument)]


def c_string(text: str) -> str:
    """Quote text as a C string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def library_name(abi: int, system: str = sys.platform) -> str:
    """The name of one generation's library; Windows shells know one name for all."""
    names = {"darwin": f"libkoe_core.{abi}.dylib", "win32": linked_name(system)}
    return names.get(system, f"libkoe_core.so.{abi}")


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


def build(
    abi: int,
    out: Path,
    binding: Path,
    extra: list[str],
    target: Target,
    *,
    bundled: bool = False,
) -> None:
    """Build one generation: ``out``/include/*.h and ``out``/lib/libkoe_core.

    Args:
        abi: The generation.
        out: The folder.
        binding: cffi's C file, beside the table of Python's functions.
        extra: More flags for the compiler.
        target: What it is for.
        bundled: The library is for a bundle, whose Python comes along: it knows no other one.
    """
    windows = target.system == "win32"
    name = library_name(abi, target.system)
    include, library = out / "include", out / "lib"
    include.mkdir(parents=True, exist_ok=True)
    library.mkdir(parents=True, exist_ok=True)
    header = HEADER.read_text(encoding="utf-8")
    own = re.sub(r"^#define KOE_ABI \d$", f"#define KOE_ABI {abi}", header, flags=re.MULTILINE)
    (include / "koe_core.h").write_text(own, encoding="utf-8")
    shutil.copy(EXTRA, include)
    exports = out / "exports.map"
    public = ["sp_*", *extra_names()]
    exports.write_text(f"{{ global: {'; '.join(public)}; local: *; }};\n", encoding="utf-8")
    shared = {
        "darwin": ["-dynamiclib", "-install_name", f"@rpath/{name}", "-Wl,-S"],
        "win32": ["-shared", "-s", *to_linker("--out-implib", str(library / IMPORT_LIBRARY))],
    }.get(target.system, ["-shared", f"-Wl,-soname,{name}", "-Wl,-z,defs",
                          # what Python knows of it outlives a dlclose, so it has to stay
                          "-Wl,-z,nodelete",
                          *to_linker("--version-script", str(exports))])  # fmt: skip
    warnings = ["-Wall", "-Wextra", "-Werror"]
    command = [
        *target.compiler,
        *["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-fPIC", "-fvisibility=hidden"],
        # Else windows.h, in every file, brings all of Windows, and most of the time goes to it.
        *(["-DWIN32_LEAN_AND_MEAN"] if windows else []),
        f"-DKOE_ABI={abi}",
        f"-DKOE_VERSION={c_string(koe.__version__)}",
        f"-DKOE_PYTHON_LIBRARY_NAME={c_string(target.python_library)}",
        *([] if bundled else native_python()),
        *[f"-I{path}" for path in (include, NATIVE, binding.parent, target.python_headers)],
        *extra,
    ]
    objects = []
    for source in [*SOURCES, binding]:
        compiled = out / f"{source.stem}.o"
        # The warnings are for our files, not for cffi's.
        flags = warnings if source is not binding else ["-w", "-include", "python_api.h"]
        run([*command, *flags, "-c", str(source), "-o", str(compiled)])
        objects.append(str(compiled))
    if windows:
        resource, compiled = out / "version.rc", out / "version.o"
        resource.write_text(version_resource(abi), encoding="ascii")
        run([*target.resources, str(resource), str(compiled)])
        objects.append(str(compiled))
    run([*command, *shared, *objects, *system_libraries(target.system), "-o", str(library / name)])
    if windows:
        emit_msvc_import_library(Image(library / name).exports(), library, target)
    else:
        link(library / linked_name(target.system), name)


def emit_msvc_import_library(names: Iterable[str], library: Path, target: Target) -> None:
    """Make what MSVC links, and write the list of names that it is made of."""
    definitions = library / DEFINITIONS
    lines = [f"LIBRARY {linked_name('win32')}", "EXPORTS", *sorted(names), ""]
    definitions.write_text("\n".join(lines), encoding="ascii")
    output = ["-d", str(definitions), "-l", str(library / MSVC_IMPORT_LIBRARY)]
    run([*target.dlltool, "-m", "i386:x86-64", *output])


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
    emit_python_api(arguments.out / "python_api.h")
    for abi in arguments.abi or GENERATIONS:
        build(abi, arguments.out / f"abi-{GENERATIONS[abi]}", binding, extra, native())


if __name__ == "__main__":
    main()
