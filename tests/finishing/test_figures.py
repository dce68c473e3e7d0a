"""Numbers as digits; more examples are in bench/finishing."""

from __future__ import annotations

import pytest

from koe.finishing.figures import apply


@pytest.mark.parametrize(
    ("heard", "wanted"),
    [
        ("Twenty-five people", "25 people"),
        ("the twenty first", "the 21st"),
        ("the thirtieth of one hundred and twelfth", "the thirtieth of 112th"),
        ("five per cent", "5%"),
        ("百分之二十五", "25%"),
        ("零点五", "0.5"),
        ("二零二六年", "2026年"),
        ("三百二十五", "325"),
    ],
)
def test_digits(heard: str, wanted: str) -> None:
    assert apply(heard) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "one of us",
        "half past ten",
        "a hundred",
        "十分",
        "两三百人",
        "一千零一夜",
        "三分之二",
        "十二点半",
        "二十多",
        "ten to twenty",
        "at seven thirty",
    ],
)
def test_what_stays(text: str) -> None:
    assert apply(text) == text
