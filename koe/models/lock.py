"""One program at a time changes the files of a model.

Two downloads that write the same unfinished file would spoil it for both. The lock is on the
manifest, which every model has, so nothing is left behind; the system lets go of it when the
process ends, however it ends.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from koe.diagnostics import report
from koe.errors import ManifestError, ModelError
from koe.models import storage
from koe.models.paths import MANIFEST_NAME

if sys.platform == "win32":
    import msvcrt

    # Far behind the end of any manifest: Windows keeps others from reading what is locked.
    _LOCKED_BYTE = 0x7FFF_FFFF

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_HELD_BY_ANOTHER = frozenset((errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK))


@contextmanager
def exclusive(directory: Path) -> Iterator[None]:
    """Keep other downloads and removals away from a model, in this process and in others.

    Where the file system knows no locks, that is told, and nobody is kept away.

    Args:
        directory: The model's, with its manifest.

    Raises:
        ManifestError: The manifest cannot be opened.
        ModelError: Another one is at work there.
    """
    try:
        descriptor = storage.open_regular(directory / MANIFEST_NAME)
    except OSError as exc:
        raise ManifestError(f"manifest not found in {directory}: {exc.strerror}") from exc
    try:
        try:
            _lock(descriptor)
        except OSError as exc:
            if exc.errno in _HELD_BY_ANOTHER:
                what = "is being downloaded or removed already; wait for that, or cancel it"
                raise ModelError(f"{directory} {what}") from exc
            report(f"{directory} cannot be locked: {exc.strerror}")
        yield
    finally:
        os.close(descriptor)  # which also unlocks
