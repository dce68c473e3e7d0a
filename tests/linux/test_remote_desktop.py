from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("dbus_fast")

from koe.errors import DesktopError
from koe.linux.bus import Bus, open_bus
from koe.linux.remote_desktop import RemoteDesktop, start_remote_desktop
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE
from tests.linux.remote_portals import CONTROL, RemotePortal, V, remote_portal
from tests.linux.screen import Screen


@asynccontextmanager
async def portal_and_bus(desk: Screen) -> AsyncIterator[tuple[RemotePortal, Bus]]:
    address = desk.environ["DBUS_SESSION_BUS_ADDRESS"]
    bus = await open_bus(address)
    try:
        async with remote_portal(address) as imitation, asyncio.timeout(PATIENCE):
            yield imitation, bus
    finally:
        await bus.close()


async def started(bus: Bus, token: str = "") -> RemoteDesktop:
    remote = await start_remote_desktop(bus, token, with_clipboard=True)
    assert remote is not None
    return remote


@on_loop
async def test_keys_are_pressed_and_released(desk: Screen) -> None:
    async with portal_and_bus(desk) as (portal, bus):
        remote = await started(bus)
        await remote.send_chord([CONTROL, V])
        pressed = [(CONTROL, True), (V, True), (V, False), (CONTROL, False)]
        assert (portal.keys, portal.by_place) == (pressed, False)
        await remote.send_chord([CONTROL, V], by_place=True)
        assert (portal.keys, portal.by_place) == (2 * pressed, True)
        assert portal.asked == 1
        assert {remote.token} == portal.tokens
        assert remote.clipboard is not None


@on_loop
async def test_a_token_starts_the_next_session_without_a_dialog(desk: Screen) -> None:
    async with portal_and_bus(desk) as (portal, bus):
        first = await started(bus)
        await first.close()
        second = await started(bus, first.token)
        assert portal.asked == 1
        await second.close()
        third = await started(bus, first.token)  # it was good for one session
        assert portal.asked == 2
        assert len({first.token, second.token, third.token}) == 3


@on_loop
async def test_the_user_refuses(desk: Screen) -> None:
    async with portal_and_bus(desk) as (portal, bus):
        portal.refuses = True
        assert await start_remote_desktop(bus, "", with_clipboard=True) is None


@on_loop
async def test_a_desktop_that_lends_no_clipboard(desk: Screen) -> None:
    async with portal_and_bus(desk) as (portal, bus):
        portal.lends = False
        assert (await started(bus)).clipboard is None


@on_loop
async def test_a_session_that_the_desktop_ends(desk: Screen) -> None:
    async with portal_and_bus(desk) as (portal, bus):
        remote = await started(bus)
        await portal.end()
        await remote.closed
        with pytest.raises(DesktopError, match="Invalid session"):
            await remote.send_chord([CONTROL, V])
        assert portal.keys == []


@on_loop
async def test_a_desktop_without_the_portal(desk: Screen) -> None:
    bus = await open_bus(desk.environ["DBUS_SESSION_BUS_ADDRESS"])
    with pytest.raises(DesktopError):
        await start_remote_desktop(bus, "", with_clipboard=True)
    await bus.close()
