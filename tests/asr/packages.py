"""Compiles ``packages.c``, which has the functions of the Swift packages."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("packages.c")


def compile_packages(folder: Path) -> Path:
    """Make a library of them."""
    library = folder / "packages.so"
    compiler = shlex.split(os.environ.get("CC", "cc"))
    flags = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
    command = [*compiler, *flags, str(SOURCE), "-lpthread", "-o", str(library)]
    subprocess.run(command, check=True)
    return library
