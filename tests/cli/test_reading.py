from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from koe.audio import open_pipe, open_recording
from koe.cli.reading import Reading
from koe.errors import AudioError
from tests.wav import wav


def test_a_file_is_read_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(wav(bytes(70_000)))

    async def read() -> list[bytes]:
        reading = Reading(lambda: open_recording(path))
        async with reading as recording:
            assert recording.duration == pytest.approx(2.1875)
            return [pcm async for pcm in reading]

    assert [len(pcm) for pcm in asyncio.run(read())] == [32_000, 32_000, 6_000]


def test_a_file_that_can_not_be_opened(tmp_path: Path) -> None:
    async def read() -> None:
        async with Reading(lambda: open_recording(tmp_path / "none.wav")):
            pass

    with pytest.raises(AudioError, match="does not exist"):
        asyncio.run(read())


def test_the_loop_goes_on_while_a_pipe_keeps_its_reader_waiting() -> None:
    """The file that a thread still reads stays open."""
    reader, writer = os.pipe()
    before = set(threading.enumerate())

    async def read() -> None:
        os.write(writer, wav(bytes(3_200), declared_bytes=2**31 - 1))
        reading = Reading(lambda: open_pipe(reader, "stdin", 0.1))
        async with reading:
            chunks = aiter(reading)
            assert len(await anext(chunks)) == 3_200
            waiting = asyncio.ensure_future(anext(chunks))
            await asyncio.sleep(0)
            waiting.cancel()
        os.fstat(reader)
        os.close(writer)  # the thread then reads the end of the file

    asyncio.run(read())
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
