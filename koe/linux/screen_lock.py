"""Follows whether GNOME's screen is locked, because GNOME then ends sessions of the portal."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from koe.errors import DesktopError
from koe.linux.bus import Bus

_SCREENSAVER = "org.gnome.ScreenSaver"
_PATH = "/org/gnome/ScreenSaver"


class ScreenLock:
    """Follows the lock of the screen. All methods run on the event loop.

    Args:
        bus: The user's D-Bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        # None: unknown yet.
        self._is_locked: bool | None = None
        self._changed = asyncio.Event()

    async def listen(self) -> None:
        """Begin to follow the lock.

        Raises:
            DesktopError: The bus has gone.
        """
        await self._bus.on(f"{_SCREENSAVER}.ActiveChanged", self._note)
        is_locked = False
        with suppress(DesktopError):  # another desktop has no such service
            (is_locked,) = await self._bus.call(_SCREENSAVER, _PATH, f"{_SCREENSAVER}.GetActive")
        if self._is_locked is None:  # a signal that came meanwhile is newer than the answer
            self._is_locked = is_locked

    async def becomes(self, *, is_locked: bool, patience: float | None = None) -> bool:
        """Wait until the screen is locked, or until it is not.

        Args:
            is_locked: The state to wait for.
            patience: Seconds; None: for ever.

        Returns:
            Whether that state was reached.
        """
        try:
            async with asyncio.timeout(patience):
                while self._is_locked is not is_locked:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def _note(self, path: str, said: list[Any]) -> None:
        self._is_locked = bool(said[0])
        self._changed.set()
