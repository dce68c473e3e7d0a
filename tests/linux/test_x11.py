from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("xcffib")

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
        assert await display.lost == "the X server has gone"
    with pytest.raises(DesktopError, match="the X server has gone"):
        display.active_window()
    display.close()
