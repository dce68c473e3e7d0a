"""Compares the files of a model with its manifest (spec models §5)."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from enum import IntEnum, StrEnum
from pathlib import Path

from koe.diagnostics import report
from koe.errors import ManifestError, ModelError, ModelPathError
from koe.models import manifest as manifests
from koe.models import paths, storage
from koe.models.checksums import Checksums, modified_seconds
from koe.models.manifest import Manifest, ModelFile


class VerifyMode(IntEnum):
    """How thoroughly to verify; the values are those of the C contract."""

    NORMAL = 0  # compute what the cache does not know
    CACHE_ONLY = 1  # never compute: quick, for a list
    FORCE = 2  # compute everything anew


class Status(IntEnum):
    """How complete a model is; the values are those of the C contract."""

    NOT_INSTALLED = 0  # no manifest, or no file passes
    INCOMPLETE = 1  # some files pass
    INSTALLED = 2  # all files pass, or there are none


class Verdict(StrEnum):
    """The result for one file, as a clause for people."""

    VALID = "ok"
    UNSAFE = "its name or place is not safe"
    MISSING = "it is missing"
    WRONG_SIZE = "its size is wrong"
    NOT_COMPUTED = "its checksum was not computed yet"
    UNREADABLE = "it cannot be read"
    WRONG_CHECKSUM = "its checksum is wrong"


def model_status(root: Path, path: str, mode: VerifyMode) -> Status:
    """Return how complete a model is. Blocks: a gigabyte takes seconds to hash.

    Args:
        root: The models directory.
        path: The model.
        mode: How thoroughly to verify.
    """
    try:
        directory = paths.existing_directory(root, path)
        manifest = manifests.load(directory)
    except ManifestError:
        return Status.NOT_INSTALLED
    except ModelPathError as exc:
        report(f"{exc}; the model counts as not installed")
        return Status.NOT_INSTALLED
    return summarise(examine(directory, manifest, mode))


def summarise(verdicts: Iterable[Verdict]) -> Status:
    """Return the status of a model whose files have these verdicts."""
    found = list(verdicts)
    valid = found.count(Verdict.VALID)
    if valid == len(found):
        return Status.INSTALLED
    return Status.INCOMPLETE if valid else Status.NOT_INSTALLED


def examine(directory: Path, manifest: Manifest, mode: VerifyMode) -> list[Verdict]:
    """Verify every file of a model; computed checksums are kept in the cache.

    Args:
        directory: From `koe.models.paths.existing_directory`.
        manifest: The directory's manifest.
        mode: How thoroughly to verify.

    Returns:
        One verdict for each file, in the manifest's order.
    """
    checksums = Checksums(directory, is_fresh=mode is VerifyMode.FORCE)
    verdicts = [_judge(directory, file, checksums, mode) for file in manifest.files]
    checksums.save()
    return verdicts


def _judge(directory: Path, file: ModelFile, checksums: Checksums, mode: VerifyMode) -> Verdict:
    try:
        path = paths.target(directory, file.name)
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            return Verdict.MISSING
        if file.size_bytes and status.st_size != file.size_bytes:
            return Verdict.WRONG_SIZE
        if not file.sha256:
            return Verdict.VALID
        modified = modified_seconds(status)
        sha256 = checksums.find(file.name, modified)
        if sha256 is None:
            if mode is VerifyMode.CACHE_ONLY:
                return Verdict.NOT_COMPUTED
            sha256 = storage.sha256_of(path)
            checksums.remember(file.name, modified, sha256)
    except (FileNotFoundError, NotADirectoryError):
        return Verdict.MISSING
    except ModelError:
        return Verdict.UNSAFE
    except OSError:
        return Verdict.UNREADABLE
    return Verdict.VALID if sha256 == file.sha256 else Verdict.WRONG_CHECKSUM
