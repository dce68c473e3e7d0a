"""Texts into windows: tries what `koe.linux.delivery` decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from koe.config.schema import Config
from koe.errors import DesktopError
from koe.linux.delivery import (
    Chord,
    Delivered,
    Means,
    Tried,
    Way,
    Window,
    chord_for,
    goes_on,
    lost,
    on_the_clipboard,
    plan,
)

if TYPE_CHECKING:
    from koe.linux.fields import Field, Fields
    from koe.linux.pasting import Pasting

_REASONS = {
    Tried.REFUSED: "this window does not take it",
    Tried.UNCLEAR: "it is not known whether this window has taken it",
}

# Seconds that a text waits for the look-up of its field, which goes on while the user speaks.
_PATIENCE = 0.5


@dataclass(frozen=True, slots=True)
class Target:
    """Where a text belongs.

    Attributes:
        window: The one that had the focus at the press; None: it is not known.
        field: Looks up the field that had it; None: nothing can.
    """

    window: Window | None = None
    field: asyncio.Task[Field | None] | None = None


class Insertion:
    """Inserts texts, one at a time.

    Args:
        config: Gives the settings in force.
        pasting: The windows and the clipboard; None: there is no X server.
        fields: The fields of AT-SPI; None: it is not there.
    """

    def __init__(
        self,
        config: Callable[[], Config],
        pasting: Pasting | None = None,
        fields: Fields | None = None,
    ) -> None:
        self._config = config
        self._pasting = pasting
        self._fields = fields

    def aim(self) -> Target:
        """Note where a text that is about to be spoken belongs."""
        window = self._active_window()
        if self._fields is None or self._forced not in (None, Way.ACCESSIBLE):
            return Target(window)
        return Target(window, asyncio.create_task(self._fields.focused()))

    async def insert(self, text: str, target: Target) -> Delivered:
        """Hand over a text in the surest way that there is."""
        try:
            return await self._insert(text, target)
        except DesktopError as exc:
            return lost(str(exc))

    async def _insert(self, text: str, target: Target) -> Delivered:
        field = await self._field(target)
        now = self._active_window()
        means = Means(field is not None, self._pasting is not None)
        decided = plan(self._forced, means, target.window, now)
        reason = decided.reason
        for way in decided.ways:
            tried = Tried.REFUSED
            if way is Way.ACCESSIBLE and field is not None:
                tried = await field.insert(text)
            elif way is Way.PASTE and self._pasting is not None and now is not None:
                delay = self._config().clipboard.restore_delay_ms / 1000
                tried = await self._pasting.paste(text, now, delay)
            if tried is Tried.ARRIVED:
                return Delivered(way)
            if way is not Way.CLIPBOARD:
                reason = _REASONS[tried]
            if not goes_on(tried):
                break
        return self._leave(text, reason, None if now is None else chord_for(now))

    def _active_window(self) -> Window | None:
        if self._pasting is None:
            return None
        try:
            return self._pasting.active_window()
        except DesktopError:
            return None

    @property
    def _forced(self) -> Way | None:
        way = self._config().linux.insert
        return None if way == "auto" else Way(way)

    async def _field(self, target: Target) -> Field | None:
        """The field of the press, if it still has the focus."""
        if target.field is None:
            return None
        try:
            async with asyncio.timeout(_PATIENCE):
                field = await target.field
        except TimeoutError:
            return None
        return field if field is not None and await field.is_focused() else None

    def _leave(self, text: str, reason: str, chord: Chord | None) -> Delivered:
        if self._pasting is None:
            return lost(reason)
        self._pasting.leave(text)
        return on_the_clipboard(reason, chord)
