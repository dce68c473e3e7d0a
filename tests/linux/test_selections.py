from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from koe.linux import selections
from koe.linux.compositor import Compositor
from koe.linux.selections import Selections
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE
from tests.linux.sway import Sway

LARGE = "你好 " * 100_000


@asynccontextmanager
async def clipboard_of(sway: Sway) -> AsyncIterator[tuple[Compositor, Selections]]:
    compositor = Compositor(sway.environ)
    await compositor.settle()
    seat = compositor.bind("wl_seat")
    manager = compositor.bind(selections.INTERFACE, selections.VERSION)
    assert seat is not None
    assert manager is not None
    clipboard = Selections(compositor, manager, seat)
    await compositor.settle()
    try:
        async with asyncio.timeout(PATIENCE):
            yield compositor, clipboard
    finally:
        compositor.close()


@pytest.mark.parametrize("text", ["Grüße 你好 👍\n", LARGE])
@on_loop
async def test_other_programs_get_a_text(sway: Sway, text: str) -> None:
    async with clipboard_of(sway) as (compositor, clipboard):
        clipboard.put(text)
        read = clipboard.expect_reader()
        assert await asyncio.to_thread(sway.copied) == text
        await read
        assert clipboard.owns()
        await asyncio.to_thread(sway.copy, "another program's")
        while clipboard.owns():
            await compositor.settle()
        clipboard.bring_back({"text/plain": b"too late"})
        assert await asyncio.to_thread(sway.copied) == "another program's"


@on_loop
async def test_what_it_held_comes_back(sway: Sway) -> None:
    await asyncio.to_thread(sway.copy, LARGE)
    async with clipboard_of(sway) as (compositor, clipboard):
        before = await clipboard.contents()
        assert before["text/plain;charset=utf-8"] == LARGE.encode()
        clipboard.put("temporary", temporary=True)
        await compositor.settle()
        clipboard.bring_back(before)
        assert await asyncio.to_thread(sway.copied) == LARGE
        assert await clipboard.contents(is_primary=True) == {}
        clipboard.put("selected", is_primary=True)
        await compositor.settle()
        clipboard.bring_back({}, is_primary=True)
        await compositor.settle()
        assert not clipboard.owns(is_primary=True)
