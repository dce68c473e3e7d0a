"""A pipe that can be read again from its beginning, for readers that seek."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable

# The most bytes that are kept in memory; more go into a temporary file.
_KEPT_BYTES = 16 * 1024 * 1024

_BLOCK_BYTES = 65_536

HEAD_BYTES = 12
"""The number of bytes at the beginning of a pipe that are passed to ``length_of``."""


class Pipe(io.RawIOBase):
    """Keeps the data that came. Reading waits for data that is still to come.

    Args:
        descriptor: The descriptor of the pipe; `close` closes it.
        length_of: Returns the whole length, given the beginning; None: it is known at the end only.

    Attributes:
        name: Empty, so that soundfile does not judge the format by the name.
    """

    name = ""

    def __init__(self, descriptor: int, length_of: Callable[[bytes], int | None]) -> None:
        # Owned by this object, which closes it.
        self._source = descriptor
        self._length_of = length_of
        # The data that came, and its length.
        self._kept = tempfile.SpooledTemporaryFile(max_size=_KEPT_BYTES)  # noqa: SIM115 - close
        self._arrived = 0
        # The pipe has ended.
        self._ended = False
        # The position of the next read.
        self._position = 0

    @property
    def arrived(self) -> int:
        """The number of bytes that came so far."""
        return self._arrived

    def readable(self) -> bool:
        """Return True: it can be read."""
        return True

    def seekable(self) -> bool:
        """Return True: it can be read again."""
        return True

    def tell(self) -> int:
        """Return the position of the next read, in bytes from the beginning."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to another position; relative to the end, this waits until the end is known."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}.get(whence)
        self._position = offset + (self._length() if base is None else base)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # any buffer
        """Fill the whole buffer, unless the pipe ends."""
        self._await(self._position + len(buffer))
        self._kept.seek(self._position)
        count = self._kept.readinto(buffer)
        self._position += count
        return count

    def close(self) -> None:
        """Close the pipe, and discard the data."""
        if not self.closed:
            os.close(self._source)
            self._kept.close()
        super().close()

    def _length(self) -> int:
        self._await(HEAD_BYTES)
        self._kept.seek(0)
        length = self._length_of(self._kept.read(HEAD_BYTES))
        if length is None:
            self._await(None)
            return self._arrived
        return length

    def _await(self, count: int | None) -> None:
        """Wait until this many bytes have come, or the pipe has ended; None: wait for its end."""
        self._kept.seek(self._arrived)
        while not self._ended and (count is None or self._arrived < count):
            block = os.read(self._source, _BLOCK_BYTES)
            self._kept.write(block)
            self._arrived += len(block)
            self._ended = not block
