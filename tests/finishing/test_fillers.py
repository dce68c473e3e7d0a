"""Sounds that say nothing; more examples are in bench/finishing."""

from __future__ import annotations

import pytest

from koe.finishing.fillers import apply


@pytest.mark.parametrize(
    ("heard", "wanted"),
    [
        ("Um, we go", "We go"),
        ("we, uh, go", "we, go"),
        ("we uh um go", "we go"),
        ("it works, um.", "it works."),
        ("我想呃去", "我想去"),
        ("嗯，好的", "好的"),
    ],
)
def test_they_are_dropped(heard: str, wanted: str) -> None:
    assert apply(heard) == wanted


@pytest.mark.parametrize(
    "text",
    ["um", "嗯。", "嗯嗯，对", "um die Ecke", "uh oh", "the ER", "额度", "umbrella", "Yes. Um."],
)
def test_what_stays(text: str) -> None:
    assert apply(text) == text
