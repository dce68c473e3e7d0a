"""Locks on open files. The system releases a lock when its process ends or crashes."""

from __future__ import annotations

import errno
import os
import sys

# Errors that mean that a lock is held; under Wine, the number is 0.
_HELD_BY_ANOTHER = frozenset((errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK, 0))

if sys.platform == "win32":
    import msvcrt

    # Far beyond the end of nearly any file, since other programs can't read a locked byte.
    _LOCKED_BYTE = 0x7FFF_FFFF

    def _lock(descriptor: int, *, shared: bool) -> None:
        # Windows has no shared locks. The position is restored, because it is the caller's.
        position = os.lseek(descriptor, 0, os.SEEK_CUR)
        try:
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, position, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int, *, shared: bool) -> None:
        # A lock of the open file, not of the process: threads exclude each other too.
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Lock a file until its descriptor is closed.

    Args:
        descriptor: The file, open for writing, or for reading if ``shared``.
        shared: Allow other shared locks, but no exclusive one. On Windows all locks are exclusive.

    Returns:
        False: a lock that excludes this one is held, in this process or in another.

    Raises:
        OSError: The file system has no locks.
    """
    try:
        _lock(descriptor, shared=shared)
    except OSError as exc:
        if exc.errno in _HELD_BY_ANOTHER:
            return False
        raise
    return True
