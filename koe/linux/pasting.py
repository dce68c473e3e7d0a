"""Pasting on X11: a text on the clipboard, and the keys that have a window take it from there."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from koe.errors import DesktopError
from koe.linux.clipboard import CLIPBOARD, PRIMARY, Clipboard, Contents
from koe.linux.delivery import Tried, Window, chord_for
from koe.linux.x11 import Display

# Seconds until a window that was sent the keys has taken the text; a busy one takes its time.
_PATIENCE = 1.5

# Seconds until the user has let go of all keys, among which a chord would mean something else: one
# may hold the hotkey for the next dictation.
_KEYS_PATIENCE = 30.0
_KEYS_INTERVAL = 0.01


class Pasting:
    """Pastes, one text at a time. Everything is on the loop.

    Args:
        display: The server.

    Attributes:
        is_blind: False: it is known which window has the focus.
    """

    is_blind = False

    def __init__(self, display: Display) -> None:
        self._display = display
        self._clipboard = Clipboard(display)
        # What is to be brought back, by selection, and when.
        self._held: dict[str, Contents | None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def active_window(self) -> Window | None:
        """The window with the focus; None: it is not known.

        Raises:
            DesktopError: The server has gone; all else here raises the same.
        """
        return self._display.active_window()

    async def leave(self, text: str) -> None:
        """Leave a text on the clipboard."""
        self._keep()
        with self._display.asking():
            self._clipboard.put(text, CLIPBOARD)

    async def paste(self, text: str, window: Window, restore_delay: float) -> Tried:
        """Have a window paste a text, if it still has the focus.

        Args:
            text: What to paste.
            window: Where to.
            restore_delay: Seconds after which the clipboard gets back what it held. It does not
                where the window has not taken the text.
        """
        with self._display.asking():
            return await self._paste(text, window, restore_delay)

    async def _paste(self, text: str, window: Window, restore_delay: float) -> Tried:
        chord = chord_for(window)
        keycodes = [next(iter(self._display.keycodes(it)), 0) for it in chord.keysyms]
        if not all(keycodes) or not await self._keys_are_up():
            return Tried.REFUSED
        selections = (CLIPBOARD, PRIMARY) if chord.is_primary else (CLIPBOARD,)
        held = await self._take_held(selections)
        now = self._display.active_window()
        if now is None or now.id != window.id:
            self._held = held
            self._restore()
            return Tried.REFUSED
        self._clipboard.put(text, *selections, passing=True)
        self._display.send_chord(keycodes)
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._clipboard.taken_by_client_of(window.id)
        except TimeoutError:
            return Tried.UNCLEAR
        self._held = held
        self._timer = asyncio.get_running_loop().call_later(restore_delay, self._restore)
        return Tried.ARRIVED

    async def _take_held(self, selections: tuple[str, ...]) -> dict[str, Contents | None]:
        """What is to come back later: what the paste before saved, or else the content now."""
        pending = self._held
        self._keep()
        held = {}
        for selection in selections:
            if selection in pending and self._clipboard.owns(selection):
                held[selection] = pending[selection]
            else:
                held[selection] = await self._clipboard.contents(selection)
        return held

    def close(self) -> None:
        """Bring nothing back any more; the server is to be left."""
        self._keep()

    def _restore(self) -> None:
        with suppress(DesktopError), self._display.asking():
            for selection, contents in self._held.items():
                self._clipboard.bring_back(contents, selection)
        self._keep()

    def _keep(self) -> None:
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
