"""The list of the files in ``koe-runtime``, which ``native/bundle.c`` checks at every start."""

from __future__ import annotations

from pathlib import Path

from koe import __version__

NAME = "manifest.txt"


def render(runtime: Path) -> str:
    """List a folder: the version, folders, files with their sizes in bytes, and an end mark."""
    lines = [f"koe-core {__version__}"]
    for path in sorted(runtime.rglob("*")):
        if path != runtime / NAME:
            size = "-" if path.is_dir() else path.stat().st_size
            lines.append(f"{size} {path.relative_to(runtime).as_posix()}")
    return "\n".join([*lines, "end", ""])


def write(runtime: Path) -> None:
    """Write the manifest into the folder."""
    (runtime / NAME).write_bytes(render(runtime).encode())
