"""Changes files that other programs change, too: read, change, compare, replace.

koe's own writers wait for each other (`koe.files.write.locked`). Editors do not wait, and many
empty a file before they write it: a reader in between sees an empty file, or half of one. So a file
that was written a moment ago is read when it has not changed for a while. If it changes before it
is replaced, it is read again.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from koe.errors import ConfigError
from koe.files.read import (
    LARGEST_FILE_BYTES,
    Look,
    Stamp,
    at_rest,
    busy,
    note,
    read_bytes,
    read_whole,
    stamp_of,
)
from koe.files.write import PATIENCE_S, locked, write_private

# An empty file counts as being written until it has been empty for this long.
_REST_IF_EMPTY_NS = 2_000_000_000

# The most retries; no program saves a file more often during one change.
_MOST_ATTEMPTS = 20


def rewrite(path: Path, change: Callable[[bytes | None], bytes]) -> None:
    """Replace the content of a file by the result of ``change``; do nothing if that is the same.

    Args:
        path: The file; its folder must exist.
        change: Gets what the file contains, None when there is no file. It is called again when
            another program has changed the file meanwhile.

    Raises:
        ConfigError: ``change`` raised it, or the file can't be read or written, or another program
            does not stop writing it. The file is unchanged.
    """
    with locked(path) as lock:
        content = _whole(path)
        for _ in range(_MOST_ATTEMPTS):
            try:
                changed = change(content)
            except ConfigError:
                if _present(path) == content:
                    raise
                content = _whole(path)
                continue
            if changed == (content or b""):
                return
            with _opened(path) as former:
                stamp = _replace(path, content, changed)
                if stamp is None:
                    content = _whole(path)
                    continue
                note(lock, stamp)
                if former is None or _look(former).content == content:
                    return
                # A program had opened the file before, and is still writing to it.
                content = at_rest(
                    lambda: _look(former), path, PATIENCE_S, rest_if_empty_ns=_REST_IF_EMPTY_NS
                )
                if _replace(path, changed, content) is None:
                    content = _whole(path)
        raise busy(path)


def _whole(path: Path) -> bytes | None:
    """Return what the file contains once no program is writing it; None if there is no file."""
    try:
        return read_whole(path, PATIENCE_S, rest_if_empty_ns=_REST_IF_EMPTY_NS)
    except FileNotFoundError:
        return None


def _present(path: Path) -> bytes | None:
    """Return what the file contains now; None if there is no file."""
    try:
        return read_bytes(path)
    except FileNotFoundError:
        return None


def _replace(path: Path, present: bytes | None, changed: bytes) -> Stamp | None:
    """Replace the file, and return its stamp; return None if the file has changed meanwhile."""
    return write_private(path, changed, unless=lambda: _present(path) != present)


# --- the former file ---------------------------------------------------------------------


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    """Open the present file, so that it can be read after it was replaced.

    None if there is no file; and on Windows, where an open file can't be replaced.
    """
    if sys.platform == "win32":
        yield None
        return
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _look(descriptor: int) -> Look:
    os.lseek(descriptor, 0, os.SEEK_SET)
    content = os.read(descriptor, LARGEST_FILE_BYTES + 1)
    return Look(content, stamp_of(os.fstat(descriptor)))
