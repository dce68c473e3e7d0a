"""Hotkey names: every row of the tables in spec config §§8.4, 10.2-10.7."""

from __future__ import annotations

import pytest

from koe.config.hotkeys import (
    KEY_DOWN,
    MODIFIER_ONLY,
    NAMES,
    Hotkey,
    is_known,
    normalise,
    resolve,
    resolve_basic,
    resolve_cancel,
    resolve_named,
    trigger_mode_code,
)

FN = Hotkey(63, 179, 0x800000, MODIFIER_ONLY)

NAMED = {
    "fn": FN,
    "left_option": Hotkey(58, 0, 0x20),
    "right_option": Hotkey(61, 0, 0x40),
    "left_command": Hotkey(55, 0, 0x8),
    "right_command": Hotkey(54, 0, 0x10),
    "left_control": Hotkey(59, 0, 0x1),
    "right_control": Hotkey(62, 0, 0x2000),
}

NOT_A_KEY = [
    *("FN", "Fn", " fn", "", "nope", "nonexistent", "right_ctrl", "caps_lock"),
    *("65536", "0x10000", "-5", "0x", "1e2", "9" * 30, "+0x7a", "\u0663"),
    *("cmd", "cmd+", "+cmd+49", "cmd++5", "cmd+shift", "cmd+49+50", "cmd+a"),
    *("left_option+49", "cmd+fn", "cmd+-5", "+", "49+50"),
]

KEY_CODES = [
    ("122", 122),
    (" 122 ", 122),
    ("+122", 122),
    ("0x7a", 122),
    ("0X7A", 122),
    ("0x+7A", 122),
    ("0", 0),
    ("00049", 49),
    ("65535", 65535),
    ("0xFFFF", 65535),
    ("+49", 49),
]

COMBINATIONS = [
    ("cmd+49", "command+49", 0x100000),
    ("command+49", "command+49", 0x100000),
    ("49+cmd", "command+49", 0x100000),
    (" cmd + 49 ", "command+49", 0x100000),
    ("CMD+49", "command+49", 0x100000),
    ("cmd+cmd+49", "command+49", 0x100000),
    ("cmd+command+49", "command+49", 0x100000),
    ("option+49", "option+49", 0x80000),
    ("alt+49", "option+49", 0x80000),
    ("control+49", "control+49", 0x40000),
    ("ctrl+49", "control+49", 0x40000),
    ("shift+49", "shift+49", 0x20000),
    ("fn+49", "fn+49", 0x800000),
    ("function+49", "fn+49", 0x800000),
    ("globe+49", "fn+49", 0x800000),
    ("shift+cmd+49", "command+shift+49", 0x120000),
    ("cmd+option+ctrl+shift+fn+0x31", "command+option+control+shift+fn+49", 0x9E0000),
]


@pytest.mark.parametrize(("name", "hotkey"), NAMED.items())
def test_named_keys(name: str, hotkey: Hotkey) -> None:
    assert resolve(name) == resolve_named(name) == hotkey
    assert normalise(name) == name


@pytest.mark.parametrize("name", NOT_A_KEY)
def test_anything_else_is_fn(name: str) -> None:
    assert resolve(name) == resolve_named(name) == FN
    assert normalise(name) == "fn"


def test_the_keys_that_are_known() -> None:
    codes = [name for name, _ in KEY_CODES] + [name for name, _, _ in COMBINATIONS]
    assert all(is_known(name) for name in [*NAMES, *codes])
    # How the default is spelled does not matter.
    known = {"FN", "Fn", " fn", "", "right_ctrl", "caps_lock"}
    assert {name for name in NOT_A_KEY if is_known(name)} == known


@pytest.mark.parametrize(("name", "key_code"), KEY_CODES)
def test_key_codes(name: str, key_code: int) -> None:
    assert resolve(name) == Hotkey(key_code, 0, 0, KEY_DOWN)
    assert normalise(name) == str(key_code)
    assert resolve_named(name) == FN


@pytest.mark.parametrize(("name", "canonical", "flag"), COMBINATIONS)
def test_combinations(name: str, canonical: str, flag: int) -> None:
    assert resolve(name) == Hotkey(49, 0, flag, KEY_DOWN)
    assert normalise(name) == canonical
    assert resolve(canonical) == resolve(name)


@pytest.mark.parametrize(
    ("name", "hotkey"),
    [
        ("fn", FN),
        ("left_option", Hotkey(58, 0, 0x80000)),
        ("right_option", Hotkey(61, 0, 0x80000)),
        ("left_command", Hotkey(55, 0, 0x100000)),
        ("right_command", Hotkey(54, 0, 0x100000)),
        ("left_control", FN),
        ("right_control", FN),
        ("right_ctrl", FN),
        ("FN", FN),
        ("122", FN),
        ("", FN),
    ],
)
def test_basic_keys_do_not_tell_left_from_right_by_flag(name: str, hotkey: Hotkey) -> None:
    assert resolve_basic(name, windows=False) == hotkey


@pytest.mark.parametrize(
    ("name", "key_code"),
    [
        ("left_ctrl", 0xA2),
        ("right_ctrl", 0xA3),
        ("caps_lock", 0x14),
        ("scroll_lock", 0x91),
        ("fn", 0xA3),
        ("left_option", 0xA3),
        ("Caps_Lock", 0xA3),
        ("", 0xA3),
    ],
)
def test_basic_keys_on_windows(name: str, key_code: int) -> None:
    assert resolve_basic(name, windows=True) == Hotkey(key_code, 0, 0)


@pytest.mark.parametrize(
    ("trigger", "cancel", "resolved"),
    [
        ("left_option", "", "right_option"),
        ("fn", "fn", "left_option"),
        ("96", "", "left_option"),
        ("96", "fn", "left_option"),
        ("right_control", "right_control", "fn"),
        ("left_option", "junk", "right_option"),
        ("fn", "right_command", "right_command"),
        ("fn", "Right_Command", "left_option"),
    ],
)
def test_cancel_key(trigger: str, cancel: str, resolved: str) -> None:
    assert resolve_cancel(trigger, cancel) == NAMED[resolved]


@pytest.mark.parametrize(
    ("name", "successor"), list(zip(NAMED, [*list(NAMED)[1:], "fn"], strict=True))
)
def test_cancel_key_gives_way_to_the_next_in_the_cycle(name: str, successor: str) -> None:
    assert resolve_cancel(name, name) == NAMED[successor]


@pytest.mark.parametrize(
    ("text", "code"),
    [("hold", 0), ("toggle", 1), ("double_tap", 2), ("Hold", 0), ("Toggle", 0), ("", 0), ("5", 0)],
)
def test_trigger_mode(text: str, code: int) -> None:
    assert trigger_mode_code(text) == code
