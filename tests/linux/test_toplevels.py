from __future__ import annotations

import asyncio
from pathlib import Path

from koe.linux import toplevels
from koe.linux.compositor import Compositor
from koe.linux.delivery import Window
from koe.linux.toplevels import Toplevels
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE
from tests.linux.sway import Sway


@on_loop
async def test_the_window_with_the_focus(sway: Sway, tmp_path: Path) -> None:
    compositor = Compositor(sway.environ)
    await compositor.settle()
    manager = compositor.bind(toplevels.INTERFACE)
    assert manager is not None
    windows = Toplevels(compositor, manager)

    async def until(wanted: bool, but: Window | None = None) -> Window | None:
        async with asyncio.timeout(PATIENCE):
            while (window := windows.active()) == but or (window is not None) is not wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return window

    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with sway.field(tmp_path / "one"):
        first = await until(True)
        with sway.field(tmp_path / "two"):
            second = await until(True, but=first)
            assert second is not None
            assert second.kind == "gtk_field.py"
        assert await until(True, but=second) == first
    await until(False, but=first)
    compositor.close()
