"""JSON of others."""

from __future__ import annotations

import pytest

from koe.json_text import parse_json


def test_values() -> None:
    assert parse_json('{"text": ["语音", 1, null]}') == {"text": ["语音", 1, None]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ("[" * 100_000, "^it is nested too deeply$"),
        ('{"a":' * 100_000, "^it is nested too deeply$"),
        ("9" * 10_000, "Exceeds the limit"),
    ],
)
def test_what_is_none(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_json(text)


def test_numbers_that_are_none() -> None:
    assert parse_json("[-Infinity]") == [float("-inf")]
    assert parse_json("[NaN, -Infinity]", str) == ["NaN", "-Infinity"]
