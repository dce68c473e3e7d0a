from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("dbus_fast")

from koe.linux.bus import Bus, open_bus
from koe.linux.screen_lock import ScreenLock
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE
from tests.linux.remote_portals import remote_portal
from tests.linux.screen import Screen


@on_loop
async def test_a_screen_that_is_locked_and_unlocked(desk: Screen) -> None:
    address = desk.environ["DBUS_SESSION_BUS_ADDRESS"]
    bus = await open_bus(address)
    async with remote_portal(address) as desktop, asyncio.timeout(PATIENCE):
        desktop.is_locked = True
        lock = ScreenLock(bus)
        await lock.listen()
        assert await lock.becomes(is_locked=True)
        await desktop.lock(is_locked=False)
        assert await lock.becomes(is_locked=False)
        assert not await lock.becomes(is_locked=True, patience=0.01)
        await desktop.lock(is_locked=True)
        assert await lock.becomes(is_locked=True, patience=PATIENCE)
    await bus.close()


class _ReadAtOnce(Bus):
    """A bus from which an answer and the signal behind it are read at once, as when it is busy."""

    async def on(self, signal: str, handle: Callable[[str, list[Any]], None]) -> None:
        self._handle = handle

    async def call(self, *call: Any, **options: Any) -> list[Any]:
        self._handle("/org/gnome/ScreenSaver", [False])
        return [True]


@on_loop
async def test_a_screen_that_is_unlocked_while_it_is_asked_for(desk: Screen) -> None:
    lock = ScreenLock(_ReadAtOnce.__new__(_ReadAtOnce))
    await lock.listen()
    assert await lock.becomes(is_locked=False, patience=0.0)


@on_loop
async def test_a_desktop_that_does_not_say_so(desk: Screen) -> None:
    bus = await open_bus(desk.environ["DBUS_SESSION_BUS_ADDRESS"])
    lock = ScreenLock(bus)
    await lock.listen()
    assert not await lock.becomes(is_locked=True, patience=0.0)
    await bus.close()
