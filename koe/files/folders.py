"""Makes folders private, and makes new names in them survive a power failure."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from koe.files.regular import is_link


def make_private(folder: Path) -> None:
    """Make a folder that is private to this user, or make an existing one private.

    Raises:
        OSError: It can't be created, is a link or not a folder, or belongs to another user.
    """
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    require_own(folder)
    # Windows has no such modes; there, the user's profile is private.
    if os.name == "posix" and stat.S_IMODE(folder.lstat().st_mode) & 0o077:
        folder.chmod(0o700)


def require_own(folder: Path) -> None:
    """Refuse a folder that is a link or belongs to another user: it could lead files elsewhere.

    Raises:
        OSError: It is missing, is a link or not a folder, or belongs to another user.
    """
    status = folder.lstat()
    if is_link(status):
        raise OSError(errno.ELOOP, "it is a link, which koe does not follow", str(folder))
    if not stat.S_ISDIR(status.st_mode):
        raise OSError(errno.ENOTDIR, "it is no folder; move that file away", str(folder))
    if sys.platform != "win32" and status.st_uid != os.geteuid():
        raise OSError(errno.EPERM, "it belongs to another user", str(folder))


def sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a power failure, where folders can be synced."""
    if os.name != "posix":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
