"""Opens regular files, and refuses links and devices in their place. Everything blocks."""

from __future__ import annotations

import os
import stat
from pathlib import Path

# Flags for opening a file safely. Windows has only O_BINARY, which other systems lack.
SAFE_OPEN_FLAGS = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a pipe must not block
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)

_JUNCTION = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT: a directory link that is no symlink


def is_link(status: os.stat_result) -> bool:
    """Return whether ``lstat`` found a symlink, or a junction of Windows."""
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == _JUNCTION


def is_regular(status: os.stat_result) -> bool:
    """Return whether ``lstat`` found a regular file; a link to a regular file does not count."""
    return stat.S_ISREG(status.st_mode) and not is_link(status)


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int | None:
    """Open an existing regular file; the caller owns the descriptor.

    Returns:
        The descriptor; None: the path is a link, a directory or a device.

    Raises:
        OSError: It is missing or cannot be opened.
    """
    # Checked before opening, too, because opening some devices has an effect.
    if not is_regular(path.lstat()):
        return None
    descriptor = os.open(path, flags | SAFE_OPEN_FLAGS)
    try:
        if is_regular(os.fstat(descriptor)):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None
