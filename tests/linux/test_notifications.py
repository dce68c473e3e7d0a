from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("dbus_fast")

from dbus_fast.aio import MessageBus
from dbus_fast.constants import MessageType, NameFlag
from dbus_fast.message import Message

from koe.linux.bus import Bus, open_bus
from koe.linux.notifications import Notifications
from koe.linux.status import Announcement
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE
from tests.linux.screen import session_bus

NAME = "org.freedesktop.Notifications"


class Server:
    """Shows notifications, as far as a program can tell."""

    def __init__(self, bus: MessageBus) -> None:
        self.fails = False
        self.calls: asyncio.Queue[tuple[str, list[Any]]] = asyncio.Queue()
        bus.add_message_handler(self.handle)

    def handle(self, message: Message) -> Message | None:
        if message.message_type is not MessageType.METHOD_CALL or message.interface != NAME:
            return None
        self.calls.put_nowait((str(message.member), message.body))
        if self.fails:
            return Message.new_error(message, "org.example.Full", "there is no room")
        if message.member == "Notify":
            return Message.new_method_return(message, "u", [7])
        return Message.new_method_return(message)

    async def next(self) -> tuple[str, list[Any]]:
        async with asyncio.timeout(PATIENCE):
            return await self.calls.get()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A bus of its own, on which no other program shows notifications."""
    if not shutil.which("dbus-daemon"):
        pytest.skip("not installed here: dbus")
    with session_bus(dict(os.environ)) as address:
        yield address


@asynccontextmanager
async def notifying(address: str) -> AsyncIterator[tuple[Server, Notifications]]:
    server = await MessageBus(bus_address=address).connect()
    calls = Server(server)
    await server.request_name(NAME, NameFlag.REPLACE_EXISTING)
    bus: Bus = await open_bus(address)
    notifications = Notifications(bus)
    yield calls, notifications
    await notifications.close()
    await bus.close()
    server.disconnect()
    await server.wait_for_disconnect()  # type: ignore[no-untyped-call]


@on_loop
async def test_replaced_in_place(address: str) -> None:
    async with notifying(address) as (server, notifications):
        notifications.show(Announcement("Listening", "a < b & c", lasts=True))
        member, first = await server.next()
        assert member == "Notify"
        assert first[1] == 0
        assert first[3:5] == ["Listening", "a &lt; b &amp; c"]
        assert first[6]["transient"].value is True
        assert first[7] == 0
        for text in ("one", "one two", "one two three"):
            notifications.show(Announcement("Listening", text, lasts=True))
        member, second = await server.next()
        assert (second[1], second[4]) == (7, "one two three")
        notifications.show(None)
        assert await server.next() == ("CloseNotification", [7])


@on_loop
async def test_what_lasts_is_taken_away_at_the_end(address: str) -> None:
    async with notifying(address) as (server, notifications):
        notifications.show(Announcement("Listening", "", lasts=True))
        await server.next()
    assert await server.next() == ("CloseNotification", [7])


@on_loop
async def test_a_server_that_refuses(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with notifying(address) as (server, notifications):
        server.fails = True
        notifications.show(Announcement("Koe", "no microphone", is_grave=True))
        await server.next()
    reported = capsys.readouterr().err
    assert reported.startswith("koe: no notification can be shown: ")
    assert "there is no room" in reported
