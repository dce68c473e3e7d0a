"""Downloads one file of a model and checks it.

The content goes into a part file, which gets its final name only if it matches the manifest
(spec models §7.3). After an interruption, the next try continues there.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from koe.errors import DownloadError, IntegrityError, ModelError, UnusableRangeError
from koe.models import paths, storage
from koe.models.download import Body, Fetcher, TimeLimits
from koe.models.manifest import ModelFile
from koe.models.part import PartFile

# The most bytes of a file whose size is not known (spec models §7.3).
_LIMIT_OF_UNKNOWN = 8 * 1024**3

_DISK_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))

# After this many new bytes, the pauses between the tries begin anew. Without such a minimum, a
# server that stops after every byte would be asked without end.
_LEAST_PROGRESS_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of a file has been fetched.

    Attributes:
        index: The file's place in the manifest, from 0.
        count: How many files the manifest has.
        name: As the manifest has it.
        bytes_there: The number of bytes, including those of an earlier download; it shrinks if the
            file is begun again.
        total_bytes: As the manifest has it; 0 when unknown.
        already_exists: The file existed before, and nothing is fetched.
    """

    index: int
    count: int
    name: str
    bytes_there: int
    total_bytes: int
    already_exists: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """A download broke off, and is tried again.

    Attributes:
        name: As the manifest has it.
        error: What happened.
        pause: Seconds until the next try.
    """

    name: str
    error: ModelError
    pause: float


Tell = Callable[[Progress | Retry], None]


class Transfer:
    """Downloads one file.

    Args:
        file: The file.
        directory: The model's directory, from `koe.models.paths`.
        place: Its index in the manifest, and how many files there are.
        tell: Called on the loop's thread; `run` raises its exceptions.
    """

    def __init__(
        self, file: ModelFile, directory: Path, place: tuple[int, int], tell: Tell
    ) -> None:
        self._file = file
        self._directory = directory
        self._place = place
        self._tell = tell
        # The length of the part file when the pauses began last.
        self._best = 0
        # The validator of the version of the file that the server sent last.
        self._validator: str | None = None
        # The part file may have bytes of more than one version of the file.
        self._is_mixed = False
        # True while `tell` is called: an OSError that it raises is not an error of the disk.
        self._is_telling = False

    async def run(self, fetcher: Fetcher, patience: TimeLimits) -> os.stat_result:
        """Download the file, unless it exists.

        Returns:
            The status of the file. Its checksum was verified, if the manifest has one.

        Raises:
            ModelError: It cannot be fetched or written, or differs from the manifest.
        """
        try:
            target = paths.target(self._directory, self._file.name)
            if await self._is_there(target):
                return target.lstat()
            part_path = paths.contained(self._directory, paths.part_path(target))
            with PartFile(part_path) as part:
                await self._fill(part, fetcher, patience)
                # A link may have been put into the path since the first check.
                paths.target(self._directory, self._file.name)
                await part.publish(target)
            return target.lstat()
        except OSError as exc:
            if self._is_telling:
                raise
            raise self._storage_error(exc) from exc

    async def _is_there(self, target: Path) -> bool:
        """Return whether the file exists as it should; remove one with a wrong checksum."""
        size = self._size_of(target)
        if size is None or self._file.size_bytes not in (0, size):
            return False
        if self._file.sha256:
            digest = hashlib.sha256()
            try:
                for block in storage.read_blocks(target):
                    digest.update(block)
                    await asyncio.sleep(0)
            except OSError:
                return False
            if digest.hexdigest() != self._file.sha256:
                storage.remove_file(target)
                return False
        self._report(size, already_exists=True)
        return True

    def _size_of(self, target: Path) -> int | None:
        """Return the size of the existing file; None: there is none."""
        try:
            status = target.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(status.st_mode):
            what = f"{target} exists and is not a regular file; remove or rename it"
            raise DownloadError(self._file.name, what)
        return status.st_size

    async def _fill(self, part: PartFile, fetcher: Fetcher, patience: TimeLimits) -> None:
        """Fetch until the part file matches the manifest."""
        if not self._file.sha256:
            part.clear()  # nothing shows whether an earlier piece is of the same version
        self._is_mixed = part.length > 0
        self._best = part.length
        pauses = iter(patience.pauses)
        while True:
            try:
                if not self._is_complete(part):
                    await self._receive(part, fetcher)
                await self._check(part)
                return
            except ModelError as exc:
                if not self._may_retry(exc):
                    raise
                if part.length >= self._best + _LEAST_PROGRESS_BYTES:
                    self._best = part.length
                    pauses = iter(patience.pauses)
                pause = next(pauses, None)
                if pause is None:
                    raise
                self._notify(Retry(self._file.name, exc, pause))
                await asyncio.sleep(pause)

    def _may_retry(self, exc: ModelError) -> bool:
        if isinstance(exc, UnusableRangeError):
            return True
        if isinstance(exc, IntegrityError):
            # If the part file mixed two versions, another try may succeed.
            was_mixed, self._is_mixed = self._is_mixed, False
            return was_mixed
        return isinstance(exc, DownloadError) and exc.is_temporary

    def _is_complete(self, part: PartFile) -> bool:
        """Return whether the part file already has all bytes; empty it if it has too many.

        An earlier download may have been stopped between the last byte and the check.
        """
        if part.length > self._limit:
            part.clear()
        if not 0 < part.length == self._file.size_bytes:
            return False
        self._report(part.length)
        return True

    async def _receive(self, part: PartFile, fetcher: Fetcher) -> None:
        """Fetch the missing bytes.

        Raises:
            UnusableRangeError: The server does not send the rest; the part file is empty now.
        """
        file = self._file
        if part.length and not file.sha256 and self._validator is None:
            part.clear()
        try:
            async with fetcher.fetch(file.name, file.url, part.length, self._validator) as body:
                await self._append(part, body)
        except UnusableRangeError:
            # A file of unknown size may be complete.
            if not file.sha256 or await part.sha256() != file.sha256:
                part.clear()
                raise

    async def _append(self, part: PartFile, body: Body) -> None:
        file = self._file
        if body.total_bytes is not None and file.size_bytes not in (0, body.total_bytes):
            self._is_mixed = False  # the manifest describes another version
            raise IntegrityError("size", file.name, file.size_bytes, body.total_bytes)
        if body.start:
            self._is_mixed |= self._validator is None
            self._report(part.length)
        else:
            part.clear()
            self._is_mixed = False
        self._validator = body.validator
        async with aclosing(body.chunks()) as chunks:
            async for chunk in chunks:
                count = part.length + len(chunk)
                if count > self._limit:
                    part.clear()
                    what = f"received {count} bytes, exceeds limit of {self._limit} bytes"
                    raise DownloadError(file.name, what)
                part.append(chunk)
                self._report(part.length)
        if part.length < file.size_bytes:
            what = f"the connection ended after {part.length} of {file.size_bytes} bytes"
            raise DownloadError(file.name, what, is_temporary=True)

    async def _check(self, part: PartFile) -> None:
        """Compare the checksum with the manifest; the size was compared before.

        Raises:
            IntegrityError: It differs, and the part file is empty now.
        """
        if not self._file.sha256:
            return
        sha256 = await part.sha256()
        if sha256 != self._file.sha256:
            part.clear()
            raise IntegrityError("sha256", self._file.name, self._file.sha256, sha256)

    def _storage_error(self, exc: OSError) -> DownloadError:
        remedy = "; free some space and try again: the download continues where it stopped"
        what = f"{exc.filename or self._directory} cannot be written: {exc.strerror or exc}"
        return DownloadError(self._file.name, what + (remedy if exc.errno in _DISK_FULL else ""))

    @property
    def _limit(self) -> int:
        return self._file.size_bytes or _LIMIT_OF_UNKNOWN

    def _report(self, bytes_there: int, already_exists: bool = False) -> None:
        index, count = self._place
        file = self._file
        size = file.size_bytes
        self._notify(Progress(index, count, file.name, bytes_there, size, already_exists))

    def _notify(self, notice: Progress | Retry) -> None:
        self._is_telling = True
        self._tell(notice)
        self._is_telling = False
