"""Signatures of machine code for macOS.

A signature contains checksums of all pages of the file. Publishers of programs sign with a name.
Linkers write a signature without a name, because macOS loads no unsigned code on Apple's own
processors. Such a signature can be made on any system. The format: cs_blobs.h of Apple's kernel.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator

from koe.errors import BundleError

_SEGMENT, _SIGNATURE = 0x19, 0x1D
_HEADER_SIZE = 32

_WHOLE, _DIRECTORY = 0xFADE0CC0, 0xFADE0C02

# Algorithms of checksums, by number.
_SHA256 = 2
_HASHES = {1: hashlib.sha1, _SHA256: hashlib.sha256}

# A directory of checksums, as linkers write it: its kind, size, version, flags, the offsets of the
# checksums and of the name, the numbers of special and other checksums, the size of the signed
# part; the size and kind of a checksum, 0, the size of a page as a power of two; unused fields, and
# the executable segment: start, size, flags.
_LAYOUT = ">9I 4B 4I 4Q"
_VERSION, _NAMELESS = 0x20400, 0x20002
_PAGE = 12


def is_valid(data: bytes | bytearray) -> bool | None:
    """Whether each page matches its checksum; None: there is no signature."""
    signature = _command(data, _SIGNATURE)
    if signature is None:
        return None
    start = struct.unpack_from("<8x I", signature)[0]
    return all(
        data[at : at + len(checksum)] == checksum
        for place in _directories(data, start)
        for at, checksum in _checksums(data, place)
    )


def renew(data: bytearray) -> None:
    """Sign changed machine code again, without a name, if it was signed."""
    signature, code = _command(data, _SIGNATURE), _command(data, _SEGMENT)
    if signature is None or code is None:
        return
    start, room = struct.unpack_from("<8x 2I", signature)
    place = next(_directories(data, start))
    name = data[place + struct.unpack_from(">20x I", data, place)[0] :].partition(b"\0")[0] + b"\0"
    pages = -(-start >> _PAGE)
    checksums = struct.calcsize(_LAYOUT) + len(name)
    size = checksums + pages * hashlib.sha256().digest_size
    runnable = struct.unpack_from("<48x Q", code)[0]
    before = struct.pack(">5I", _WHOLE, 20 + size, 1, 0, 20)
    directory = struct.pack(
        _LAYOUT,
        *(_DIRECTORY, size, _VERSION, _NAMELESS, checksums, struct.calcsize(_LAYOUT)),
        *(0, pages, start, hashlib.sha256().digest_size, _SHA256, 0, _PAGE),
        *(0, 0, 0, 0, 0, 0, runnable, 0),
    )
    digests = (
        hashlib.sha256(data[at : min(at + (1 << _PAGE), start)]).digest()
        for at in range(0, start, 1 << _PAGE)
    )
    made = before + directory + name + b"".join(digests)
    if len(made) > room:
        raise BundleError(
            f"there is no room for a new signature of {len(made)} bytes, only {room}; sign the "
            "library again with codesign, and bundle that"
        )
    data[start : start + room] = made.ljust(room, b"\0")


def _command(data: bytes | bytearray, wanted: int) -> bytes | None:
    """The first load command of a kind; None: there is none."""
    count = struct.unpack_from("<16x I", data)[0]
    place = _HEADER_SIZE
    for _ in range(count):
        kind, size = struct.unpack_from("<2I", data, place)
        if kind == wanted:
            return bytes(data[place : place + size])
        place += size
    return None


def _directories(data: bytes | bytearray, start: int) -> Iterator[int]:
    """The offsets of the directories of checksums."""
    count = struct.unpack_from(">8x I", data, start)[0]
    for number in range(count):
        place = start + struct.unpack_from(">I", data, start + 16 + 8 * number)[0]
        if struct.unpack_from(">I", data, place)[0] == _DIRECTORY:
            yield place


def _checksums(data: bytes | bytearray, place: int) -> Iterator[tuple[int, bytes]]:
    """The offset of each page's checksum in a directory, and the right value."""
    first, _, _, count, end = struct.unpack_from(">16x 5I", data, place)
    size, method, _, shift = struct.unpack_from(">36x 4B", data, place)
    for number in range(count):
        page = data[number << shift : min((number + 1) << shift, end)]
        yield place + first + number * size, _HASHES[method](page).digest()[:size]
