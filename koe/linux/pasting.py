"""Pasting on X11: sets the clipboard, and sends the keys that paste."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from koe.errors import DesktopError
from koe.linux.clipboard import CLIPBOARD, PRIMARY, Clipboard, X11Contents
from koe.linux.delivery import Tried, Window, chord_for
from koe.linux.x11 import Display

# Seconds that a window may take to read the text after the keys.
_PATIENCE = 1.5

# Seconds to wait until the user has released all keys: a key that is held would change the meaning
# of the chord. The user may hold the hotkey for the next dictation.
_KEYS_PATIENCE = 30.0
_KEYS_INTERVAL = 0.01


class Pasting:
    """Pastes, one text at a time. All methods run on the event loop.

    Args:
        display: The server.

    Attributes:
        is_blind: False: it is known which window has the focus.
    """

    is_blind = False

    def __init__(self, display: Display) -> None:
        self._display = display
        self._clipboard = Clipboard(display)
        # The contents to restore, by selection, and the timer of that.
        self._held: dict[str, X11Contents | None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def active_window(self) -> Window | None:
        """The window with the focus; None: it is not known.

        Raises:
            DesktopError: The X server has ended; the other methods raise this, too.
        """
        return self._display.active_window()

    async def leave(self, text: str) -> None:
        """Leave a text on the clipboard."""
        self._cancel_restore()
        with self._display.asking():
            self._clipboard.put(text, CLIPBOARD)

    async def paste(self, text: str, window: Window, restore_delay: float) -> Tried:
        """Have a window paste a text, if it still has the focus.

        Args:
            text: What to paste.
            window: The window to paste into.
            restore_delay: Seconds after which the clipboard is restored; it is not if the window
                has not taken the text.
        """
        with self._display.asking():
            return await self._paste(text, window, restore_delay)

    async def _paste(self, text: str, window: Window, restore_delay: float) -> Tried:
        chord = chord_for(window)
        keycodes = [next(iter(self._display.keycodes(it)), 0) for it in chord.keysyms]
        if not all(keycodes):
            return Tried.NO_KEY
        if not await self._keys_are_up():
            return Tried.REFUSED
        selections = (CLIPBOARD, PRIMARY) if chord.is_primary else (CLIPBOARD,)
        held = await self._take_held(selections)
        now = self._display.active_window()
        if now is None or now.id != window.id:
            self._held = held
            self._restore()
            return Tried.REFUSED
        self._clipboard.put(text, *selections, temporary=True)
        self._display.send_chord(keycodes)
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._clipboard.taken_by_client_of(window.id)
        except TimeoutError:
            return Tried.UNCLEAR
        self._held = held
        self._timer = asyncio.get_running_loop().call_later(restore_delay, self._restore)
        return Tried.ARRIVED

    async def _take_held(self, selections: tuple[str, ...]) -> dict[str, X11Contents | None]:
        """The contents to restore later: those that the last paste saved, or the present ones."""
        pending = self._held
        self._cancel_restore()
        held = {}
        for selection in selections:
            if selection in pending and self._clipboard.owns(selection):
                held[selection] = pending[selection]
            else:
                held[selection] = await self._clipboard.contents(selection)
        return held

    def close(self) -> None:
        """Stop restoring the clipboard; called before the connection to the server is closed."""
        self._cancel_restore()

    def _restore(self) -> None:
        with suppress(DesktopError), self._display.asking():
            for selection, contents in self._held.items():
                self._clipboard.bring_back(contents, selection)
        self._cancel_restore()

    def _cancel_restore(self) -> None:
        """Leave the clipboard as it is."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._held = {}

    async def _keys_are_up(self) -> bool:
        """Wait until no key is down; False: one stays down."""
        try:
            async with asyncio.timeout(_KEYS_PATIENCE):
                # The server sends no event for it.
                while self._display.held_keys():  # noqa: ASYNC110
                    await asyncio.sleep(_KEYS_INTERVAL)
        except TimeoutError:
            return False
        return True
