from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("dbus_fast")
pytest.importorskip("xcffib")

from koe.linux.bus import open_bus
from koe.linux.delivery import Tried
from koe.linux.fields import Fields, Focus, FocusedField, open_fields
from koe.linux.x11 import Display
from tests.asynchronous import on_loop
from tests.linux.looking import focus
from tests.linux.making import PATIENCE
from tests.linux.screen import GtkField, Screen, until

TEXTS = [
    'Hello, Grüße, 你好世界 👍 "q"',
    "e\u0301 combined, אבג עברית, العربية",
    "two\nlines\tand a tab",
    "👩‍👩‍👧‍👦🏳️‍🌈",
]


@asynccontextmanager
async def fields_of(desk: Screen) -> AsyncIterator[Fields]:
    bus = await open_bus(desk.environ["DBUS_SESSION_BUS_ADDRESS"])
    display = Display(desk.environ["DISPLAY"])
    await focus(display, "gtk_field.py")
    fields = await open_fields(bus)
    yield fields
    await fields.close()
    await bus.close()
    display.close()


async def found(fields: Fields) -> FocusedField:
    async with asyncio.timeout(PATIENCE):
        # GTK informs AT-SPI of a new window when it has time.
        while (field := (await fields.focus()).field) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return field


@on_loop
async def test_every_character_arrives(desk: Screen, field: GtkField) -> None:
    async with fields_of(desk) as fields:
        one = await found(fields)
        assert await one.is_focused()
        for text in TEXTS:
            assert await one.insert(text, "") is Tried.ARRIVED
        until(lambda: field.text == "".join(TEXTS))


@on_loop
async def test_a_text_directly_after_the_last_one_gets_a_space(
    desk: Screen, field: GtkField
) -> None:
    async with fields_of(desk) as fields:
        one = await found(fields)
        before = ""
        for text in ("One.", "Two.", "你好。", "再见👍"):
            assert await one.insert(text, before) is Tried.ARRIVED
            before = text
        assert await one.insert("Three.", "another text") is Tried.ARRIVED
        until(lambda: field.text == "One. Two. 你好。再见👍Three.")


@on_loop
async def test_the_window_with_the_focus(desk: Screen, field: GtkField) -> None:
    async with fields_of(desk) as fields:
        await found(fields)
        focused = await fields.focus()
        assert focused.window is not None
        assert focused.window.kind == "gtk_field.py"
        assert await fields.active_window() == focused.window


@on_loop
async def test_a_field_that_has_gone(desk: Screen, field: GtkField) -> None:
    async with fields_of(desk) as fields:
        one = await found(fields)
        gone = FocusedField(fields._bus, (":1.999", "/gone"), is_qt=False)
        assert not await gone.is_focused()
        assert await gone.insert("text", "") is Tried.REFUSED
        assert await one.is_focused()


@on_loop
async def test_no_field(desk: Screen) -> None:
    bus = await open_bus(desk.environ["DBUS_SESSION_BUS_ADDRESS"])
    fields = await open_fields(bus)
    assert await fields.focus() == Focus()
    assert await fields.active_window() is None
    await fields.close()
    assert (await fields.focus()).field is None
    await bus.close()
