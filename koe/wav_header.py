"""What the header of a WAV file says about its length, which libsndfile does not pass on. Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

# What programs write that do not know how long the recording will be: the largest number, or the
# largest that is positive, less some bytes of the header.
_UNKNOWN = (range(0x7FFF_F000, 0x8000_0001), range(0xFFFF_F000, 0x1_0000_0000))

# Chunks before the samples; a file with more of them is no recording.
_MOST_CHUNKS = 1_000

_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")


@dataclass(frozen=True, slots=True)
class Promise:
    """How much a header says there is.

    Attributes:
        end: Where the samples end in the file, in bytes; None: the header does not know.
        bytes_per_second: Of the samples.
    """

    end: int | None
    bytes_per_second: int


def read_promise(file: BinaryIO) -> Promise | None:
    """Read the header of a WAV file, and go back to its beginning; None: it is another file."""
    file.seek(0)
    try:
        return _read(file)
    finally:
        file.seek(0)


def streamed_length(head: bytes) -> int | None:
    """How long a WAV file is that still comes, given its first 12 bytes; None: it is another file.

    The length may be more than will come.
    """
    name, size = _CHUNK.unpack_from(head.ljust(_CHUNK.size, b"\0"))
    if name != b"RIFF" or head[8:] != b"WAVE":
        return None
    return int(size) + _CHUNK.size


def _read(file: BinaryIO) -> Promise | None:
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    bytes_per_second = 0
    for _ in range(_MOST_CHUNKS):
        if len(head := file.read(_CHUNK.size)) < _CHUNK.size:
            return None
        name, size = _CHUNK.unpack(head)
        if name == b"data":
            is_unknown = any(size in sizes for sizes in _UNKNOWN)
            end = None if is_unknown else file.tell() + size
            return Promise(end, bytes_per_second) if bytes_per_second else None
        if name == b"fmt " and len(fields := file.read(_FORMAT.size)) == _FORMAT.size:
            bytes_per_second = _FORMAT.unpack(fields)[3]
            size -= _FORMAT.size
        file.seek(size + size % 2, 1)
    return None
