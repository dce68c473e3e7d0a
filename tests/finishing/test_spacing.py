"""Spaces; more examples are in bench/finishing."""

from __future__ import annotations

import pytest

from koe.finishing.spacing import apply


@pytest.mark.parametrize(
    ("heard", "wanted"),
    [
        ("a  b , c", "a b, c"),
        ("( a ) and [ b ]", "(a) and [b]"),
        ("我用Python写", "我用 Python 写"),
        ("你 好 吗 ？", "你好吗？"),
        ("a \n b", "a\nb"),
        ("yes,no", "yes, no"),
    ],
)
def test_spaces(heard: str, wanted: str) -> None:
    assert apply(heard) == wanted


@pytest.mark.parametrize(
    "text", ["苹果 香蕉", "K歌", "卡拉OK", "3个", "a .b", "well - maybe", "1 :)"]
)
def test_what_stays(text: str) -> None:
    assert apply(text) == text
