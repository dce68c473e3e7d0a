"""Downloads a whole model (spec models §7.2)."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from contextlib import suppress
from pathlib import Path

from koe.errors import ManifestError, ModelError
from koe.models import lock, paths
from koe.models import manifest as manifests
from koe.models.checksums import Checksums, modified_seconds
from koe.models.download import Fetcher, TimeLimits
from koe.models.manifest import Manifest, ModelFile
from koe.models.transfer import Tell, Transfer

_FILES_AT_ONCE = 4  # spec models §7.2
_SHA256_DIGITS = 64


async def pull(root: Path, path: str, tell: Tell, patience: TimeLimits | None = None) -> None:
    """Download the missing files of a model.

    The first file that fails ends the others. Finished files stay, and so do unfinished ones, which
    the next download continues. The same holds after a cancel.

    Args:
        root: The models directory.
        path: The model.
        tell: Called for every piece that is received and before every retry, on the loop's thread.
            If it raises, the download ends with that exception.
        patience: How long to wait for servers; None: the default limits.

    Raises:
        ModelError: The model is not complete; the sentence says why.
    """
    directory = paths.writable_directory(root, path)
    manifest = manifests.load(directory)
    if not manifest.files:
        return
    with lock.exclusive(directory):
        try:
            _require_usable(directory, manifest)
            _require_space(directory, manifest)
        except OSError as exc:
            raise ModelError(f"{exc.filename or directory}: {exc.strerror}") from exc
        await _transfer_all(directory, manifest, tell, patience or TimeLimits())


async def _transfer_all(
    directory: Path, manifest: Manifest, tell: Tell, patience: TimeLimits
) -> None:
    checksums = Checksums(directory)
    slots = asyncio.Semaphore(_FILES_AT_ONCE)

    async def transfer(index: int, file: ModelFile) -> None:
        async with slots:
            place = (index, len(manifest.files))
            written = await Transfer(file, directory, place, tell).run(fetcher, patience)
            if file.sha256:
                checksums.remember(file.name, modified_seconds(written), file.sha256)

    try:
        async with Fetcher(patience) as fetcher:
            tasks = []
            with suppress(ExceptionGroup):  # the errors of the tasks are raised below
                async with asyncio.TaskGroup() as group:
                    for index, file in enumerate(manifest.files):
                        tasks.append(group.create_task(transfer(index, file)))
    finally:
        checksums.save()
    for task in tasks:  # the first error in the manifest's order is raised
        if not task.cancelled():
            task.result()


def _require_usable(directory: Path, manifest: Manifest) -> None:
    """Raise before the download begins if its result could not be used."""
    targets = [paths.target(directory, file.name) for file in manifest.files]
    places = Counter(
        # Some disks do not distinguish capital and small letters.
        str(place).casefold()
        for target in targets
        for place in (target, paths.part_path(target))
    )
    for file, target in zip(manifest.files, targets, strict=True):
        if places[str(target).casefold()] > 1:
            raise ManifestError(f"the manifest has more than one file at '{file.name}'")
        if file.sha256 and not _is_sha256(file.sha256):
            what = f"the sha256 of '{file.name}' in the manifest is not 64 hexadecimal digits"
            raise ManifestError(f"{what}; correct it")


def _is_sha256(text: str) -> bool:
    return len(text) == _SHA256_DIGITS and not set(text) - set("0123456789abcdef")


def _require_space(directory: Path, manifest: Manifest) -> None:
    needed = sum(_missing_bytes(directory, file) for file in manifest.files)
    usage = shutil.disk_usage(directory)
    if usage.total and needed > usage.free:  # some network disks don't report it
        sizes = f"{needed / 1e6:.1f} MB are needed and {usage.free / 1e6:.1f} MB are free"
        raise ModelError(f"the disk of {directory} is too full: {sizes}; free some space")


def _missing_bytes(directory: Path, file: ModelFile) -> int:
    target = paths.target(directory, file.name)
    if _size(target) == file.size_bytes:
        return 0
    return max(0, file.size_bytes - _size(paths.part_path(target)))


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
