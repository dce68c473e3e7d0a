from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest

from koe.files.pipe import HEAD_BYTES, Pipe

CONTENT = bytes(range(256)) * 1_000


def filled(content: bytes, length_of: Callable[[bytes], int | None] = lambda head: None) -> Pipe:
    """A pipe into which a thread writes."""
    reader, writer = os.pipe()

    def write() -> None:
        with os.fdopen(writer, "wb") as file:
            file.write(content)

    threading.Thread(target=write, daemon=True).start()
    return Pipe(reader, length_of)


def test_it_can_be_read_again() -> None:
    with filled(CONTENT) as pipe:
        assert pipe.read(300) == CONTENT[:300]
        assert pipe.seek(100) == 100
        assert pipe.read(300) == CONTENT[100:400]
        assert pipe.tell() == 400
        assert pipe.seek(-10, os.SEEK_CUR) == 390
        assert pipe.read() == CONTENT[390:]
        assert pipe.read(5) == b""
        assert pipe.arrived == len(CONTENT)


def test_the_end_is_where_the_pipe_ends() -> None:
    with filled(CONTENT) as pipe:
        assert pipe.seek(0, os.SEEK_END) == len(CONTENT)
        assert pipe.seek(-5, os.SEEK_END) == len(CONTENT) - 5
        assert pipe.read() == CONTENT[-5:]
        assert pipe.seek(10, os.SEEK_END) == len(CONTENT) + 10
        assert pipe.read(5) == b""


def test_the_end_may_be_known_from_the_beginning() -> None:
    reader, writer = os.pipe()
    heads: list[bytes] = []

    def length_of(head: bytes) -> int:
        heads.append(head)
        return 1_000

    with os.fdopen(writer, "wb", buffering=0) as file, Pipe(reader, length_of) as pipe:
        file.write(CONTENT[:20])
        assert pipe.seek(0, os.SEEK_END) == 1_000
        assert heads == [CONTENT[:HEAD_BYTES]]
        assert pipe.arrived == 20  # nothing was waited for
        pipe.seek(0)
        assert pipe.read(20) == CONTENT[:20]


def test_an_empty_one() -> None:
    with filled(b"") as pipe:
        assert pipe.seek(0, os.SEEK_END) == 0
        assert pipe.read(1) == b""


def test_it_closes_its_descriptor() -> None:
    reader, writer = os.pipe()
    os.close(writer)
    pipe = Pipe(reader, lambda head: None)
    pipe.close()
    pipe.close()
    with pytest.raises(OSError):
        os.fstat(reader)
