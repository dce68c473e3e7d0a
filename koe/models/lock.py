"""One program at a time changes the files of a model.

Two downloads to the same unfinished file would damage it. The lock is on the manifest, which every
model has, so no lock file is needed; the system releases it when the process ends or crashes.
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

    If the file system has no locks, that is reported, and other processes are not excluded.

    Args:
        directory: The model's directory, with its manifest.

    Raises:
        ManifestError: The manifest cannot be opened.
        ModelError: Another download or removal is changing the model.
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
            reason = f"{directory} cannot be locked: {exc.strerror}"
            report(f"{reason}; let no other program download or remove this model meanwhile")
        yield
    finally:
        os.close(descriptor)  # which also unlocks
