from __future__ import annotations

import re

import pytest

from koe.linux.bindings import BINDINGS
from koe.linux.control import ACTIONS


@pytest.mark.parametrize("desktop", BINDINGS)
def test_bindings(desktop: str) -> None:
    text = BINDINGS[desktop]("/opt/bin/koe-key")
    words = re.findall(r"/opt/bin/koe-key\"? \"?(\w+)", text)
    assert set(words) <= ACTIONS.keys()
    assert words[-1] == "cancel"
    assert ("release" in words) == ("press" in words) == (desktop in ("sway", "hyprland", "river"))
