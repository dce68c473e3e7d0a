"""What can be tried of a library and an application for macOS on another system."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

import build_ffi

FOLDER = Path(__file__).parent.parent.parent / "frontends" / "macos"

# LLVM's linker for macOS, under the names that it has on Debian and elsewhere.
LINKER = next(filter(None, map(shutil.which, ("ld64.lld", "ld64.lld-14", "ld64.lld-19"))), None)
NM = next(filter(None, map(shutil.which, ("llvm-nm", "llvm-nm-14", "llvm-nm-19"))), None)

# By what Apple calls an architecture, what everybody else does.
ARCHITECTURES = {"arm64": "aarch64", "x86_64": "x86_64"}
OLDEST = "11.0"


def zig_folder() -> Path | None:
    """The compiler, which brings macOS's headers and the list of what its libraries have."""
    found = find_spec("ziglang")
    return Path(found.origin).parent if found and found.origin else None


def compile_objects(architecture: str, out: Path) -> list[Path]:
    """Compile the sources of generation c for a Mac, with warnings as errors.

    Raises:
        subprocess.CalledProcessError: They can't be compiled.
    """
    out.mkdir(parents=True)
    binding = out / "_koe_native.c"
    build_ffi.emit_binding(binding)
    build_ffi.emit_python_api(out / "python_api.h")
    target = f"{ARCHITECTURES[architecture]}-macos.{OLDEST}"
    command = [
        *[sys.executable, "-m", "ziglang", "cc", "-target", target, "-std=gnu11", "-O2"],
        *["-fvisibility=hidden", "-DKOE_ABI=3", f"-I{build_ffi.HEADER.parent}"],
        *[f"-I{build_ffi.NATIVE}", f"-I{out}", f"-I{sysconfig.get_paths()['include']}"],
        *['-DKOE_VERSION="0"', '-DKOE_PYTHON_LIBRARY_NAME="libpython3.dylib"'],
    ]
    strict, lenient = ["-Wall", "-Wextra", "-Werror"], ["-w", "-include", "python_api.h"]
    for source in [*build_ffi.SOURCES, binding]:  # zig takes one at a time
        flags = lenient if source is binding else strict
        subprocess.run([*command, *flags, "-c", str(source)], cwd=out, check=True)
    return [out / f"{source.stem}.o" for source in (*build_ffi.SOURCES, binding)]


def link(architecture: str, objects: list[Path], target: Path, *flags: str) -> None:
    """Link with LLVM's linker, as Xcode's does it in a Release build: without dead code.

    Raises:
        subprocess.CalledProcessError: It can't be linked.
    """
    zig = zig_folder()
    assert zig
    assert LINKER
    system = zig / "lib" / "libc" / "darwin" / "libSystem.tbd"
    command = [LINKER, "-arch", architecture, "-platform_version", "macos", OLDEST, OLDEST]
    files = [str(path) for path in (*objects, system)]
    subprocess.run([*command, "-dead_strip", *flags, "-o", str(target), *files], check=True)


def exported(library: Path) -> set[str]:
    """The names that a program or a library exports."""
    assert NM
    command = [NM, "--defined-only", "--extern-only", "--just-symbol-name", str(library)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return set(done.stdout.split()) - {"__mh_execute_header"}
