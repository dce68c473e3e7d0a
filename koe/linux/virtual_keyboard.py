"""A virtual keyboard on Wayland (zwp_virtual_keyboard_v1), with the keys that paste.

It is made once and kept, because the first keys of a new keyboard may be lost.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from koe.linux.compositor import Compositor

INTERFACE = "zwp_virtual_keyboard_manager_v1"

_CREATE = 0
_KEYMAP, _KEY, _MODIFIERS = 0, 1, 2
_XKB_V1 = 1
_UP, _DOWN = 0, 1

# Each key: its symbol of X11, its number as the kernel counts, the mask of its modifier, its name
# in the keymap. XKB counts from 8 on.
_KEYS = {
    0xFFE3: (29, 4, "Control_L"),
    0xFFE1: (42, 1, "Shift_L"),
    0x76: (47, 0, "v"),
    0xFF63: (110, 0, "Insert"),
}
_XKB_OFFSET = 8


def keymap() -> str:
    """The layout of the keyboard, as text of XKB."""
    keys = [(f"<K{code}>", code + _XKB_OFFSET, name) for code, _, name in _KEYS.values()]
    codes = " ".join(f"{key} = {number};" for key, number, _ in keys)
    symbols = " ".join(f"key {key} {{ [ {name} ] }};" for key, _, name in keys)
    return (
        "xkb_keymap {\n"
        f'xkb_keycodes "koe" {{ minimum = 8; maximum = 255; {codes} }};\n'
        'xkb_types "koe" { include "complete" };\n'
        'xkb_compatibility "koe" { include "complete" };\n'
        f'xkb_symbols "koe" {{ {symbols} modifier_map Control {{ <K29> }}; '
        "modifier_map Shift { <K42> }; };\n"
        "};\n"
    )


class VirtualKeyboard:
    """Sends keys to the window with the focus.

    Args:
        compositor: The connection to the compositor.
        manager: The object that makes keyboards.
        seat: The seat that the keyboard belongs to.
    """

    def __init__(self, compositor: Compositor, manager: int, seat: int) -> None:
        self._compositor = compositor
        self._keyboard = compositor.new()
        compositor.request(manager, _CREATE, seat, self._keyboard)
        text = keymap().encode() + b"\0"
        descriptor = os.memfd_create("koe-keymap", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, text)
            compositor.request(self._keyboard, _KEYMAP, _XKB_V1, len(text), descriptor=descriptor)
        finally:
            os.close(descriptor)

    async def send_chord(self, keysyms: Iterable[int]) -> None:
        """Press keys one after the other, and release them in the other order.

        Args:
            keysyms: Keysyms that the keymap of this keyboard has.

        Raises:
            DesktopError: The compositor has gone.
        """
        keys = [_KEYS[keysym] for keysym in keysyms]
        held = 0
        for code, mask, _ in keys:
            self._send(code, _DOWN)
            if mask:
                held |= mask
                self._hold(held)
        for code, mask, _ in reversed(keys):
            self._send(code, _UP)
            if mask:
                held &= ~mask
                self._hold(held)

    def _send(self, code: int, state: int) -> None:
        milliseconds = time.monotonic_ns() // 1_000_000 & 0xFFFFFFFF
        self._compositor.request(self._keyboard, _KEY, milliseconds, code, state)

    def _hold(self, modifiers: int) -> None:
        self._compositor.request(self._keyboard, _MODIFIERS, modifiers, 0, 0, 0)
