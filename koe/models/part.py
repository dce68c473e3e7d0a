"""A file while it is being fetched.

It lies beside its final place, as ``NAME.part``, and stays there when a download ends early, so
that the next one can continue. Its checksum is computed as it grows.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Self

from koe.files import regular
from koe.models import storage

_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | regular.SAFE_OPEN_FLAGS


class PartFile:
    """An open, unfinished file. Used on one event loop only.

    Every operation raises OSError if the disk fails.

    Attributes:
        length: The number of bytes in it.

    Args:
        path: Where it is, or will be; missing directories are created.

    Raises:
        ModelPathError: Something other than a regular file has this name.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._descriptor = os.open(path, _CREATE, 0o666)
        except FileExistsError:
            self._descriptor = _open_or_replace(path)
        self.length = os.fstat(self._descriptor).st_size
        # The checksum of the first `_hashed` bytes.
        self._digest = hashlib.sha256()
        self._hashed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def sha256(self) -> str:
        """Return the checksum of the whole file; read what was not hashed yet."""
        os.lseek(self._descriptor, self._hashed, os.SEEK_SET)
        while self._hashed < self.length:
            block = os.read(self._descriptor, storage.BLOCK_BYTES)
            if not block:
                raise OSError(None, "another program has made the file shorter", str(self._path))
            self._digest.update(block)
            self._hashed += len(block)
            await asyncio.sleep(0)  # so that other downloads proceed and a cancel takes effect
        return self._digest.hexdigest()

    def append(self, data: bytes) -> None:
        """Write the next bytes."""
        os.lseek(self._descriptor, self.length, os.SEEK_SET)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        if self._hashed == self.length:
            self._digest.update(data)
            self._hashed += len(data)
        self.length += len(data)

    def clear(self) -> None:
        """Empty the file."""
        os.ftruncate(self._descriptor, 0)
        self.length = self._hashed = 0
        self._digest = hashlib.sha256()

    async def publish(self, target: Path) -> None:
        """Move the whole file to its final place, and close it."""
        # A descriptor of its own, because fsync may still run after a cancel.
        synced = os.dup(self._descriptor)
        await asyncio.get_running_loop().run_in_executor(None, _sync_and_close, synced)
        os.close(self._descriptor)
        self._descriptor = -1
        self._path.replace(target)

    def close(self) -> None:
        """Close the file, which the next download can continue; remove it if it is empty."""
        if self._descriptor < 0:
            return
        os.close(self._descriptor)
        self._descriptor = -1
        if not self.length:
            with suppress(OSError):
                self._path.unlink()


def _open_or_replace(path: Path) -> int:
    """Open the existing file. If it has a second hard link, create a new, empty file instead.

    Otherwise the download would change the content that the other link shows.
    """
    descriptor = storage.open_regular(path, os.O_RDWR)
    if os.fstat(descriptor).st_nlink <= 1:
        return descriptor
    os.close(descriptor)
    path.unlink()
    return os.open(path, _CREATE, 0o666)


def _sync_and_close(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
