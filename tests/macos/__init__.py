"""What can be tried of a library and an application for macOS on another system."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "frontends" / "macos"

# LLVM's linker for macOS, under the names that it has on Debian and elsewhere.
LINKER = next(filter(None, map(shutil.which, ("ld64.lld", "ld64.lld-14", "ld64.lld-19"))), None)
NM = next(filter(None, map(shutil.which, ("llvm-nm", "llvm-nm-14", "llvm-nm-19"))), None)

# By what Apple calls an architecture, what everybody else does.
ARCHITECTURES = {"arm64": "aarch64", "x86_64": "x86_64"}
OLDEST = "11.0"


# What linkers put into what they make.
_OF_LINKERS = {"__mh_execute_header", "__mh_dylib_header", "___dso_handle"}


def zig_folder() -> Path | None:
    """The compiler, which brings macOS's headers and the list of what its libraries have."""
    found = find_spec("ziglang")
    return Path(found.origin).parent if found and found.origin else None


def link(architecture: str, objects: list[Path], target: Path, *flags: str) -> None:
    """Link with LLVM's linker, as Xcode's does it in a Release build: without dead code.

    Raises:
        subprocess.CalledProcessError: It can't be linked.
    """
    zig = zig_folder()
    assert zig
    assert LINKER
    names = (zig / "lib" / "libc" / "darwin" / "libSystem.tbd").read_text(encoding="utf-8")
    system = target.with_suffix(".tbd")  # without the processors that older linkers do not know
    system.write_text(re.sub(r"arm64e\.\w+", "arm64", names), encoding="utf-8")
    command = [LINKER, "-arch", architecture, "-platform_version", "macos", OLDEST, OLDEST]
    files = [str(path) for path in (*objects, system)]
    subprocess.run([*command, "-dead_strip", *flags, "-o", str(target), *files], check=True)


def exported(library: Path) -> set[str]:
    """The names that a program or a library exports."""
    assert NM
    command = [NM, "--defined-only", "--extern-only", "--just-symbol-name", str(library)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {name for name in done.stdout.split() if name not in _OF_LINKERS}
