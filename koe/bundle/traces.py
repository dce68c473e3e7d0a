"""Paths of this computer, which compiled code contains and a bundle must not reveal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from koe.errors import BundleError

# Folders of every system, which reveal nothing.
_COMMON = {Path(path) for path in ("/", "/usr", "/usr/local", "/opt", "/opt/local", "/tmp")}


def builders_paths(*more: Path) -> list[bytes]:
    """The folders of this computer whose names must not be in a bundle, longest names first.

    Args:
        more: Folders in addition to the home, the Pythons and the environment.
    """
    folders = [Path.home(), Path(sys.prefix), Path(sys.base_prefix), *more]
    both = {path for folder in folders for path in (folder.absolute(), folder.resolve())}
    names = {str(path) if len(path.parts) > 2 else f"{path}/" for path in both - _COMMON}
    return sorted((name.encode() for name in names), key=len, reverse=True)


def overwrite(path: Path, names: Iterable[bytes]) -> None:
    """Replace these names in compiled code by a neutral name of the same length.

    The last part of each name stays, because a linker merges two texts if one is the end of the
    other, such as a folder that is named after a version, and the version.
    """
    before = after = path.read_bytes()
    for name in names:
        above, _, last = name.rpartition(b"/")
        after = after.replace(name, b"/koe".ljust(len(above), b"/") + b"/" + last)
    if after != before:
        path.write_bytes(after)


def check(folder: Path, names: Iterable[bytes]) -> None:
    """Check every file.

    Raises:
        BundleError: A file contains such a path.
    """
    for path, name in find(folder, list(names)):
        raise BundleError(f"{path.relative_to(folder)} has a path of this computer in it: {name}")


def find(folder: Path, names: Iterable[bytes]) -> Iterator[tuple[Path, str]]:
    """The files that contain one of these names, each with the first name found."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and Path(path.readlink()).is_absolute():
            yield path, str(path.readlink())
        elif path.is_file():
            content = path.read_bytes()
            for name in names:
                if name in content:
                    yield path, name.decode()
                    break
