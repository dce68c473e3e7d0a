from __future__ import annotations

import pytest

from koe.config.hotkeys import NAMES
from koe.linux.keys import DEFAULT, Key, key_of


@pytest.mark.parametrize("name", ["", "fn", " fn ", "nonsense", "cmd+", "cmd"])
def test_what_linux_does_not_see_is_another_key(name: str) -> None:
    assert key_of(name) == Key(DEFAULT, (0xFFE4,), None)


def test_every_name_is_a_key() -> None:
    for name in NAMES:
        key = key_of(name)
        assert key.keysyms
        assert key.modifiers is None


@pytest.mark.parametrize(
    ("name", "keysym", "modifiers"),
    [
        ("122", 0xFFBE, 0),  # F1
        ("0x7A", 0xFFBE, 0),
        ("90", 0xFFD1, 0),  # F20
        ("cmd+49", ord(" "), 64),
        ("ctrl+alt+49", ord(" "), 12),
        ("shift+0", ord("a"), 1),
        ("ctrl+47", ord("."), 4),
        ("ctrl+35", ord("p"), 4),
        ("fn+126", 0xFF52, 0),
    ],
)
def test_codes(name: str, keysym: int, modifiers: int) -> None:
    assert key_of(name) == Key(name, (keysym,), modifiers)


def test_a_key_that_only_a_mac_has() -> None:
    assert key_of("ctrl+10").keysyms == ()
