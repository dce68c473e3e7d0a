"""Compiles C programs against the library, and runs them in a home of their own.

With KOE_SANITIZE in the environment, the library and the programs are built with those
sanitizers, in a folder of their own.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from build_ffi import LIBRARY, library_name, link, to_linker

PROJECT = Path(__file__).parent.parent.parent
SOURCES = Path(__file__).parent
SANITIZE = os.environ.get("KOE_SANITIZE", "")
BUILD = PROJECT / "build" / (f"sanitize-{SANITIZE.replace(',', '-')}" if SANITIZE else "")
GENERATIONS = {1: "a", 2: "b", 3: "c"}

# A program that takes longer hangs; the slowest needs a twentieth of this, and its own watchdog,
# which says where it hung, comes first.
TIMEOUT = 320.0

FLAGS = [
    *shlex.split(os.environ.get("CC", "cc")),
    *["-std=c11", "-O1", "-g", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Werror"],
    # UBSan's own null checks make gcc see null formats where there are none.
    *([f"-fsanitize={SANITIZE}", "-Wno-format-truncation"] if SANITIZE else []),
]


def build_libraries() -> None:
    """Build all generations, unless `make lib` has and no sanitizer is asked for."""
    command = [sys.executable, str(PROJECT / "build_ffi.py"), "--out", str(BUILD)]
    if SANITIZE:
        command += ["--sanitize", SANITIZE]
    elif (BUILD / ".ready").exists():
        return
    subprocess.run(command, check=True, capture_output=True)


def library(abi: int) -> Path:
    """The folder of one generation's library."""
    return BUILD / f"abi-{GENERATIONS[abi]}" / "lib"


def library_file(abi: int) -> Path:
    """One generation's library itself."""
    return library(abi) / library_name(abi)


def copy_library(abi: int, folder: Path) -> Path:
    """Copy a library to where nothing else is; a program can be linked to it there too."""
    copied = Path(shutil.copy(library_file(abi), folder))
    link(folder / LIBRARY, copied.name)
    return copied


def sources_of(program: Path) -> list[str]:
    """The C files of a program, which is one file or a folder of them."""
    return [str(file) for file in sorted(program.glob("*.c"))] or [str(program)]


def compile_program(abi: int, source: Path, target: Path, *extra: str) -> Path:
    """Compile one program, a file or a folder of them, against one generation."""
    folder = library(abi)
    link = [f"-L{folder}", "-lkoe_core", *to_linker("-rpath", str(folder)), "-lpthread"]
    include = f"-I{folder.parent / 'include'}"
    command = [*FLAGS, include, *sources_of(source), *extra, *link, "-o", str(target)]
    subprocess.run(command, check=True)
    return target


def run(
    command: list[str | Path], home: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a program; its home is the given folder and nothing of ours is in its environment."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in {"PATH", "TMPDIR", "LANG"} or name.endswith("SAN_OPTIONS")
    }
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [str(part) for part in command],
        env={**kept, "HOME": str(home), **environment},
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        check=False,
    )
