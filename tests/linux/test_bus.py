from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("dbus_fast")

from dbus_fast.message import Message

from koe.errors import DesktopError
from koe.linux.bus import open_bus
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE
from tests.linux.portals import connection
from tests.linux.screen import Screen

DBUS, PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"


@pytest.mark.parametrize("address", ["unix:path=/nowhere", "what", ""])
def test_no_bus(address: str) -> None:
    @on_loop
    async def run() -> None:
        with pytest.raises(DesktopError, match="the D-Bus at"):
            await open_bus(address)

    run()


@on_loop
async def test_calls(desk: Screen) -> None:
    bus = await open_bus(desk.environ["DBUS_SESSION_BUS_ADDRESS"])
    assert await bus.call(DBUS, PATH, f"{DBUS}.NameHasOwner", "s", DBUS) == [True]
    assert isinstance(await bus.get(DBUS, PATH, DBUS, "Features"), list)
    with pytest.raises(DesktopError, match="Missing"):
        await bus.call("org.example.Missing", "/", "org.example.Missing.Call")
    with pytest.raises(DesktopError):
        await bus.call(DBUS, PATH, f"{DBUS}.Missing")
    await bus.close()
    with pytest.raises(DesktopError, match="can't be reached"):
        await bus.call(DBUS, PATH, f"{DBUS}.GetId")


@on_loop
async def test_signals(desk: Screen) -> None:
    address = desk.environ["DBUS_SESSION_BUS_ADDRESS"]
    bus = await open_bus(address)
    sent = asyncio.Event()
    heard: list[tuple[str, list[Any]]] = []

    def note(path: str, said: list[Any]) -> None:
        heard.append((path, said))
        sent.set()

    await bus.on("org.example.Speech.Said", note)
    async with connection(address) as other, asyncio.timeout(PATIENCE):
        for member in ("Other", "Said"):
            await other.send(Message.new_signal("/a", "org.example.Speech", member, "s", ["hello"]))
        await sent.wait()
    assert heard == [("/a", ["hello"])]
    await bus.close()
