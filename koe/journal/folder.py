"""The paths of the journal's files, and how a file is created.

A file is ``journal/<month>/<ID>.koej``; an ID consists of the time (UTC), the process and a number.
Everything blocks.
"""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from time import sleep

from koe.errors import JournalError
from koe.files import folders
from koe.files.lock import try_lock
from koe.files.regular import SAFE_OPEN_FLAGS, is_regular

JOURNAL_NAME = "journal"
SUFFIX = ".koej"

_ID = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-[0-9]{1,10}-[0-9]{1,10}")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")

_CREATE = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | SAFE_OPEN_FLAGS

# A process that checks whether a file is being written holds its lock for microseconds.
_LOCK_ATTEMPTS = 20
_LOCK_PAUSE_S = 0.005

_numbers = count(1)


def journal_directory(config_directory: Path) -> Path:
    """Return the journal's folder, given the configuration's folder."""
    return config_directory / JOURNAL_NAME


def new_id(moment: datetime) -> str:
    """Return a new ID; later IDs of a process sort behind earlier ones.

    Args:
        moment: When the session began, in UTC.
    """
    time = to_milliseconds(moment).replace("-", "").replace(":", "")
    return f"{time}-{os.getpid()}-{next(_numbers):04}"


def to_milliseconds(moment: datetime) -> str:
    """Return a time, in UTC, in ISO 8601 with milliseconds; much quicker than strftime."""
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"


def path_of(directory: Path, entry_id: str) -> Path:
    """Return the path of an entry's file, which need not exist.

    Args:
        directory: The journal's folder.
        entry_id: The entry's ID.

    Raises:
        JournalError: It is no ID.
    """
    if not _ID.fullmatch(entry_id):
        raise JournalError(repr(entry_id), "this is no ID of a recording; `koe history` lists them")
    return directory / f"{entry_id[:4]}-{entry_id[4:6]}" / f"{entry_id}{SUFFIX}"


def files(directory: Path) -> list[Path]:
    """Return the journal's files, oldest first; other files are ignored.

    Raises:
        OSError: The folder is a link, belongs to another user, or cannot be read.
    """
    try:
        folders.require_own(directory)
        months = sorted(month for month in directory.iterdir() if _MONTH.fullmatch(month.name))
    except FileNotFoundError:
        return []
    return [path for month in months for path in _files_of(month)]


def create(path: Path) -> int:
    """Create a file with its folders, private to the user, and lock it.

    Args:
        path: From `path_of`.

    Returns:
        Its descriptor, open for appending; closing it unlocks the file.

    Raises:
        OSError: It exists, or it can't be created or locked, or a folder is a link or belongs to
            another user.
    """
    month = path.parent
    month.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folders.make_private(month.parent)
    folders.make_private(month)
    descriptor = os.open(path, _CREATE, 0o600)
    try:
        _lock(descriptor, path)
    except BaseException:
        os.close(descriptor)
        with suppress(OSError):
            path.unlink()
        raise
    return descriptor


def _files_of(month: Path) -> list[Path]:
    try:
        folders.require_own(month)
        return sorted(path for path in month.iterdir() if _is_ours(path))
    except OSError:
        return []


def _is_ours(path: Path) -> bool:
    if path.suffix != SUFFIX or not _ID.fullmatch(path.stem):
        return False
    try:
        return is_regular(path.lstat())
    except OSError:  # it was removed meanwhile
        return False


def _lock(descriptor: int, path: Path) -> None:
    for _ in range(_LOCK_ATTEMPTS):
        if try_lock(descriptor):
            return
        sleep(_LOCK_PAUSE_S)
    raise OSError(errno.EAGAIN, "another program holds its lock", str(path))
