"""One program at a time changes the files of a model.

Two downloads that write the same unfinished file would spoil it for both. The lock is on the
manifest, which every model has, so nothing is left behind; the system lets go of it when the
process ends, however it ends.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from koe.diagnostics import report
from koe.errors import ManifestError, ModelError
from koe.files.lock import try_lock
from koe.models import storage
from koe.models.paths import MANIFEST_NAME


@contextmanager
def exclusive(directory: Path) -> Iterator[None]:
    """Keep other downloads and removals away from a model, in this process and in others.

    Where the file system has no locks, that is reported, and other processes are not kept away.

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
            if not try_lock(descriptor):
                what = "is being downloaded or removed already; wait for that, or cancel it"
                raise ModelError(f"{directory} {what}")
        except OSError as exc:
            report(f"{directory} cannot be locked: {exc.strerror}")
        yield
    finally:
        os.close(descriptor)  # which also unlocks
