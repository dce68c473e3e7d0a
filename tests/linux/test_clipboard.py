from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("xcffib")

from koe.linux.clipboard import CLIPBOARD, PRIMARY, Clipboard
from koe.linux.x11 import Display
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE
from tests.linux.screen import Screen

TEXT = 'Hello, Grüße, 你好世界 👍 "q" é אבג\n'


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy computer is no reason to give a program up here."""
    monkeypatch.setattr("koe.linux.clipboard._PATIENCE", PATIENCE)


@asynccontextmanager
async def clipboard(desk: Screen) -> AsyncIterator[Clipboard]:
    display = Display(desk.environ["DISPLAY"])
    try:
        async with asyncio.timeout(PATIENCE):
            yield Clipboard(display)
    finally:
        display.close()


async def xclip(desk: Screen, *words: str, given: bytes = b"") -> tuple[int | None, bytes]:
    process = await asyncio.create_subprocess_exec(
        "xclip", *words, env=desk.environ, stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL if "-i" in words else subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    reported, _ = await process.communicate(given)
    return process.returncode, reported or b""


async def paste(desk: Screen, *words: str) -> bytes:
    return (await xclip(desk, "-o", "-selection", "clipboard", *words))[1]


async def copy(desk: Screen, content: bytes, *words: str) -> None:
    display = Display(desk.environ["DISPLAY"])
    before = owner(display)
    await xclip(desk, "-i", "-selection", "clipboard", *words, given=content)
    while owner(display) == before:  # noqa: ASYNC110 - xclip ends before it owns what it was given
        await asyncio.sleep(0.01)
    display.close()


def owner(display: Display) -> int:
    answer = display.reply(display.core.GetSelectionOwner(display.atom(CLIPBOARD)))
    return int(answer.owner)


@pytest.mark.parametrize("text", [TEXT, "", "x" * 1_000_000])
def test_a_text(desk: Screen, text: str) -> None:
    @on_loop
    async def run() -> None:
        async with clipboard(desk) as board:
            board.put(text, CLIPBOARD)
            assert (await paste(desk, "-t", "UTF8_STRING")).decode() == text
            assert (await paste(desk, "-t", "text/plain;charset=utf-8")).decode() == text
            assert (await xclip(desk, "-o", "-selection", "primary"))[1] == b""

    run()


@on_loop
async def test_formats(desk: Screen) -> None:
    async with clipboard(desk) as board:
        board.put("é", CLIPBOARD, PRIMARY)
        assert await paste(desk, "-t", "STRING") == b"\xe9"
        board.put("你", CLIPBOARD, temporary=True)
        formats = (await paste(desk, "-t", "TARGETS")).split()
        assert b"STRING" not in formats
        assert b"UTF8_STRING" in formats
        assert await paste(desk, "-t", "x-kde-passwordManagerHint") == b"secret"
        assert (await xclip(desk, "-o", "-selection", "clipboard", "-t", "image/png"))[0] != 0


@pytest.mark.parametrize("content", [TEXT.encode(), os.urandom(3_000_000)], ids=["text", "large"])
def test_what_it_held_comes_back(desk: Screen, content: bytes) -> None:
    @on_loop
    async def run() -> None:
        async with clipboard(desk) as board:
            await copy(desk, content, "-t", "image/png")
            held = await board.contents(CLIPBOARD)
            board.put("temporary", CLIPBOARD)
            board.bring_back(held, CLIPBOARD)
            assert await paste(desk, "-t", "image/png") == content

    run()


@on_loop
async def test_nothing_comes_back_as_nothing(desk: Screen) -> None:
    async with clipboard(desk) as board:
        board.put("temporary", CLIPBOARD)
        board.bring_back(None, CLIPBOARD)
        assert await board.contents(CLIPBOARD) is None


@on_loop
async def test_what_was_copied_meanwhile_stays(desk: Screen) -> None:
    async with clipboard(desk) as board:
        await copy(desk, b"before")
        held = await board.contents(CLIPBOARD)
        board.put("temporary", CLIPBOARD)
        await copy(desk, b"meanwhile")
        assert await paste(desk) == b"meanwhile"
        assert not board.owns(CLIPBOARD)
        board.bring_back(held, CLIPBOARD)
        assert await paste(desk) == b"meanwhile"


@on_loop
async def test_who_has_taken_it(desk: Screen) -> None:
    display = Display(desk.environ["DISPLAY"])
    board, other = Clipboard(display), Clipboard(Display(desk.environ["DISPLAY"]))
    board.put("text", CLIPBOARD)
    own = display.connection.generate_id()
    waiting = asyncio.create_task(board.taken_by_client_of(own))
    assert await other.contents(CLIPBOARD)  # another program has: that is not whom is waited for
    assert not waiting.done()
    waiting.cancel()
    display.close()
