"""Resolves names of keys, as users write them, to the codes that shells compare (spec config §10).

Codes and flags are macOS virtual key codes and event modifier flags, except in the Windows table of
`resolve_basic`. Nothing here raises: an unknown name resolves to a default key, because the user
must always be able to start a recording.
"""

# Annotations are not postponed: compiling those of a NamedTuple takes 7 % of the start of a shell.

import re
from typing import NamedTuple

MODIFIER_ONLY = 0
"""The match kind of a modifier key that is pressed alone."""
KEY_DOWN = 1
"""The match kind of an ordinary key, alone or with modifiers."""


class Hotkey(NamedTuple):
    """A resolved key.

    Attributes:
        key_code: Virtual key code.
        alt_key_code: Second code that the same key may report; 0 if there is none.
        modifier_flag: For a modifier key, its own state bit; for a combination, the mask of
            modifiers that must match exactly; 0 for an ordinary key alone.
        match_kind: `MODIFIER_ONLY` or `KEY_DOWN`.
    """

    key_code: int
    alt_key_code: int = 0
    modifier_flag: int = 0
    match_kind: int = MODIFIER_ONLY


# The flags are the device-dependent bits, which distinguish left and right. `resolve_cancel` takes
# the next key in this order (spec config §8.4).
_NAMED = {
    "fn": Hotkey(63, 179, 0x00800000),
    "left_option": Hotkey(58, 0, 0x00000020),
    "right_option": Hotkey(61, 0, 0x00000040),
    "left_command": Hotkey(55, 0, 0x00000008),
    "right_command": Hotkey(54, 0, 0x00000010),
    "left_control": Hotkey(59, 0, 0x00000001),
    "right_control": Hotkey(62, 0, 0x00002000),
}

# Spec config §10.5: device-independent masks, which left and right share, and no entries for the
# control keys.
_BASIC = {
    "fn": _NAMED["fn"],
    "left_option": Hotkey(58, 0, 0x00080000),
    "right_option": Hotkey(61, 0, 0x00080000),
    "left_command": Hotkey(55, 0, 0x00100000),
    "right_command": Hotkey(54, 0, 0x00100000),
}

# Windows virtual key codes (spec config §10.5).
_WINDOWS = {
    "left_ctrl": Hotkey(0xA2),
    "right_ctrl": Hotkey(0xA3),
    "caps_lock": Hotkey(0x14),
    "scroll_lock": Hotkey(0x91),
}

# Modifiers of combinations, in the order of the canonical spelling (spec config §10.3).
_MODIFIERS = {
    "command": 0x00100000,
    "option": 0x00080000,
    "control": 0x00040000,
    "shift": 0x00020000,
    "fn": 0x00800000,
}
_MODIFIER_ALIASES = {
    "cmd": "command",
    "alt": "option",
    "ctrl": "control",
    "function": "fn",
    "globe": "fn",
}

NAMES = (*_NAMED, *_WINDOWS)
"""The keys that have a name, on any platform."""

_KEY_CODE = re.compile(r"0[xX]\+?0*([0-9A-Fa-f]{1,4})|\+?0*([0-9]{1,5})")
_HIGHEST_KEY_CODE = 0xFFFF

_TRIGGER_MODES = {"hold": 0, "toggle": 1, "double_tap": 2}


def resolve(name: str) -> Hotkey:
    """A named key, a key code such as ``122`` or ``0x7A``, or a combination such as ``cmd+49``.

    Anything else is ``fn`` (spec config §§10.2-10.4).
    """
    named = _NAMED.get(name)
    if named is not None:
        return named
    key_code = _parse_key_code(name)
    if key_code is not None:
        return Hotkey(key_code, match_kind=KEY_DOWN)
    return _parse_combination(name) or _NAMED["fn"]


def normalise(name: str) -> str:
    """The canonical spelling of the key that `resolve` finds (spec config §10.4)."""
    if name in _NAMED:
        return name
    hotkey = resolve(name)
    if hotkey.match_kind == MODIFIER_ONLY:
        return "fn"
    words = [word for word, flag in _MODIFIERS.items() if hotkey.modifier_flag & flag]
    return "+".join([*words, str(hotkey.key_code)])


def is_known(name: str) -> bool:
    """Whether `resolve`, or `resolve_basic` on Windows, knows the name.

    A blank name counts as known: it selects the default.
    """
    word = name.strip().lower()
    return word in {"", "fn"} or name in _WINDOWS or normalise(name) != "fn"


def canonical(name: str) -> str:
    """The spelling of ``name`` for a file: as `normalise`, but names of Windows keys are kept.

    Names with ``${NAME}`` are kept, too, because their value may change.
    """
    return name if name in _WINDOWS or "${" in name else normalise(name)


def resolve_named(name: str) -> Hotkey:
    """One of the seven named keys; anything else is ``fn`` (spec config §10.6)."""
    return _NAMED.get(name, _NAMED["fn"])


def resolve_cancel(trigger: str, cancel: str) -> Hotkey:
    """The cancel key, which is never the key that `resolve_named` finds for ``trigger``.

    Named keys only: an unknown ``cancel`` means ``left_option``, and one that equals the trigger
    is replaced by the next named key (spec config §8.4).
    """
    names = list(_NAMED)
    trigger = trigger if trigger in _NAMED else "fn"
    cancel = cancel if cancel in _NAMED else "left_option"
    if cancel == trigger:
        cancel = names[(names.index(trigger) + 1) % len(names)]
    return _NAMED[cancel]


def resolve_basic(name: str, windows: bool) -> Hotkey:
    """The key for a shell without support for key codes and match kinds (spec config §10.5).

    Args:
        name: The trigger key as configured.
        windows: Use Windows names and virtual key codes; there an unknown name, and ``fn``, means
            the right control key. Otherwise an unknown name means ``fn``.
    """
    if windows:
        return _WINDOWS.get(name, _WINDOWS["right_ctrl"])
    return _BASIC.get(name, _BASIC["fn"])


def trigger_mode_code(text: str) -> int:
    """0 for hold and any unknown text, 1 for toggle, 2 for double_tap (spec config §10.7)."""
    return _TRIGGER_MODES.get(text, 0)


def _parse_key_code(text: str) -> int | None:
    match = _KEY_CODE.fullmatch(text.strip())
    if match is None:
        return None
    hexadecimal, decimal = match.groups()
    key_code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return key_code if key_code <= _HIGHEST_KEY_CODE else None


def _parse_combination(text: str) -> Hotkey | None:
    """One key code and one or more modifiers, in any order; None for anything else."""
    modifier_flag = 0
    key_codes = []
    for part in text.split("+"):
        word = part.strip().lower()
        modifier = _MODIFIERS.get(_MODIFIER_ALIASES.get(word, word))
        if modifier is not None:
            modifier_flag |= modifier
            continue
        key_code = _parse_key_code(word)
        if key_code is None:
            return None
        key_codes.append(key_code)
    if len(key_codes) != 1 or not modifier_flag:
        return None
    return Hotkey(key_codes[0], modifier_flag=modifier_flag, match_kind=KEY_DOWN)
