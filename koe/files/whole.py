"""Writes files as a whole: a reader gets the old content or the new one.

The new content is written to a file beside the old one, synced, and then gets its name, so that a
crash leaves one of the two. Everything blocks.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from koe.files.folders import sync_folder
from koe.files.regular import SAFE_OPEN_FLAGS

# Windows refuses to replace a file while another program reads it.
_ATTEMPTS = 20 if sys.platform == "win32" else 1
_PAUSE = 0.005


class _UnwantedError(Exception):
    """The file is not to be changed."""


@contextmanager
def replacing(target: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Replace the content of a file, or create the file. The folder must exist.

    Args:
        target: The file itself, not a link to it.
        mode: The permissions from the first byte on, reduced by the umask.

    Yields:
        What to write to. At the end of the block it becomes the file, unless the block raises.

    Raises:
        OSError: It can't be written. The old file is intact, and no temporary file is left.
        ValueError: No file can have this name.
    """
    draft = target.with_name(f".{target.name}.{os.urandom(8).hex()}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | SAFE_OPEN_FLAGS, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        _replace(draft, target)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    sync_folder(target.parent)


def write_whole(
    target: Path,
    content: bytes,
    mode: int = 0o666,
    unless: Callable[[], bool] | None = None,
) -> os.stat_result | None:
    """Write all of a file, as `replacing` does, with its arguments and errors.

    Args:
        target: The file itself, not a link to it.
        content: All of it.
        mode: The permissions from the first byte on, reduced by the umask.
        unless: Called at the last moment; if it returns True, the file is not changed.

    Returns:
        The status of the new file; None if the file was not changed.
    """
    try:
        with replacing(target, mode) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # takes long, so it is done before `unless` is called
            status = os.fstat(file.fileno())
            if unless is not None and unless():
                raise _UnwantedError
    except _UnwantedError:
        return None
    return status


def remove_drafts(target: Path) -> None:
    """Remove temporary files that crashed writers left beside a file, since they may have keys."""
    with suppress(OSError):
        for beside in target.parent.iterdir():
            if beside.name.startswith(f".{target.name}.") and beside.suffix == ".tmp":
                beside.unlink()


def _replace(draft: Path, target: Path) -> None:
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            draft.replace(target)
            return
        except PermissionError:
            if not attempts_left:
                raise
            time.sleep(_PAUSE)
