"""One notification, replaced in place. It never takes the focus."""

from __future__ import annotations

import asyncio
from html import escape

from koe.diagnostics import report_once
from koe.errors import DesktopError
from koe.linux.bus import Bus, variant
from koe.linux.status import Announcement

_NAME = "org.freedesktop.Notifications"
_PATH = "/org/freedesktop/Notifications"

_NORMAL = 1
_NEVER, _BY_DEFAULT = 0, -1

# Seconds after a failure until the next try.
_PAUSE = 60.0

# Seconds between two changes: live text comes more often than a person can read.
_INTERVAL = 0.1


class Notifications:
    """Shows the newest announcement. All methods run on the event loop.

    Args:
        bus: The user's.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        # What is to be shown; None: nothing.
        self._wanted: Announcement | None = None
        # What is shown, and the server's number of the notification; 0: there was none.
        self._shown: Announcement | None = None
        self._number = 0
        # The time of the next try; each one may start a server that does not work.
        self._trying_again_at = 0.0
        # The task that updates the notification; None: it is up to date.
        self._showing: asyncio.Task[None] | None = None

    def show(self, announcement: Announcement | None) -> None:
        """Replace the notification; None: close it."""
        self._wanted = announcement
        if asyncio.get_running_loop().time() < self._trying_again_at:
            return
        if self._showing is None and self._wanted != self._shown:
            self._showing = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Close the notification if it would stay; others disappear by themselves."""
        if self._wanted is not None and self._wanted.lasts:
            self.show(None)
        if self._showing is not None:
            await self._showing

    async def _follow(self) -> None:
        """Update the notification until it shows the newest announcement."""
        try:
            while self._wanted != self._shown:
                wanted = self._wanted
                await (self._withdraw() if wanted is None else self._send(wanted))
                self._shown = wanted
                await asyncio.sleep(_INTERVAL)
        except DesktopError as exc:
            report_once(
                f"no notification can be shown: {exc}; install a notification daemon, such as dunst"
            )
            self._shown = self._wanted
            self._trying_again_at = asyncio.get_running_loop().time() + _PAUSE
        finally:
            self._showing = None

    async def _send(self, it: Announcement) -> None:
        hints = {
            "urgency": variant("y", _NORMAL),
            # Live text need not be kept in the list of notifications.
            "transient": variant("b", it.lasts),
        }
        body, expires = escape(it.body, quote=False), _NEVER if it.lasts else _BY_DEFAULT
        (self._number,) = await self._bus.call(
            _NAME, _PATH, f"{_NAME}.Notify", "susssasa{sv}i",
            "koe", self._number, "audio-input-microphone", it.summary, body, [], hints, expires,
        )  # fmt: skip

    async def _withdraw(self) -> None:
        if self._number:
            await self._bus.call(_NAME, _PATH, f"{_NAME}.CloseNotification", "u", self._number)
