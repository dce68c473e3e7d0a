"""Changing a file that other programs change too: read, change, compare, replace.

Koe's own writers wait for each other (`koe.config.write.locked`). An editor waits for nothing, and
many empty a file before they write it: who reads in between sees an empty file, or half of one.
So a file that was written a moment ago is read when it has come to rest, and what changed before
it is replaced is read again.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from koe.config.read import LARGEST_FILE_BYTES, read_bytes
from koe.config.write import PATIENCE_S, Stamp, locked, stamp_of, write_private
from koe.errors import ConfigError

# How long a file that is written in pieces may rest between them; an empty one is being written.
_REST_NS = 100_000_000
_REST_IF_EMPTY_NS = 2_000_000_000
_POLL_S = 0.005

# No program saves a file so often while one change is made to it.
_MOST_ATTEMPTS = 20


def rewrite(path: Path, change: Callable[[bytes | None], bytes]) -> None:
    """Replace a file by what ``change`` makes of it; nothing is written when that is the same.

    Args:
        path: The file; its folder must exist.
        change: Gets what the file contains, None when there is no file. It is called again when
            another program has changed the file meanwhile.

    Raises:
        ConfigError: ``change`` raised it, or the file can't be read or written, or another program
            does not stop writing it. It is as it was.
    """
    with locked(path) as lock:
        present = content = _at_rest(lambda: _look(path), path, _noted(lock))
        for _ in range(_MOST_ATTEMPTS):
            try:
                changed = change(content)
            except ConfigError:
                if _look(path)[0] == present:
                    raise
                present = content = _at_rest(lambda: _look(path), path)
                continue
            if changed == (present or b""):
                return
            with _opened(path) as former:
                written = _replace(path, present, changed)
                if written is None:
                    present = content = _at_rest(lambda: _look(path), path)
                elif former is None or _read(former)[0] == present:
                    _note(lock, written)
                    return
                else:  # a program had opened it before, and goes on to write it
                    present, content = changed, _at_rest(lambda: _read(former), path)
        raise _busy(path)


def _replace(path: Path, present: bytes | None, changed: bytes) -> Stamp | None:
    return write_private(path, changed, unless=lambda: _look(path)[0] != present)


def _at_rest(
    look: Callable[[], tuple[bytes | None, Stamp]], path: Path, ours: Stamp | None = None
) -> bytes | None:
    """What a file contains once no program is writing it.

    Args:
        look: Gives what it contains now, and its stamp.
        path: The file, for messages.
        ours: Of the file that koe wrote last, which is whole.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        content, stamp = look()
        rest = _REST_NS if content and content.strip() else _REST_IF_EMPTY_NS
        # A time to come is one of another clock, and says nothing.
        is_young = 0 <= time.time_ns() - stamp[0] < rest
        if content is None or stamp == ours or not is_young:
            return content
        if time.monotonic() >= deadline:
            raise _busy(path)
        time.sleep(_POLL_S)


def _busy(path: Path) -> ConfigError:
    return ConfigError(str(path), "cannot be changed now: another program is writing it; try again")


# --- looking -----------------------------------------------------------------------------


def _look(path: Path) -> tuple[bytes | None, Stamp]:
    """What a file contains, None when there is none, and what it was stamped with before."""
    try:
        stamp = stamp_of(path.stat())
        return read_bytes(path), stamp
    except FileNotFoundError:
        return None, (0, 0, 0)
    except (OSError, ValueError):
        return read_bytes(path), (0, 0, 0)  # which says what is wrong


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    """The file that is there now, to be read when another one has taken its name.

    None where there is none, and on Windows, where an open file can't be replaced.
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


def _read(descriptor: int) -> tuple[bytes | None, Stamp]:
    stamp = stamp_of(os.fstat(descriptor))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, LARGEST_FILE_BYTES + 1), stamp


# --- what koe wrote last -----------------------------------------------------------------

# It stands in the lock file, so that processes that follow each other need not wait.


def _noted(lock: int) -> Stamp | None:
    os.lseek(lock, 0, os.SEEK_SET)
    try:
        modified, size, inode = map(int, os.read(lock, 100).split())
    except (OSError, ValueError):  # it is new, or damaged
        return None
    return modified, size, inode


def _note(lock: int, stamp: Stamp) -> None:
    with contextlib.suppress(OSError):  # the next change waits a moment, which is all
        os.ftruncate(lock, 0)
        os.lseek(lock, 0, os.SEEK_SET)
        os.write(lock, " ".join(map(str, stamp)).encode())
