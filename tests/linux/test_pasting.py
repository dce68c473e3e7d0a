from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

pytest.importorskip("xcffib")

from koe.linux import pasting as module
from koe.linux.clipboard import CLIPBOARD, Clipboard
from koe.linux.delivery import Tried, Window
from koe.linux.pasting import Pasting
from koe.linux.x11 import Display
from tests.asynchronous import on_loop
from tests.linux.looking import focus
from tests.linux.making import PATIENCE
from tests.linux.screen import GtkField, Screen, running, until

TEXT = 'Hello, Grüße, 你好世界 👍 "q" e\u0301 אבג'
SOON = 0.01


class Board:
    """A program that pastes, and another one that copied something."""

    def __init__(self, desk: Screen) -> None:
        self.display = Display(desk.environ["DISPLAY"])
        self.pasting = Pasting(self.display)
        self._other = Display(desk.environ["DISPLAY"])
        self.other = Clipboard(self._other)

    def close(self) -> None:
        self.pasting.close()
        self.display.close()
        self._other.close()

    async def held(self) -> bytes | None:
        contents = await self.other.contents(CLIPBOARD)
        return None if contents is None else contents["UTF8_STRING"].data


@asynccontextmanager
async def board(desk: Screen) -> AsyncIterator[Board]:
    opened = Board(desk)
    try:
        async with asyncio.timeout(PATIENCE):
            yield opened
    finally:
        opened.close()


@on_loop
async def test_into_a_field(desk: Screen, field: GtkField) -> None:
    async with board(desk) as it:
        window = await focus(it.display, "gtk_field.py")
        it.other.put("copied before", CLIPBOARD)
        assert await it.pasting.paste(TEXT, window, SOON) is Tried.ARRIVED
        assert await it.pasting.paste(TEXT, window, SOON) is Tried.ARRIVED
        until(lambda: field.text == TEXT * 2)
        while await it.held() != b"copied before":  # noqa: ASYNC110 - this program gets no event
            await asyncio.sleep(SOON)


@on_loop
async def test_into_a_terminal(desk: Screen, tmp_path: Path) -> None:
    if not shutil.which("xterm"):
        pytest.skip("xterm is not installed here")
    typed = tmp_path / "typed"
    command = ["xterm", "-u8", "-e", f"stty -echo; cat > {typed}"]
    async with board(desk) as it:
        with running(command, desk.environ | {"LC_ALL": "C.UTF-8"}):
            window = await focus(it.display, "xterm")
            until(typed.exists)
            assert await it.pasting.paste(f"{TEXT}\n", window, SOON) is Tried.ARRIVED
            until(lambda: typed.read_text(encoding="utf-8") == f"{TEXT}\n")


@on_loop
async def test_another_window_gets_nothing(desk: Screen, field: GtkField) -> None:
    async with board(desk) as it:
        await focus(it.display, "gtk_field.py")
        it.other.put("copied before", CLIPBOARD)
        other = Window(it.display.connection.generate_id())
        assert await it.pasting.paste(TEXT, other, SOON) is Tried.REFUSED
        assert it.other.owns(CLIPBOARD)
        assert field.text == ""


@on_loop
async def test_a_window_that_does_not_paste(
    desk: Screen, field: GtkField, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text stays on the clipboard, since it is nowhere else."""
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    async with board(desk) as it:
        await focus(it.display, "gtk_field.py")
        monkeypatch.setattr(it.display, "send_chord", lambda keycodes: None)
        it.other.put("copied before", CLIPBOARD)
        window = it.display.active_window()
        assert window is not None
        assert await it.pasting.paste(TEXT, window, SOON) is Tried.UNCLEAR
        assert await it.held() == TEXT.encode()


@on_loop
async def test_a_layout_without_the_letter_v(
    desk: Screen, field: GtkField, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the one of Russian, if it is the only one."""
    async with board(desk) as it:
        window = await focus(it.display, "gtk_field.py")
        keycodes = it.display.keycodes
        monkeypatch.setattr(
            it.display, "keycodes", lambda keysym: [] if keysym == ord("v") else keycodes(keysym)
        )
        it.other.put("copied before", CLIPBOARD)
        assert await it.pasting.paste(TEXT, window, SOON) is Tried.NO_KEY
        assert it.other.owns(CLIPBOARD)


@on_loop
async def test_a_key_that_stays_down(
    desk: Screen, field: GtkField, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_KEYS_PATIENCE", 0.05)
    async with board(desk) as it:
        window = await focus(it.display, "gtk_field.py")
        key = it.display.keycodes(0xFFE3)[0]
        it.display.fake_key(key, is_down=True)
        assert await it.pasting.paste(TEXT, window, SOON) is Tried.REFUSED
        it.display.fake_key(key, is_down=False)
        assert it.display.held_keys() == set()
        assert field.text == ""


@on_loop
async def test_a_text_that_is_left_stays(desk: Screen, field: GtkField) -> None:
    """Also where a paste before was about to bring back what was there."""
    async with board(desk) as it:
        window = await focus(it.display, "gtk_field.py")
        assert await it.pasting.paste(TEXT, window, SOON) is Tried.ARRIVED
        await it.pasting.leave("left")
        await asyncio.sleep(2 * SOON)
        assert await it.held() == b"left"
