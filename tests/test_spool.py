"""A recording that is read by position while it grows."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

import koe.spool
from koe.errors import JournalError
from koe.spool import Spool
from tests.asynchronous import on_loop


class File:
    """A store; what is persisted is set by a test."""

    def __init__(self) -> None:
        self.pcm = b""
        self.persisted = 0
        self.reads: list[tuple[int, int]] = []

    def read(self, start: int, count: int) -> bytes:
        self.reads.append((start, count))
        return self.pcm[2 * start : 2 * (start + count)]


@given(st.lists(st.binary(max_size=9)), st.integers(1, 9))
def test_pieces_of_any_length(pieces: list[bytes], limit: int) -> None:
    """What is appended is what is read, in whole samples; an odd byte at the end is none."""

    async def run() -> None:
        spool = Spool()
        added = b"".join(map(spool.append, pieces))
        whole = b"".join(pieces)
        assert added == whole[: len(whole) & ~1]
        assert spool.end == len(whole) // 2
        read = b""
        while pcm := await spool.read(len(read) // 2, limit):
            assert len(pcm) <= 2 * limit
            read += pcm
        assert read == added

    asyncio.run(run())


@on_loop
async def test_readers_wait_for_more() -> None:
    spool = Spool()
    readers = [asyncio.create_task(spool.wait_beyond(1)) for _ in range(2)]
    await asyncio.sleep(0)
    spool.append(b"ab")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not any(reader.done() for reader in readers)
    spool.append(b"cd")
    assert await asyncio.gather(*readers) == [True, True]


@on_loop
async def test_no_reader_waits_for_what_will_not_come() -> None:
    spool = Spool()
    spool.append(b"ab")
    reader = asyncio.create_task(spool.wait_beyond(1))
    await asyncio.sleep(0)
    spool.seal()
    assert not await reader
    assert not await spool.wait_beyond(1)
    assert await spool.wait_beyond(0)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four samples stay in memory, and one more may gather."""
    monkeypatch.setattr(koe.spool, "_RECENT_SAMPLES", 4)
    monkeypatch.setattr(koe.spool, "_SLACK_SAMPLES", 1)


@pytest.mark.usefixtures("short")
@on_loop
async def test_old_audio_is_read_back() -> None:
    file = File()
    spool = Spool(file)
    file.pcm = b"aabbccddeeff"
    spool.append(file.pcm)
    assert await spool.read(0, 9) == file.pcm
    assert not file.reads
    file.persisted = 6
    file.pcm += b"gg"
    spool.append(b"gg")
    assert spool.end == 7
    assert await spool.read(1, 9) == b"bbcc"
    assert file.reads == [(1, 2)]
    assert await spool.read(3, 9) == b"ddeeffgg"
    assert file.reads == [(1, 2)]


@pytest.mark.usefixtures("short")
@on_loop
async def test_what_is_not_stored_stays_in_memory() -> None:
    file = File()
    file.persisted = 1
    spool = Spool(file)
    spool.append(b"aabbccddeeffgg")
    assert await spool.read(1, 9) == b"bbccddeeffgg"
    unstored = Spool()
    unstored.append(b"aabbccddeeffgg")
    assert await unstored.read(0, 9) == b"aabbccddeeffgg"


@on_loop
async def test_a_recording_that_was_made_before() -> None:
    file = File()
    file.pcm = b"aabbcc"
    spool = Spool(file, stored=3)
    assert (spool.end, spool.is_sealed) == (3, True)
    assert await spool.read(1, 9) == b"bbcc"
    assert not await spool.wait_beyond(3)


@on_loop
async def test_a_file_that_lost_its_audio() -> None:
    with pytest.raises(JournalError, match="a part of it is missing in its file"):
        await Spool(File(), stored=3).read(0, 3)
