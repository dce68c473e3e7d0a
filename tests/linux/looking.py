"""What a test does with a display of its own."""

from __future__ import annotations

import asyncio

from koe.linux.delivery import Window
from koe.linux.x11 import Display
from tests.linux.making import PATIENCE

_POINTER_ROOT, _NOW = 1, 0


async def focus(display: Display, kind: str) -> Window:
    """Give the focus to the window of a program, as a window manager does, once it is there."""
    async with asyncio.timeout(PATIENCE):
        while True:
            tree = display.reply(display.core.QueryTree(display.root))
            for window in reversed(list(tree.children)):
                attributes = display.reply(display.core.GetWindowAttributes(window))
                if attributes and attributes.map_state and display.kind_of(window) == kind:
                    display.core.SetInputFocus(_POINTER_ROOT, window, _NOW)
                    # The answer also makes sure that other connections see it from now on.
                    focused = display.reply(display.core.GetInputFocus())
                    if focused and focused.focus == window:
                        return Window(window, kind)
            await asyncio.sleep(0.01)
