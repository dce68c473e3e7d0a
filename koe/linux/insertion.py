"""Inserts texts into windows, in the ways that `koe.linux.delivery` chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from koe.config.schema import Config
from koe.errors import DesktopError
from koe.linux.delivery import (
    UNKNOWN,
    Chord,
    Delivered,
    Inserted,
    Means,
    Tried,
    Way,
    Window,
    chord_for,
    following,
    goes_on,
    lost,
    on_the_clipboard,
    plan,
)

if TYPE_CHECKING:
    from koe.linux.fields import Fields, Focus, FocusedField

_REASONS = {
    Tried.REFUSED: "this window did not accept the text",
    Tried.NO_KEY: "your keyboard layout lacks a key that pastes",
    Tried.UNCLEAR: "it is not known whether this window accepted the text",
}

_NO_DESKTOP = "koe serve is connected to no desktop"
_TOO_EARLY = "koe serve had only just started when you began to speak, and knew no window yet"
_OTHER_DESKTOP = "the desktop has ended since you began to speak, and this is another one"

# Seconds that a text waits for the look-up of its field, which goes on while the user speaks.
_PATIENCE = 0.5

# Seconds that a text waits for the desktop, which is looked for when the daemon starts.
_OPENING_PATIENCE = 10.0


class Board(Protocol):
    """Windows and a clipboard: `koe.linux.pasting`, `koe.linux.wayland`.

    All methods raise DesktopError if the desktop has ended.

    Attributes:
        is_blind: Whether it sends keys without knowing which window has the focus.
    """

    @property
    def is_blind(self) -> bool:
        """Whether it sends keys without knowing the window."""

    def active_window(self) -> Window | None:
        """The window with the focus; None: it is not known."""

    async def paste(self, text: str, window: Window, restore_delay: float) -> Tried:
        """Have a window paste a text, and restore the clipboard after ``restore_delay`` seconds."""

    async def leave(self, text: str) -> None:
        """Leave a text on the clipboard."""

    def close(self) -> None:
        """Stop restoring the clipboard."""


@dataclass(frozen=True, slots=True)
class InsertionTarget:
    """The target of a text.

    Attributes:
        window: The one that had the focus at the press; None: the board does not know it.
        looking: The task that looks the focus up by AT-SPI; None: AT-SPI is not used.
        board: The board that reported the window; None: there was none.
        time: When it was noted, in seconds of the loop's clock.
    """

    window: Window | None = None
    looking: asyncio.Task[Focus] | None = None
    board: Board | None = None
    time: float = 0.0


class Insertion:
    """Inserts texts, one at a time.

    Args:
        config: Gives the settings in force.
    """

    def __init__(self, config: Callable[[], Config]) -> None:
        self._config = config
        # The windows and the clipboard, and the fields of AT-SPI; None: not available.
        self._board: Board | None = None
        self._fields: Fields | None = None
        # The last text, if it arrived.
        self._last: Inserted | None = None
        # Set when the search for a desktop has ended.
        self._is_settled = asyncio.Event()

    @property
    def may_paste(self) -> bool:
        """Whether the settings let keys be sent."""
        return self._forced in (None, Way.PASTE)

    def use(self, board: Board | None, fields: Fields | None) -> None:
        """Insert on this desktop from now on.

        Args:
            board: The windows and the clipboard; None: there are none.
            fields: The fields of AT-SPI; None: it is not there.
        """
        self._board = board
        self._fields = fields
        self._is_settled.set()

    def aim(self) -> InsertionTarget:
        """Note the target of a text that is about to be spoken."""
        window = self._active_window()
        now = asyncio.get_running_loop().time()
        is_needed = self._forced in (None, Way.ACCESSIBLE) or self._is_blind
        if self._fields is None or not is_needed:
            return InsertionTarget(window, board=self._board, time=now)
        looking = asyncio.create_task(self._fields.focus())
        return InsertionTarget(window, looking, self._board, now)

    async def insert(self, text: str, target: InsertionTarget) -> Delivered:
        """Insert a text in the safest possible way."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_OPENING_PATIENCE):
                await self._is_settled.wait()
        try:
            return await self._insert(text, target)
        except DesktopError as exc:
            return lost(str(exc))

    async def _insert(self, text: str, target: InsertionTarget) -> Delivered:
        window, field = await self._focus(target)
        now = self._active_window()
        # Another desktop may have another window with the same number.
        pressed = target.window if target.board is self._board else None
        if self._is_blind:
            pressed, now = window, await self._window_of_fields()
        means = Means(
            field is not None, self._board is not None, self._is_blind, self._obstacle(target)
        )
        decided = plan(self._forced, means, pressed, now)
        reason = decided.reason
        last, self._last = self._last, None
        into = now or UNKNOWN
        for way in decided.ways:
            tried = Tried.REFUSED
            if way is Way.ACCESSIBLE and field is not None:
                tried = await field.insert(text, "" if last is None else last.text)
            elif way is Way.PASTE and self._board is not None:
                delay = self._config().clipboard.restore_delay_ms / 1000
                spaced = following(last, into, target.time, text)
                tried = await self._board.paste(spaced, into, delay)
            if tried is Tried.ARRIVED:
                self._last = Inserted(text, into, asyncio.get_running_loop().time())
                return Delivered(way)
            if way is not Way.CLIPBOARD:
                reason = _REASONS[tried]
            if not goes_on(tried):
                break
        return await self._leave(text, reason, None if now is None else chord_for(now))

    def _active_window(self) -> Window | None:
        if self._board is None:
            return None
        try:
            return self._board.active_window()
        except DesktopError:
            return None

    @property
    def _forced(self) -> Way | None:
        way = self._config().linux.insert
        return None if way == "auto" else Way(way)

    @property
    def _is_blind(self) -> bool:
        return self._board is not None and self._board.is_blind

    def _obstacle(self, target: InsertionTarget) -> str:
        """Why the window that had the focus at the press can't be known; empty: it could be."""
        if self._board is None:
            return _NO_DESKTOP
        if self._is_blind or target.board is self._board:
            return ""
        return _TOO_EARLY if target.board is None else _OTHER_DESKTOP

    async def _focus(self, target: InsertionTarget) -> tuple[Window | None, FocusedField | None]:
        """The window at the press, as AT-SPI knows it, and its field if it still has the focus."""
        if target.looking is None:
            return None, None
        try:
            async with asyncio.timeout(_PATIENCE):
                focus = await target.looking
        except TimeoutError:
            return None, None
        field = focus.field
        return focus.window, field if field is not None and await field.is_focused() else None

    async def _window_of_fields(self) -> Window | None:
        """The window that has the focus now, as AT-SPI knows it."""
        if self._fields is None:
            return None
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._fields.active_window()
        except TimeoutError:
            return None

    async def _leave(self, text: str, reason: str, chord: Chord | None) -> Delivered:
        if self._board is None:
            return lost(reason or _NO_DESKTOP)
        await self._board.leave(text)
        return on_the_clipboard(reason, chord)
