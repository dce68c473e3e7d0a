from __future__ import annotations

import pytest

from koe.asr.excerpt import excerpt, whole


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (" a \n\t b ", "a b"),
        ("\x1b[2J\x1b]0;title\x07 \x9b1m", "[2J ]0;title 1m"),
        ("left \u202e right", "left right"),
        ("中文\u3000中文", "中文 中文"),
        ("x" * 300, "x" * 300),
        ("x" * 301, "x" * 300 + "…"),
        ("half \ud83d", "half \ufffd"),
    ],
)
def test_one_short_line(text: str, line: str) -> None:
    assert excerpt(text) == line


def test_secrets() -> None:
    assert excerpt("key-1 and key-2 and key-1", ("key-1", "key-2")) == "… and … and …"
    assert excerpt("x" * 298 + "key-1", ("key-1",)) == "x" * 298 + "…"


def test_what_is_no_secret() -> None:
    assert excerpt("an apple", ("a", "", "app")) == "an apple"
    assert excerpt("an apple", ("appl",)) == "an …e"


def test_halves_of_characters() -> None:
    assert whole("\ud83d\ude00") == "😀"
