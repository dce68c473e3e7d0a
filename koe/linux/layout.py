"""The letter of the key in the place of V, in the layouts of the user's keyboard on Wayland.

If the letter is V, or is not Latin, Ctrl with this key pastes: with Cyrillic and Greek layouts
programs identify shortcuts by the place of the key. If it is another Latin letter, as in Dvorak,
Ctrl with this key is another shortcut.
"""

from __future__ import annotations

import os
import re

from koe.linux.compositor import Arguments, Compositor

# Numbers of requests and events: of the seat, and of a keyboard; what a seat can have.
_GET_KEYBOARD = 1
_CAPABILITIES, _KEYMAP = 0, 0
_HAS_KEYBOARD = 2

_XKB_V1 = 1

# The key, as XKB counts: 8 more than the kernel.
_V = 47 + 8


class KeyboardLayout:
    """Follows the layouts. All methods run on the event loop.

    Args:
        compositor: The connection to the compositor.
        seat: The seat that the keyboard belongs to.

    Attributes:
        has_v_in_place: Whether the key in the place of V pastes; False also if that is not known.
    """

    def __init__(self, compositor: Compositor, seat: int) -> None:
        self.has_v_in_place = False
        self._compositor = compositor
        self._seat = seat
        self._has_keyboard = False
        compositor.on(seat, _CAPABILITIES, self._note_capabilities)

    def _note_capabilities(self, arguments: Arguments) -> None:
        if arguments.word() & _HAS_KEYBOARD and not self._has_keyboard:
            self._has_keyboard = True
            keyboard = self._compositor.new()
            self._compositor.on(keyboard, _KEYMAP, self._note_keymap)
            self._compositor.request(self._seat, _GET_KEYBOARD, keyboard)

    def _note_keymap(self, arguments: Arguments) -> None:
        kind, descriptor, size = arguments.word(), arguments.descriptor(), arguments.word()
        try:
            text = os.pread(descriptor, size, 0).rstrip(b"\0").decode("utf-8", "replace")
        finally:
            os.close(descriptor)
        self.has_v_in_place = kind == _XKB_V1 and has_v_in_place(text)


def has_v_in_place(keymap: str) -> bool:
    """Whether, in every layout, the key in the place of V writes v or no Latin letter.

    Args:
        keymap: Text of XKB.
    """
    letters = _letters(keymap)
    return bool(letters) and all(it in ("v", "V") or not _is_latin(it) for it in letters)


def _letters(keymap: str) -> list[str]:
    """The names of what the key in the place of V writes without modifiers, one for each layout."""
    name = re.search(rf"(<[^>]+>)\s*=\s*{_V}\s*;", keymap)
    if name is None:
        return []
    key = re.search(rf"key\s*{re.escape(name[1])}\s*\{{(.*?)\}}\s*;", keymap, re.DOTALL)
    if key is None:
        return []
    # Remove the numbers of layouts, as in symbols[1] and actions[1]: the brackets that are left
    # contain symbols or actions, and no action is a letter.
    levels = re.sub(r"\w+\[\w+\]", "", key[1])
    return re.findall(r"\[\s*(\w+)", levels)


def _is_latin(name: str) -> bool:
    return len(name) == 1 and name.isascii() and name.isalpha()
