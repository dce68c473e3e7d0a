"""Hotkeys from the kernel (/dev/input), for compositors that report no hotkeys.

This reads every key of every keyboard, so it is only done if ``linux.evdev`` is set, for users of
the group ``input``. Other programs get the keys, too. All but the hotkeys are ignored, and no key
is stored.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from koe.errors import DesktopError
from koe.linux.keys import Key

DEVICES = Path("/dev/input")

UNREADABLE_KEYBOARDS = (
    f"no keyboard below {DEVICES} can be read; run: sudo usermod -aG input $USER, and log in "
    "again, or set linux.evdev to no"
)

# struct input_event (linux/input.h): the time, type, code and value.
EVENT = struct.Struct("@llHHi")
_KEY = 1
_UP, _DOWN = 0, 1  # 2: it repeats

_READ_EVENTS = 64

# The codes of the kernel by keysyms of X11, for a US keyboard.
_ROWS = {16: "qwertyuiop[]", 30: "asdfghjkl;'`", 43: "\\zxcvbnm,./", 2: "1234567890-="}
_CODES: dict[int, int] = {
    **{ord(it): first + at for first, row in _ROWS.items() for at, it in enumerate(row)},
    **{0xFFBE + at: code for at, code in enumerate([*range(59, 69), 87, 88, *range(183, 191)])},
    0x20: 57, 0xFF0D: 28, 0xFF09: 15, 0xFF08: 14, 0xFF1B: 1, 0xFF7F: 69, 0xFF8D: 96, 0xFF14: 70,
    0xFF50: 102, 0xFF51: 105, 0xFF52: 103, 0xFF53: 106, 0xFF54: 108, 0xFF55: 104, 0xFF56: 109,
    0xFF57: 107, 0xFF63: 110, 0xFFFF: 111, 0xFFE5: 58,
    0xFFE1: 42, 0xFFE2: 54, 0xFFE3: 29, 0xFFE4: 97, 0xFFE9: 56, 0xFFEA: 100, 0xFE03: 100,
    0xFFEB: 125, 0xFFEC: 126,
}  # fmt: skip

# The codes of modifiers, to their mask of X.
_MODIFIERS = {29: 4, 97: 4, 42: 1, 54: 1, 56: 8, 100: 8, 125: 64, 126: 64}


class KernelHotkey(NamedTuple):
    """A hotkey in the numbers of the kernel.

    Attributes:
        code: The code of the key.
        modifiers: The modifiers that must be down, as a mask of X; None: any may be.
    """

    code: int
    modifiers: int | None


def codes_of(key: Key) -> KernelHotkey:
    """A hotkey in the numbers of the kernel.

    Raises:
        DesktopError: The kernel has no known code for the key.
    """
    found = next((_CODES[keysym] for keysym in key.keysyms if keysym in _CODES), None)
    if found is None:
        raise DesktopError(
            f"no keyboard has the key {key.name}; choose another key in the settings of hotkey"
        )
    return KernelHotkey(found, key.modifiers)


def code_of(keysym: int) -> int:
    """The code of the key with a keysym on a US keyboard, which must have such a key."""
    return _CODES[keysym]


class KernelKeys:
    """Reads keyboards. All methods run on the event loop.

    Args:
        keys: For each hotkey, the function to call: with True when the key goes down, with False
            when it goes up.
    """

    def __init__(self, keys: Mapping[KernelHotkey, Callable[[bool], None]]) -> None:
        self._keys = keys
        # The codes of the modifiers that are down, and the hotkeys that are down.
        self._held: set[int] = set()
        self._down: set[KernelHotkey] = set()
        # Descriptors of keyboards.
        self._devices: list[int] = []

    def listen(self, paths: Iterable[Path]) -> None:
        """Listen to keyboards.

        Args:
            paths: Their devices; a device without keys is ignored.

        Raises:
            DesktopError: No keyboard can be read.
        """
        for path in paths:
            try:
                device = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError:
                continue
            self._devices.append(device)
            asyncio.get_running_loop().add_reader(device, self._read, device)
        if not self._devices:
            raise DesktopError(UNREADABLE_KEYBOARDS)

    def close(self) -> None:
        """Stop listening."""
        for device in list(self._devices):
            self._drop(device)

    def _read(self, device: int) -> None:
        try:
            data = os.read(device, EVENT.size * _READ_EVENTS)
        except BlockingIOError:
            return
        except OSError:  # it was unplugged
            data = b""
        if not data:
            self._drop(device)
        for *_, kind, code, value in EVENT.iter_unpack(data):  # the kernel gives whole events
            if kind == _KEY and value in (_UP, _DOWN):
                self._note(code, is_down=value == _DOWN)

    def _note(self, code: int, *, is_down: bool) -> None:
        held = sum({_MODIFIERS[it] for it in self._held})
        for key, call in self._keys.items():
            if key.code != code:
                continue
            if is_down and key.modifiers in (None, held):
                self._down.add(key)
                call(True)
            elif not is_down and key in self._down:
                self._down.discard(key)
                call(False)
        if code in _MODIFIERS:
            (self._held.add if is_down else self._held.discard)(code)

    def _drop(self, device: int) -> None:
        asyncio.get_running_loop().remove_reader(device)
        os.close(device)
        self._devices.remove(device)
