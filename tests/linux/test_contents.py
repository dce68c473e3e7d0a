from __future__ import annotations

import asyncio
import os

import pytest

from koe.linux import contents as module
from koe.linux.contents import TEXT_FORMATS, collect, contents_of, give, note_read
from tests.asynchronous import on_loop


def test_a_text() -> None:
    assert contents_of("é") == dict.fromkeys(TEXT_FORMATS, "é".encode())
    temporary = contents_of("é", temporary=True)
    assert temporary["x-kde-passwordManagerHint"] == b"secret"
    assert temporary.keys() > contents_of("é").keys()


@on_loop
async def test_what_one_program_gives_another_one_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 200_000)
    given = {"text": b"x" * 150_000, "image": b"y" * 150_000, "html": b"z", "gone": b""}

    async def open_pipe(name: str) -> int | None:
        if name == "gone":
            return None
        reader, writer = os.pipe()
        give(writer, given[name])
        return reader

    # The second one is too much, and what follows the last one is not asked for.
    kept = await collect([*given, "text"], open_pipe)
    assert kept == {"text": given["text"], "html": given["html"]}


@on_loop
async def test_a_program_that_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    reader, writer = os.pipe()

    async def open_pipe(name: str) -> int | None:
        return reader

    assert await collect(["text"], open_pipe) == {}
    os.close(writer)


@on_loop
async def test_a_reader_that_goes_away() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    assert not await give(writer, b"text")


@on_loop
async def test_a_reader_whose_pipe_does_not_block() -> None:
    """Xwayland makes such pipes, which take 64 KB until they are read."""
    reader, writer = os.pipe2(os.O_NONBLOCK)
    given, content = give(writer, b"x" * 300_000), b""
    os.set_blocking(reader, True)
    loop = asyncio.get_running_loop()
    while piece := await loop.run_in_executor(None, os.read, reader, 65536):
        content += piece
    os.close(reader)
    assert await given
    assert content == b"x" * 300_000


@on_loop
async def test_a_text_that_was_read() -> None:
    expected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    for _ in range(2):
        note_read(expected)
    note_read(None)
    assert expected.done()
