"""Reads the length of a WAV file from its header, since libsndfile does not report it. Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

# Lengths that programs write if they do not know the length yet: the largest number, or the largest
# positive one, less some bytes of the header.
_UNKNOWN = (range(0x7FFF_F000, 0x8000_0001), range(0xFFFF_F000, 0x1_0000_0000))

# Chunks before the samples; a file with more of them is no recording.
_MOST_CHUNKS = 1_000

_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class DeclaredLength:
    """The length of a recording, according to its header.

    Attributes:
        end: Where the samples end in the file, in bytes; None: the header does not say.
        bytes_per_second: The data rate of the samples.
    """

    end: int | None
    bytes_per_second: int


def read_declared_length(file: BinaryIO) -> DeclaredLength | None:
    """Read the header of a WAV file, and return to its beginning; None: it is no WAV file."""
    file.seek(0)
    try:
        return _read(file)
    finally:
        file.seek(0)


def unfinished_at(file: BinaryIO) -> int | None:
    """Find the field for the length of the samples, if it is 0 although samples follow.

    A recorder that was killed leaves such a file, since it writes the length when it ends.

    Returns:
        The position of the field in the file, in bytes; None: the length is not 0, no samples
        follow, or it is no WAV file.
    """
    file.seek(0)
    try:
        found = _find_samples(file)
        if found is None or found[0] != 0 or not file.read(1):
            return None
        return file.tell() - 1 - _LENGTH.size
    finally:
        file.seek(0)


def streamed_length(head: bytes) -> int | None:
    """Return the length of an incoming WAV file, by its first 12 bytes; None: it is no WAV file.

    The file may end before that.
    """
    name, size = _CHUNK.unpack_from(head.ljust(_CHUNK.size, b"\0"))
    if name != b"RIFF" or head[8:] != b"WAVE":
        return None
    return int(size) + _CHUNK.size


def _read(file: BinaryIO) -> DeclaredLength | None:
    if (found := _find_samples(file)) is None:
        return None
    size, bytes_per_second = found
    is_unknown = any(size in sizes for sizes in _UNKNOWN)
    end = None if is_unknown else file.tell() + size
    return DeclaredLength(end, bytes_per_second) if bytes_per_second else None


def _find_samples(file: BinaryIO) -> tuple[int, int] | None:
    """Read a WAV file up to its samples; return their length and data rate in bytes."""
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    bytes_per_second = 0
    for _ in range(_MOST_CHUNKS):
        if len(head := file.read(_CHUNK.size)) < _CHUNK.size:
            return None
        name, size = _CHUNK.unpack(head)
        if name == b"data":
            return size, bytes_per_second
        if name == b"fmt " and len(fields := file.read(_FORMAT.size)) == _FORMAT.size:
            bytes_per_second = _FORMAT.unpack(fields)[3]
            size -= _FORMAT.size
        file.seek(size + size % 2, 1)
    return None
