"""Marks; more examples are in bench/finishing."""

from __future__ import annotations

import pytest

from koe.finishing.punctuation import apply


@pytest.mark.parametrize(
    ("heard", "wanted"),
    [
        ("a,, b", "a, b"),
        ("好，。", "好。"),
        ("好。。", "好。"),
        ("what?.", "what?"),
        ("，好", "好"),
    ],
)
def test_marks(heard: str, wanted: str) -> None:
    assert apply(heard) == wanted


@pytest.mark.parametrize("text", ["wait...", "等……", "what?!", "...so", ".5", "no!!", ".", "，"])
def test_what_stays(text: str) -> None:
    assert apply(text) == text
