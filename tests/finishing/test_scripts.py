"""Characters by script."""

from __future__ import annotations

import re

from koe.finishing.scripts import FULL_WIDTH, HAN


def test_characters() -> None:
    assert re.fullmatch(f"[{HAN}]+", "你好〇") and not re.search(f"[{HAN}]", "aあ，")
    assert re.fullmatch(f"[{FULL_WIDTH}]+", "，。（）")
