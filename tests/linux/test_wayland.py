from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from koe.errors import DesktopError
from koe.linux.compositor import Compositor
from koe.linux.delivery import Tried, Window
from koe.linux.wayland import CopyBoard, WaylandBoard, open_board
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE
from tests.linux.screen import until
from tests.linux.sway import Sway, missing_sway, sway_desktop

TEXTS = [
    'Hello, Grüße, 你好世界 👍 "q"',
    "e\u0301 combined, אבג עברית, العربية",
    "two\nlines\tand a tab",
    "👩‍👩‍👧‍👦🏳️‍🌈",
]
SOON = 0.05


@asynccontextmanager
async def board_on(desk: Sway) -> AsyncIterator[WaylandBoard]:
    compositor = Compositor(desk.environ)
    board = await open_board(compositor)
    assert board is not None
    try:
        async with asyncio.timeout(PATIENCE):
            yield board
    finally:
        board.close()
        compositor.close()


async def window_of(board: WaylandBoard) -> Window:
    """The window with the focus, once there is one."""
    while (window := board.active_window()) is None:  # noqa: ASYNC110 - the compositor says so
        await asyncio.sleep(0.01)
    return window


@on_loop
async def test_texts_are_pasted_into_a_field(sway: Sway, tmp_path: Path) -> None:
    sway.copy("copied before")
    with sway.field(tmp_path) as field:
        async with board_on(sway) as board:
            window = await window_of(board)
            assert window.kind == "gtk_field.py"
            for text in TEXTS:
                assert await board.paste(text, window, SOON) is Tried.ARRIVED
            await asyncio.to_thread(until, lambda: field.text == "".join(TEXTS))
            while await asyncio.to_thread(sway.copied) != "copied before":  # noqa: ASYNC110
                await asyncio.sleep(SOON)


@on_loop
async def test_nothing_is_pasted_into_another_window(sway: Sway, tmp_path: Path) -> None:
    sway.copy("copied before")
    with sway.field(tmp_path) as field:
        async with board_on(sway) as board:
            window = await window_of(board)
            other = Window(window.id + 1, window.kind)
            assert await board.paste("text", other, SOON) is Tried.REFUSED
            assert await asyncio.to_thread(sway.copied) == "copied before"
            await board.leave("left")
            assert await asyncio.to_thread(sway.copied) == "left"
            assert field.text == ""


@on_loop
async def test_a_compositor_that_ends_is_noted(tmp_path: Path) -> None:
    if reason := missing_sway():
        pytest.skip(reason)
    with sway_desktop() as desk:
        compositor = Compositor(desk.environ)
        board = await open_board(compositor)
        assert board is not None
    async with asyncio.timeout(PATIENCE):
        assert await compositor.lost == "the compositor has ended"
    with pytest.raises(DesktopError, match="has ended"):
        await board.leave("text")
    compositor.close()


@pytest.fixture
def wl_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wl-copy that writes what it gets to a file."""
    program = tmp_path / "wl-copy"
    program.write_text(f'#!/bin/sh\n/bin/cat > "{tmp_path}/copied"\n[ ! -e "{tmp_path}/full" ]\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_a_text_is_left(wl_copy: Path) -> None:
    @on_loop
    async def run() -> None:
        board = CopyBoard()
        await board.leave("Grüße 你好 👍\n")
        assert board.active_window() is None
        assert await board.paste("text", Window(1), 0.0) is Tried.REFUSED
        (wl_copy / "full").touch()
        with pytest.raises(DesktopError, match="wl-copy could not put"):
            await board.leave("more")
        board.close()

    run()
    assert (wl_copy / "copied").read_text(encoding="utf-8") == "more"


@pytest.mark.parametrize("text", ["Grüße 你好 👍\n", ""])
def test_every_character(wl_copy: Path, text: str) -> None:
    @on_loop
    async def run() -> None:
        await CopyBoard().leave(text)

    run()
    assert (wl_copy / "copied").read_text(encoding="utf-8") == text


def test_without_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DesktopError, match="install wl-clipboard"):
        CopyBoard()
