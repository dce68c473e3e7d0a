"""Removes the files of a model; its manifest stays, so that it can be downloaded again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from koe.errors import ModelError
from koe.models import lock, paths, storage
from koe.models import manifest as manifests


def remove_files(root: Path, path: str) -> int:
    """Remove the files of a manifest, also unfinished ones, and the checksum cache.

    Nothing else is touched. All names are checked before the first file is removed.

    Args:
        root: The models directory.
        path: The model.

    Returns:
        How many files were removed.

    Raises:
        ModelError: There is no manifest, a name or a place is not safe, the model is being
            downloaded, or a file cannot be removed; the files before it are removed then.
    """
    directory = paths.writable_directory(root, path)
    manifest = manifests.load(directory)
    with lock.exclusive(directory):
        try:
            targets = [paths.target(directory, file.name) for file in manifest.files]
            parts = [paths.contained(directory, paths.part_path(target)) for target in targets]
            removed = 0
            for target, part in zip(targets, parts, strict=True):
                removed += storage.remove_file(part) + storage.remove_file(target)
                _remove_empty_parents(target, directory)
            return removed + storage.remove_file(directory / paths.CHECKSUMS_NAME)
        except OSError as exc:
            raise ModelError(f"{exc.filename} cannot be removed: {exc.strerror}") from exc


def _remove_empty_parents(target: Path, directory: Path) -> None:
    for parent in target.relative_to(directory).parents:
        if parent.parts:
            with suppress(OSError):  # it is not empty, or does not exist
                (directory / parent).rmdir()
