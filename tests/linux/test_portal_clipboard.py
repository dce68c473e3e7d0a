from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("dbus_fast")

from koe.errors import DesktopError
from koe.linux.bus import open_bus
from koe.linux.portal_clipboard import PortalClipboard
from koe.linux.remote_desktop import start_remote_desktop
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE
from tests.linux.remote_portals import CONTROL, PLAIN, RemotePortal, V, remote_portal
from tests.linux.screen import Screen

BEFORE = {PLAIN: b"copied before", "image/png": b"\x89PNG"}


@asynccontextmanager
async def clipboard_of(desk: Screen) -> AsyncIterator[tuple[RemotePortal, PortalClipboard]]:
    address = desk.environ["DBUS_SESSION_BUS_ADDRESS"]
    bus = await open_bus(address)
    try:
        async with remote_portal(address) as portal, asyncio.timeout(PATIENCE):
            portal.held = dict(BEFORE)
            remote = await start_remote_desktop(bus, "", with_clipboard=True)
            assert remote is not None
            assert remote.clipboard is not None
            yield portal, remote.clipboard
    finally:
        await bus.close()


async def held(clipboard: PortalClipboard) -> object:
    """What is known to be on it, once something is."""
    while (contents := await clipboard.contents()) is None:  # noqa: ASYNC110 - a signal says so
        await asyncio.sleep(0.01)
    return contents


@pytest.mark.parametrize("text", ["Grüße 你好 👍\n", "", "你好 " * 100_000])
def test_a_window_pastes_a_text(desk: Screen, text: str) -> None:
    @on_loop
    async def run() -> None:
        async with clipboard_of(desk) as (portal, clipboard):
            clipboard.put(text, temporary=True)
            await clipboard.settle()
            assert clipboard.owns()
            assert "x-kde-passwordManagerHint" in (portal.formats or [])
            read = clipboard.expect_reader()
            portal.press([CONTROL, V])
            await read
            await portal.until(lambda: portal.done == [(1, True)] and portal.pasted == [text])

    run()


@on_loop
async def test_what_it_held_comes_back(desk: Screen) -> None:
    async with clipboard_of(desk) as (portal, clipboard):
        contents = await held(clipboard)
        assert contents == BEFORE
        clipboard.put("text")
        await clipboard.settle()
        assert await clipboard.contents() != BEFORE
        clipboard.bring_back(BEFORE)
        await clipboard.settle()
        assert portal.formats == list(BEFORE)
        clipboard.bring_back({})
        await clipboard.settle()
        assert portal.formats is None


@on_loop
async def test_what_was_copied_meanwhile_stays(desk: Screen) -> None:
    async with clipboard_of(desk) as (portal, clipboard):
        clipboard.put("text")
        await clipboard.settle()
        await portal.copy({PLAIN: b"meanwhile"})
        await portal.until(lambda: not clipboard.owns())
        clipboard.bring_back(BEFORE)
        assert portal.held == {PLAIN: b"meanwhile"}
        assert await clipboard.contents() == {PLAIN: b"meanwhile"}
        assert await clipboard.contents(is_primary=True) is None


@on_loop
async def test_a_format_that_koe_has_not(desk: Screen) -> None:
    async with clipboard_of(desk) as (portal, clipboard):
        clipboard.put("text")
        await clipboard.settle()
        number = await portal.ask_for("image/png")
        await portal.until(lambda: portal.done == [(number, False)])


@on_loop
async def test_a_session_that_has_ended(desk: Screen) -> None:
    async with clipboard_of(desk) as (portal, clipboard):
        await portal.end()
        clipboard.put("text")
        with pytest.raises(DesktopError, match="Invalid session"):
            await clipboard.settle()
