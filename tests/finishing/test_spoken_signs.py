"""Marks that were spoken; more examples are in bench/finishing."""

from __future__ import annotations

import pytest

from koe.finishing.spoken_signs import apply


@pytest.mark.parametrize(
    ("heard", "wanted"),
    [
        ("yes comma please period", "yes, please."),
        ("one. new line two", "one.\ntwo"),
        ("用 Python comma 好", "用 Python, 好"),
        ("你好 comma 好", "你好，好"),
        ("好的句号", "好的。"),
    ],
)
def test_marks(heard: str, wanted: str) -> None:
    assert apply(heard) == wanted


@pytest.mark.parametrize(
    "text",
    ["a comma", "a period of time", "后面的句号", "逗号", "the colon cancer", "period drama"],
)
def test_what_stays(text: str) -> None:
    assert apply(text) == text
