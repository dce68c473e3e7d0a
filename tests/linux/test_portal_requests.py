from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("dbus_fast")

from koe.errors import DesktopError
from koe.linux.bus import open_bus, variant
from koe.linux.portal_requests import PortalRequests
from tests.asynchronous import on_loop
from tests.linux.remote_portals import RemotePortal, remote_portal
from tests.linux.screen import Screen

REMOTE = "org.freedesktop.portal.RemoteDesktop"
DEVICES = {"types": variant("u", 1), "persist_mode": variant("u", 2)}


@asynccontextmanager
async def requests_to(desk: Screen) -> AsyncIterator[tuple[RemotePortal, PortalRequests]]:
    address = desk.environ["DBUS_SESSION_BUS_ADDRESS"]
    bus = await open_bus(address)
    async with remote_portal(address) as portal:
        requests = PortalRequests(bus)
        await requests.listen()
        yield portal, requests
    await bus.close()


@on_loop
async def test_answers(desk: Screen) -> None:
    async with requests_to(desk) as (portal, requests):
        for is_refused in (False, True):
            session = await requests.create_session(REMOTE)
            assert session.startswith("/org/freedesktop/portal/desktop/session/")
            devices = f"{REMOTE}.SelectDevices"
            assert await requests.ask(devices, "oa{sv}", session, options=DEVICES) == {}
            portal.refuses = is_refused
            started = await requests.ask(f"{REMOTE}.Start", "osa{sv}", session, "")
            assert (started is None) is is_refused


@on_loop
async def test_a_question_that_is_not_answered(desk: Screen) -> None:
    async with requests_to(desk) as (portal, requests):
        portal.answers = False
        with pytest.raises(DesktopError, match="does not answer"):
            await requests.ask(f"{REMOTE}.CreateSession", "a{sv}", patience=0.01, options={
                "session_handle_token": variant("s", "koe_1"),
            })  # fmt: skip


@on_loop
async def test_a_question_that_fails(desk: Screen) -> None:
    async with requests_to(desk) as (portal, requests):
        portal.is_locked = True
        session = await requests.create_session(REMOTE)
        with pytest.raises(DesktopError, match="failed to perform"):
            await requests.ask(f"{REMOTE}.Start", "osa{sv}", session, "")


@on_loop
async def test_a_question_that_is_wrong(desk: Screen) -> None:
    async with requests_to(desk) as (_, requests):
        with pytest.raises(DesktopError, match="Invalid session"):
            await requests.ask(f"{REMOTE}.Start", "osa{sv}", "/of/another", "")
