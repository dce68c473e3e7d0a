"""Keys that are listened to in every window of X11."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import xcffib.xproto as xproto

from koe.errors import DesktopError
from koe.linux.keys import Key
from koe.linux.x11 import Display


class GrabbedKey:
    """One key, grabbed. All methods run on the event loop.

    Args:
        display: The server.
        key: The key to grab.
        pressed: Called when it goes down.
        released: Called when it goes up.
    """

    def __init__(
        self,
        display: Display,
        key: Key,
        pressed: Callable[[], None],
        released: Callable[[], None],
    ) -> None:
        self._display = display
        self._key = key
        self._pressed = pressed
        self._released = released
        # The keys of the keyboard that are grabbed.
        self._keycodes: set[int] = set()
        # Whether the server reports a repeating key as released only once, when it goes up.
        self._is_released_once = False
        display.on(xproto.KeyPressEvent, self._note_press)
        display.on(xproto.KeyReleaseEvent, self._note_release)
        display.on(xproto.MappingNotifyEvent, self._note_mapping)

    @property
    def is_grabbed(self) -> bool:
        """Whether it is listened to."""
        return bool(self._keycodes)

    def grab(self) -> None:
        """Listen to the key; no other program gets it.

        Raises:
            DesktopError: Another program has it, or the keyboard lacks it.
        """
        with self._display.asking():
            self._is_released_once = self._display.detect_repeats()
            keycodes = [code for it in self._key.keysyms for code in self._display.keycodes(it)]
            if not keycodes:
                raise DesktopError(f"this keyboard has no key {self._key.name}; {_CHOOSE}")
            if not self._display.grab(keycodes[0], self._key.modifiers):
                raise DesktopError(f"another program listens to {self._key.name}; {_CHOOSE}")
            self._keycodes = {keycodes[0]}

    def ungrab(self) -> None:
        """Release the grab, so that windows get the key again."""
        with self._display.asking():
            for keycode in self._keycodes:
                self._display.ungrab(keycode)
        self._keycodes = set()

    def _note_press(self, event: Any) -> None:
        if event.detail in self._keycodes:
            self._pressed()

    def _note_release(self, event: Any) -> None:
        if event.detail not in self._keycodes:
            return
        if self._is_released_once or event.detail not in self._display.held_keys():
            self._released()

    def _note_mapping(self, event: Any) -> None:
        """Grab the key again after the keyboard layout has changed.

        The old grab ends after that, so that no press is missed meanwhile.
        """
        if not (before := self._keycodes):
            return
        self._keycodes = set()
        try:
            self.grab()
        finally:
            with self._display.asking():
                for keycode in before - self._keycodes:
                    self._display.ungrab(keycode)


_CHOOSE = "choose another key (koe config show hotkey lists the settings), then restart koe serve"
