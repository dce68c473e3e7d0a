from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("dbus_fast")

from dbus_fast.message import Message

from koe.linux.suspend import watching_suspend
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE
from tests.linux.portals import connection
from tests.linux.screen import Screen


@on_loop
async def test_a_suspend_is_noted_before_it_happens(desk: Screen) -> None:
    address = desk.environ["DBUS_SESSION_BUS_ADDRESS"]  # it is as good as the system's
    going = asyncio.Event()
    environ = {"DBUS_SYSTEM_BUS_ADDRESS": address}
    async with connection(address) as logind, watching_suspend(environ, going.set):
        for is_going in (False, True):
            assert not going.is_set()
            await logind.send(
                Message.new_signal(
                    "/org/freedesktop/login1",
                    "org.freedesktop.login1.Manager",
                    "PrepareForSleep",
                    "b",
                    [is_going],
                )
            )
        async with asyncio.timeout(PATIENCE):
            await going.wait()


@on_loop
async def test_a_computer_without_logind() -> None:
    going = asyncio.Event()
    async with watching_suspend({"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"}, going.set):
        assert not going.is_set()
