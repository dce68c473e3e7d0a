"""The metadata of an ONNX file, without its weights.

The file is one message of Protocol Buffers. The weights in it are skipped, so that a file of any
size is read quickly.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

# Wire types, and field numbers (onnx.proto): of the model, of its graph, and of the parts of it.
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_GRAPH, _METADATA = 7, 14
_WEIGHTS, _INPUT, _OUTPUT = 5, 11, 12
_NAME = {_WEIGHTS: 8, _INPUT: 1, _OUTPUT: 1}
_KEY, _VALUE = 1, 2

# The longest text; lists of some hundred numbers are texts, too.
_LONGEST_TEXT_BYTES = 1 << 20


class Ports(NamedTuple):
    """The numbers of input and output tensors of a file."""

    inputs: int
    outputs: int


def read_metadata(path: Path) -> dict[str, str]:
    """Read the properties of a file; its graph is skipped.

    Raises:
        OSError: It can't be read.
        ValueError: It is not a complete ONNX file.
    """
    with path.open("rb") as file:
        return {
            pair.get(_KEY, ""): pair.get(_VALUE, "")
            for field, end in _fields(file, path.stat().st_size)
            if field == _METADATA
            for pair in (dict(_texts(file, end)),)
        }


def read_ports(path: Path) -> Ports:
    """Count the tensors, cached for each file: a large graph takes a tenth of a second.

    Raises:
        OSError: It can't be read.
        ValueError: It is not an ONNX file, or is truncated.
    """
    status = path.stat()
    return _read_ports(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=32)
def _read_ports(path: Path, size: int, mtime_ns: int) -> Ports:
    # Names, by the kind of part. Old files list weights among the inputs, too.
    names: dict[int, set[str]] = {_WEIGHTS: set(), _INPUT: set(), _OUTPUT: set()}
    with path.open("rb") as file:
        for field, end in _fields(file, size):
            if field == _GRAPH:
                for part, part_end in _fields(file, end):
                    if part in names:
                        names[part].add(_text(file, part_end, _NAME[part]))
    return Ports(len(names[_INPUT] - names[_WEIGHTS]), len(names[_OUTPUT]))


def _texts(file: BinaryIO, end: int) -> Iterator[tuple[int, str]]:
    for field, field_end in _fields(file, end):
        size = field_end - file.tell()
        yield field, file.read(size).decode() if size <= _LONGEST_TEXT_BYTES else ""


def _text(file: BinaryIO, end: int, number: int) -> str:
    """The first text field of a message with this number; empty if there is none."""
    for field, field_end in _fields(file, end):
        if field == number:
            return file.read(min(field_end - file.tell(), _LONGEST_TEXT_BYTES)).decode()
    return ""


def _fields(file: BinaryIO, end: int) -> Iterator[tuple[int, int]]:
    """Yield the length-delimited fields of a message: the number, and where the field ends.

    The file position is then the first byte of the field's content. The caller may move it.
    """
    while file.tell() < end:
        tag = _varint(file)
        field, wire_type = tag >> 3, tag & 7
        if wire_type == _VARINT:
            _varint(file)
        elif wire_type == _BYTES:
            field_end = _varint(file) + file.tell()
            if field_end > end:
                raise ValueError("it ends too early")
            yield field, field_end
            file.seek(field_end)
        elif wire_type in (_FIXED64, _FIXED32):
            file.seek(8 if wire_type == _FIXED64 else 4, os.SEEK_CUR)
        else:
            raise ValueError(f"unknown wire type {wire_type}")
    if file.tell() != end:
        raise ValueError("it ends too early")


def _varint(file: BinaryIO) -> int:
    value = shift = 0
    while shift < 64:
        byte = file.read(1)
        if not byte:
            raise ValueError("it ends too early")
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
        shift += 7
    raise ValueError("a number is too large")
