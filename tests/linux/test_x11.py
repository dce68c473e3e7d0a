from __future__ import annotations

import asyncio
import select
from typing import Any

import pytest

pytest.importorskip("xcffib")

from xcffib import xproto

from koe.errors import DesktopError
from koe.linux.x11 import Display
from tests.asynchronous import on_loop
from tests.linux.looking import focus
from tests.linux.making import PATIENCE
from tests.linux.screen import GtkField, Screen, screen

CONTROL, V = 0xFFE3, 0x76


@on_loop
async def test_no_server() -> None:
    with pytest.raises(DesktopError, match="the X server :9999 can't be reached"):
        Display(":9999")


@on_loop
async def test_the_window_with_the_focus(desk: Screen, field: GtkField) -> None:
    display = Display(desk.environ["DISPLAY"])
    display.core.SetInputFocus(1, 1, 0)
    assert display.active_window() is None
    window = await focus(display, "gtk_field.py")
    assert display.active_window() == window
    assert display.is_of_client(window.id, window.id + 1)
    assert not display.is_of_client(window.id, display.connection.generate_id())
    display.close()


@on_loop
async def test_a_window_that_has_gone(desk: Screen) -> None:
    display = Display(desk.environ["DISPLAY"])
    assert display.kind_of(12345) == ""
    assert display.property_of(12345, 1) is None
    display.close()


@on_loop
async def test_an_event_that_comes_while_something_is_sent(desk: Screen) -> None:
    """The library reads it then, so that the descriptor has nothing for the loop any more."""
    one, other = Display(desk.environ["DISPLAY"]), Display(desk.environ["DISPLAY"])
    window, name = one.connection.generate_id(), one.atom("WM_NAME")
    one.core.CreateWindow(
        0, window, one.root, 0, 0, 1, 1, 0, xproto.WindowClass.InputOutput, 0,
        xproto.CW.EventMask, [xproto.EventMask.PropertyChange],
    )  # fmt: skip
    seen: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    one.on(xproto.PropertyNotifyEvent, seen.set_result)
    assert one.kind_of(window) == ""  # the window exists
    await asyncio.sleep(0)
    other.core.ChangeProperty(xproto.PropMode.Replace, window, name, name, 8, 1, b"x")
    other.flush()
    assert select.select([one.connection.get_file_descriptor()], [], [], PATIENCE)[0]
    one.core.NoOperation()
    one.flush()
    async with asyncio.timeout(PATIENCE):
        assert (await seen).atom == name
    one.close()
    other.close()


@on_loop
async def test_keys(desk: Screen, field: GtkField) -> None:
    display = Display(desk.environ["DISPLAY"])
    await focus(display, "gtk_field.py")
    assert display.keycodes(0x1234567) == []
    key = display.keycodes(CONTROL)[0]
    assert display.held_keys() == set()
    display.fake_key(key, is_down=True)
    assert display.held_keys() == {key}
    display.fake_key(key, is_down=False)
    assert display.held_keys() == set()
    display.close()


@on_loop
async def test_a_key_belongs_to_one_program(desk: Screen) -> None:
    one, other = Display(desk.environ["DISPLAY"]), Display(desk.environ["DISPLAY"])
    key = one.keycodes(V)[0]
    assert one.grab(key, 4)
    assert not other.grab(key, 4)
    assert not other.grab(key, None)
    assert other.grab(key, 8)
    one.ungrab(key)
    assert other.grab(key, 4)
    one.close()
    other.close()


@on_loop
async def test_a_server_that_goes(desk: Screen) -> None:
    with screen() as going:
        display = Display(going.environ["DISPLAY"])
        assert display.active_window() is None
    async with asyncio.timeout(PATIENCE):
        assert await display.lost == "the X server has ended"
    with pytest.raises(DesktopError, match="the X server has ended"):
        display.active_window()
    display.close()
