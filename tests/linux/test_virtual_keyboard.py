from __future__ import annotations

from koe.linux.delivery import Window, chord_for
from koe.linux.virtual_keyboard import _KEYS, keymap


def test_the_layout_has_every_key_that_pastes() -> None:
    for kind in ("gedit", "kitty", "xterm", "emacs"):
        assert set(chord_for(Window(1, kind)).keysyms) <= _KEYS.keys()
    for code, _, name in _KEYS.values():
        assert f"<K{code}> = {code + 8};" in keymap()
        assert f"key <K{code}> {{ [ {name} ] }};" in keymap()
