"""The clipboard of Wayland, by wl-copy. No program may ask there which window has the focus."""

from __future__ import annotations

import asyncio
import shutil

from koe.errors import DesktopError
from koe.linux.delivery import Tried, Window

_PROGRAM = "wl-copy"

# Seconds for it to take a text.
_PATIENCE = 2.0


class WaylandBoard:
    """Where texts are left on Wayland. Nothing is pasted: a window that is not known gets nothing.

    Raises:
        DesktopError: wl-copy is not installed.
    """

    def __init__(self) -> None:
        if shutil.which(_PROGRAM) is None:
            raise DesktopError("nothing can be put on the clipboard; install wl-clipboard")

    def active_window(self) -> Window | None:
        """None: it is not known."""
        return None

    async def paste(self, text: str, window: Window, restore_delay: float) -> Tried:
        """Refused."""
        return Tried.REFUSED

    async def leave(self, text: str) -> None:
        """Leave a text on the clipboard.

        Raises:
            DesktopError: The compositor does not take it.
        """
        process = await asyncio.create_subprocess_exec(
            _PROGRAM, "--type", "text/plain;charset=utf-8",
            stdin=asyncio.subprocess.PIPE,
            # The process that stays behind to hand it out would keep them open.
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_PATIENCE):
                await process.communicate(text.encode())
        except TimeoutError:
            process.kill()
            await process.wait()
        if process.returncode != 0:
            raise DesktopError("the compositor did not take it on the clipboard")

    def close(self) -> None:
        """What is on the clipboard stays there."""
