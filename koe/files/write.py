"""Writes the user's files: one writer at a time, private, and atomically.

`koe.files.whole` replaces the files (spec config §§1.6-1.8).
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from koe.errors import ConfigError
from koe.files.lock import try_lock
from koe.files.read import Stamp, busy, lock_of, stamp_of
from koe.files.whole import remove_drafts, write_whole

PATIENCE_S = 5.0  # seconds; a writer holds the lock for milliseconds, unless its disk hangs
_LONGEST_WAIT_S = 30.0  # if there are other writers all the time
_POLL_S = 0.005

# Errors of file systems without locks, such as some network shares. koe writes there without a
# lock: conflicts between writers are rare, and otherwise no setting could be changed.
_NO_LOCKS = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.ENOSYS}

# Windows lacks the first, other systems lack the second; they are not needed there.
_NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_BINARY: int = getattr(os, "O_BINARY", 0)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[int]:
    """Keep other threads and processes of koe from changing ``path`` meanwhile.

    The lock file is beside ``path``. It is never deleted, because deleting it would let two writers
    in. The system releases the lock when the process dies. The lock is not re-entrant.

    Yields:
        The descriptor of the lock file.

    Raises:
        ConfigError: No other writer finished within 5 s, or the lock was not free within 30 s, or
            the lock file can't be created.
    """
    try:
        lock = os.open(lock_of(path), os.O_RDWR | os.O_CREAT | _NO_FOLLOW | _BINARY, 0o600)
    except (OSError, ValueError) as exc:
        raise _error(path, exc) from exc
    try:
        _wait_for(lock, path)
        remove_drafts(Path(os.path.realpath(path)))
        yield lock
    finally:
        os.close(lock)


def _wait_for(lock: int, path: Path) -> None:
    began = last_write = time.monotonic()
    written: Stamp | None = None
    try:
        while not try_lock(lock):
            now, stamp = time.monotonic(), _stamp(path)
            if stamp != written:  # several writers on a busy computer: the lock has no queue
                last_write, written = now, stamp
            if now - last_write >= PATIENCE_S or now - began >= _LONGEST_WAIT_S:
                raise busy(path)
            time.sleep(_POLL_S)
    except OSError as exc:
        if exc.errno not in _NO_LOCKS:
            raise _error(path, exc) from exc


def _stamp(path: Path) -> Stamp | None:
    try:
        return stamp_of(path.stat())
    except FileNotFoundError:
        return None


def write_private(
    path: Path, content: bytes, unless: Callable[[], bool] | None = None
) -> Stamp | None:
    """Replace the content of a file, or create the file, readable only by the user.

    A symlink stays, and the file that it leads to is replaced. The folder must exist.

    Args:
        path: The file.
        content: The new content.
        unless: Called at the last moment; if it returns True, the file is not changed.

    Returns:
        The stamp of the new file; None if the file was not changed.

    Raises:
        ConfigError: It can't be written. The old file is intact, and no temporary file is left.
    """
    try:
        # A new file, so that it is private from its first byte, regardless of the old one's mode.
        status = write_whole(_target(path), content, 0o600, unless)
    except (OSError, ValueError) as exc:
        raise _error(path, exc) from exc
    return None if status is None else stamp_of(status)


def _target(path: Path) -> Path:
    """Return the path to which the links of ``path`` lead; it need not exist."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():  # what realpath() gives for links in a circle
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if target.is_dir():
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
    return target


def _error(path: Path, exc: OSError | ValueError) -> ConfigError:
    cause = exc.strerror if isinstance(exc, OSError) else "no file can have this name"
    return ConfigError(str(path), f"cannot be written: {cause}; it stays as it was")
