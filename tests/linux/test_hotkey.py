from __future__ import annotations

import asyncio
import time

import pytest

pytest.importorskip("xcffib")

from koe.errors import DesktopError
from koe.linux.hotkey import GrabbedKey
from koe.linux.keys import Key, key_of
from koe.linux.x11 import Display
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE
from tests.linux.screen import Screen

CONTROL_RIGHT, SPACE, CONTROL, CAPS_LOCK = 0xFFE4, 0x20, 0xFFE3, 0xFFE5


class Typist:
    """Presses keys as a keyboard does, and notes what comes of it."""

    def __init__(self, desk: Screen) -> None:
        self.keyboard = Display(desk.environ["DISPLAY"])
        self.display = Display(desk.environ["DISPLAY"])
        self.heard: asyncio.Queue[str] = asyncio.Queue()

    def hotkey(self, key: Key) -> GrabbedKey:
        def note(what: str) -> None:
            self.heard.put_nowait(what)

        return GrabbedKey(self.display, key, lambda: note("down"), lambda: note("up"))

    def type(self, keysym: int, *, is_down: bool) -> None:
        self.keyboard.fake_key(self.keyboard.keycodes(keysym)[0], is_down=is_down)
        self.keyboard.held_keys()  # the server has seen it

    async def next(self) -> str:
        async with asyncio.timeout(PATIENCE):
            return await self.heard.get()

    def close(self) -> None:
        self.display.close()
        self.keyboard.close()


@on_loop
async def test_press_and_release(desk: Screen) -> None:
    typist = Typist(desk)
    typist.hotkey(key_of("fn")).grab()
    for is_down, reported in ((True, "down"), (False, "up")) * 2:
        typist.type(CONTROL_RIGHT, is_down=is_down)
        assert await typist.next() == reported
    typist.close()


@on_loop
async def test_a_combination_with_caps_lock(desk: Screen) -> None:
    typist = Typist(desk)
    typist.hotkey(key_of("ctrl+49")).grab()
    for lock in (False, True):
        if lock:
            typist.type(CAPS_LOCK, is_down=True)
            typist.type(CAPS_LOCK, is_down=False)
        typist.type(CONTROL, is_down=True)
        typist.type(SPACE, is_down=True)
        assert await typist.next() == "down"
        typist.type(SPACE, is_down=False)
        typist.type(CONTROL, is_down=False)
        assert await typist.next() == "up"
    typist.type(CAPS_LOCK, is_down=True)
    typist.type(CAPS_LOCK, is_down=False)
    assert typist.heard.empty()
    typist.close()


@on_loop
async def test_a_key_that_repeats_is_held(desk: Screen) -> None:
    """The server repeats a key that stays down: release, press, release, press, …"""
    typist = Typist(desk)
    hotkey = typist.hotkey(key_of("122"))
    hotkey.grab()
    typist.type(0xFFBE, is_down=True)
    assert [await typist.next() for _ in range(4)] == ["down"] * 4
    typist.type(0xFFBE, is_down=False)
    while await typist.next() != "up":
        pass
    assert typist.heard.empty()
    typist.close()


@on_loop
async def test_repeats_that_are_read_when_the_key_is_up(desk: Screen) -> None:
    """A busy computer reads them late."""
    typist = Typist(desk)
    typist.hotkey(key_of("122")).grab()
    typist.type(0xFFBE, is_down=True)
    assert await typist.next() == "down"
    time.sleep(1.0)  # noqa: ASYNC251 - the loop is busy, and the key repeats
    typist.type(0xFFBE, is_down=False)
    heard = [await typist.next() for _ in range(3)]
    while heard[-1] != "up":
        heard.append(await typist.next())
    assert heard == ["down"] * (len(heard) - 1) + ["up"]
    assert typist.heard.empty()
    typist.close()


@on_loop
async def test_keys_that_can_not_be_had(desk: Screen) -> None:
    typist = Typist(desk)
    taken = typist.hotkey(key_of("fn"))
    taken.grab()
    other = Display(desk.environ["DISPLAY"])
    again = GrabbedKey(other, key_of("fn"), lambda: None, lambda: None)
    with pytest.raises(DesktopError, match="another program listens to right_control; choose"):
        again.grab()
    taken.ungrab()
    typist.display.held_keys()
    again.grab()
    with pytest.raises(DesktopError, match=r"this keyboard has no key ctrl\+10"):
        typist.hotkey(key_of("ctrl+10")).grab()
    other.close()
    typist.close()
