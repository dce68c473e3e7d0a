from __future__ import annotations

import asyncio
from functools import partial

import pytest

pytest.importorskip("dbus_fast")

from koe.errors import DesktopError
from koe.linux.application import introduce
from koe.linux.bus import open_bus
from koe.linux.keys import key_of
from koe.linux.portal import PortalKeys, trigger_of
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE
from tests.linux.portals import portal
from tests.linux.screen import Screen

KEYS = {
    "dictate": ("Dictate", key_of("ctrl+alt+49")),
    "profile": ("Dictate for another profile", key_of("right_control")),
}


@pytest.mark.parametrize(
    ("name", "trigger"),
    [("122", "F1"), ("ctrl+alt+49", "CTRL+ALT+space"), ("cmd+shift+2", "SHIFT+LOGO+d"),
     ("right_control", ""), ("fn", ""), ("53", "")],
)  # fmt: skip
def test_triggers(name: str, trigger: str) -> None:
    assert trigger_of(key_of(name)) == trigger


@on_loop
async def test_keys_that_the_user_confirms(desk: Screen) -> None:
    address = desk.environ["DBUS_SESSION_BUS_ADDRESS"]
    heard: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()

    def note(name: str, *, is_down: bool) -> None:
        heard.put_nowait((name, is_down))

    bus = await open_bus(address)
    async with portal(address) as imitation:
        with pytest.raises(DesktopError, match="An app id is required"):
            await PortalKeys(bus, print, print).listen(KEYS)
        await introduce(bus)
        keys = PortalKeys(bus, partial(note, is_down=True), partial(note, is_down=False))
        assert await keys.listen(KEYS) == "Press dictate, Press profile"
        (first, facts), (second, others) = imitation.bound
        assert (first, second) == ("dictate", "profile")
        assert facts["preferred_trigger"].value == "CTRL+ALT+space"
        assert "preferred_trigger" not in others
        await imitation.press("dictate", session="/of/another/program")
        await imitation.press("dictate")
        await imitation.press("dictate", is_down=False)
        async with asyncio.timeout(PATIENCE):
            assert [await heard.get(), await heard.get()] == [("dictate", True), ("dictate", False)]
    await bus.close()


@on_loop
async def test_keys_that_the_user_refuses(desk: Screen) -> None:
    address = desk.environ["DBUS_SESSION_BUS_ADDRESS"]
    bus = await open_bus(address)
    async with portal(address, refuses=True):
        await introduce(bus)
        with pytest.raises(DesktopError, match="not confirmed"):
            await PortalKeys(bus, print, print).listen(KEYS)
    await bus.close()


@on_loop
async def test_a_desktop_without_a_portal(desk: Screen) -> None:
    bus = await open_bus(desk.environ["DBUS_SESSION_BUS_ADDRESS"])
    with pytest.raises(DesktopError):
        await PortalKeys(bus, print, print).listen(KEYS)
    await bus.close()
