"""The list of what is in ``koe-runtime``, which ``native/bundle.c`` checks at every start."""

from __future__ import annotations

from pathlib import Path

from koe import __version__

NAME = "manifest.txt"


def render(runtime: Path) -> str:
    """List a folder: its version, its folders and files with their sizes in bytes, and the end."""
    lines = [f"koe-core {__version__}"]
    for path in sorted(runtime.rglob("*")):
        if path != runtime / NAME:
            size = "-" if path.is_dir() else path.stat().st_size
            lines.append(f"{size} {path.relative_to(runtime).as_posix()}")
    return "\n".join([*lines, "end", ""])


def write(runtime: Path) -> None:
    """Write the list into the folder."""
    (runtime / NAME).write_bytes(render(runtime).encode())
