from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

pytest.importorskip("xcffib")
pytest.importorskip("dbus_fast")

from koe.config.schema import HotkeyConfig
from koe.linux.application import introduce
from koe.linux.bus import open_bus
from koe.linux.evdev import EVENT
from koe.linux.listening import NO_KEYS, Listening, listen_by_portal, listen_to_keyboards
from koe.linux.x11 import Display
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE
from tests.linux.portals import portal
from tests.linux.screen import Screen

F6, F7, ESCAPE = 0xFFC3, 0xFFC4, 0xFF1B


@on_loop
async def test_what_keys_ask_for(desk: Screen) -> None:
    asked: asyncio.Queue[str] = asyncio.Queue()
    display = Display(desk.environ["DISPLAY"])
    config = HotkeyConfig(trigger_key="97", profile_key="98", cancel_key="53")
    keys = Listening(display, config, asked.put_nowait)
    assert keys.description == "97"

    async def press(keysym: int, count: int) -> list[str]:
        code = display.keycodes(keysym)[0]
        for is_down in (True, False):
            display.fake_key(code, is_down=is_down)
        async with asyncio.timeout(PATIENCE):
            return [await asked.get() for _ in range(count)]

    assert await press(F6, 2) == ["press", "release"]
    assert await press(F7, 2) == ["press_profile", "release_profile"]
    assert await press(ESCAPE, 0) == []  # it is only listened to while one records
    for _ in range(2):
        keys.follow(is_recording=True)
    assert await press(ESCAPE, 1) == ["cancel"]
    for _ in range(2):
        keys.follow(is_recording=False)
    await press(ESCAPE, 0)
    assert await press(F6, 2) == ["press", "release"]
    display.close()


@on_loop
async def test_a_key_that_another_program_has(
    desk: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = Display(desk.environ["DISPLAY"]), Display(desk.environ["DISPLAY"])
    config = HotkeyConfig(trigger_key="97")
    Listening(first, config, lambda word: None)
    keys = Listening(second, config, lambda word: None)
    assert keys.description.startswith("none: another program listens to 97")
    assert "hotkey.trigger_key: another program" in capsys.readouterr().err
    first.close()
    second.close()


@on_loop
async def test_keys_of_a_portal(desk: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    asked: asyncio.Queue[str] = asyncio.Queue()
    address = desk.environ["DBUS_SESSION_BUS_ADDRESS"]
    bus = await open_bus(address)
    config = HotkeyConfig(trigger_key="97", profile_key="98", profile="letters", cancel_key="53")
    assert await listen_by_portal(bus, config, asked.put_nowait) == NO_KEYS
    async with portal(address) as imitation, asyncio.timeout(PATIENCE):
        await introduce(bus)
        described = await listen_by_portal(bus, config, asked.put_nowait)
        assert described == "Press dictate, Press dictate-profile"
        facts = dict(imitation.bound)["dictate-profile"]
        assert facts["description"].value == "Dictate for the profile letters"
        for name in ("dictate", "dictate-profile"):
            for is_down in (True, False):
                await imitation.press(name, is_down=is_down)
        heard = [await asked.get() for _ in range(4)]
    assert heard == ["press", "release", "press_profile", "release_profile"]
    assert "hotkey.cancel_key has no effect here" in capsys.readouterr().err
    await bus.close()


@on_loop
async def test_keys_of_keyboards(tmp_path: Path) -> None:
    asked: asyncio.Queue[str] = asyncio.Queue()
    os.mkfifo(tmp_path / "event3")
    config = HotkeyConfig(trigger_key="97", profile_key="98", cancel_key="53")
    keys = listen_to_keyboards(config, asked.put_nowait, tmp_path)
    writer = os.open(tmp_path / "event3", os.O_WRONLY)
    for code in (64, 65, 1):  # F6, F7, Escape
        for value in (1, 0):
            os.write(writer, EVENT.pack(0, 0, 1, code, value))
    async with asyncio.timeout(PATIENCE):
        heard = [await asked.get() for _ in range(5)]
    assert heard == ["press", "release", "press_profile", "release_profile", "cancel"]
    keys.close()
    os.close(writer)
