"""Translates names of keys in ``config.yaml`` into keysyms of X11. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from koe.config.hotkeys import KEY_DOWN, resolve

# Masks of modifiers (X.h), by their flag in `koe.config.hotkeys`. There is no fn key.
_MODIFIERS = {0x00100000: 64, 0x00080000: 8, 0x00040000: 4, 0x00020000: 1}

_CONTROL_LEFT, _CONTROL_RIGHT = 0xFFE3, 0xFFE4
_ALT_RIGHT, _LEVEL_3 = 0xFFEA, 0xFE03

# Keysyms; if there are several, the keyboard's layout decides which of them exists.
_NAMED = {
    "left_option": (0xFFE9,),
    "right_option": (_ALT_RIGHT, _LEVEL_3),
    "left_command": (0xFFEB,),
    "right_command": (0xFFEC,),
    "left_control": (_CONTROL_LEFT,),
    "right_control": (_CONTROL_RIGHT,),
    "left_ctrl": (_CONTROL_LEFT,),
    "right_ctrl": (_CONTROL_RIGHT,),
    "caps_lock": (0xFFE5,),
    "scroll_lock": (0xFF14,),
}

# Keysyms by the virtual key codes of macOS (HIToolbox/Events.h), which config.yaml uses.
# First the keys of characters: the keysym of each is the code of the character.
_CHARACTERS = {
    **dict(enumerate("asdfhgzxcv")),
    **dict(enumerate("bqweryt123465=97-80]ou[ip", 11)),
    **dict(enumerate("lj'k;\\,/nm.", 37)),
    49: " ",
    50: "`",
}
_F_KEYS = (
    122,
    120,
    99,
    118,
    96,
    97,
    98,
    100,
    101,
    109,
    103,
    111,
    105,
    107,
    113,
    106,
    64,
    79,
    80,
    90,
)
_KEYSYMS = {
    **{code: ord(character) for code, character in _CHARACTERS.items()},
    **{code: 0xFFBE + number for number, code in enumerate(_F_KEYS)},
    36: 0xFF0D, 48: 0xFF09, 51: 0xFF08, 53: 0xFF1B, 71: 0xFF7F, 76: 0xFF8D,
    114: 0xFF63, 115: 0xFF50, 116: 0xFF55, 117: 0xFFFF, 119: 0xFF57, 121: 0xFF56,
    123: 0xFF51, 124: 0xFF53, 125: 0xFF54, 126: 0xFF52,
}  # fmt: skip

DEFAULT = "right_control"
"""The replacement of ``fn``, which no Linux program sees."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key to listen to.

    Attributes:
        name: The name for users.
        keysyms: The keysyms, of which any one counts; empty: there is no such key.
        modifiers: The modifiers that must be down, as a mask of X; None: any may be.
    """

    name: str
    keysyms: tuple[int, ...]
    modifiers: int | None


def key_of(name: str) -> Key:
    """The key that a setting such as ``hotkey.trigger_key`` means."""
    word = name.strip()
    if word in ("", "fn"):
        word = DEFAULT
    if word in _NAMED:
        return Key(word, _NAMED[word], None)
    hotkey = resolve(word)
    if hotkey.match_kind != KEY_DOWN:  # unknown, so it counts as fn
        return Key(DEFAULT, _NAMED[DEFAULT], None)
    keysym = _KEYSYMS.get(hotkey.key_code)
    modifiers = sum(mask for flag, mask in _MODIFIERS.items() if hotkey.modifier_flag & flag)
    return Key(word, () if keysym is None else (keysym,), modifiers)
