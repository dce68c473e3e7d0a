"""Full and half width; more examples are in bench/finishing."""

from __future__ import annotations

import pytest

from koe.finishing.width import apply


@pytest.mark.parametrize(
    ("heard", "wanted"),
    [
        ("你好,世界.", "你好，世界。"),
        ("ＡＢ１", "AB1"),
        ("hello，world。", "hello, world."),
        ("(见下)", "（见下）"),
        ("see （below） now", "see (below) now"),
    ],
)
def test_marks(heard: str, wanted: str) -> None:
    assert apply(heard) == wanted


@pytest.mark.parametrize(
    "text", ["hello, world.", "3:2，好", "我用 Python。", "你好，world", "看（see）"]
)
def test_what_stays(text: str) -> None:
    assert apply(text) == text
