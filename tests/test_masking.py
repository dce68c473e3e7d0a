"""What may be shown of what others say: one short line, without keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.masking import mask, one_line, whole

KEY = "k-0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (" a \n\t b ", "a b"),
        ("\x1b[2J\x1b]0;title\x07 \x9b1m", "[2J ]0;title 1m"),
        ("left \u202e right", "left right"),
        ("中文\u3000中文", "中文 中文"),
        ("x" * 300, "x" * 300),
        ("x" * 301, "x" * 299 + "…"),
        ("half \ud83d", "half \ufffd"),
    ],
)
def test_one_short_line(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("key", "text", "shown"),
    [
        (KEY, f"bad key {KEY}!", "bad key ***!"),
        (KEY, "bad key k-0123", "bad key ***"),
        (KEY, "ends with abcdef", "ends with ***"),
        (KEY, "k-012 is too little to tell", "k-012 is too little to tell"),
        (f" {KEY}\t", f"bad key {KEY}", "bad key ***"),
        ("abc", "abc abcd, 'abc'", "*** abcd, '***'"),
        ("", "nothing to hide", "nothing to hide"),
        (".*", "no pattern: .* x", "no pattern: *** x"),
        ("other", "key sk-abcde***********6789.", "key ***."),
        ("other", "Incorrect: sk-proj-A_b-123456", "Incorrect: ***"),
        ("other", "key gsk_no", "key gsk_no"),
        ("other", "AIzaSyA1234567890 and abcd...wxyz", "*** and ***"),
        ("other", "Wait... for a while…", "Wait... for a while…"),
        ("other", "密钥错误…请重试", "密钥错误…请重试"),
        ("other", "密钥sk-0123456789abcdef无效", "密钥***无效"),
        ("ollama-key", "ollama is not running", "*** is not running"),
        ("a+b/c=d", "https://h/x?key=a%2Bb%2Fc%3Dd", "https://h/x?key=***"),
    ],
)
def test_keys_are_masked(key: str, text: str, shown: str) -> None:
    assert one_line(text, [key]) == shown
    assert mask(text, [key]) == shown


def test_several_keys() -> None:
    assert one_line("first-key and second-key", ["first-key", "second-key"]) == "*** and ***"


def test_a_key_at_the_end_of_what_is_shown() -> None:
    assert one_line("x " * 149 + KEY, [KEY]) == "x " * 149 + "*…"


TEXT = st.text(alphabet="abk-0123 \n词", max_size=40)


@given(before=TEXT, after=TEXT, key=st.text(alphabet="abk-0123", min_size=6))
def test_no_part_of_a_key_is_shown(before: str, after: str, key: str) -> None:
    shown = one_line(before + key + after, [key])
    assert not any(key[start : start + 6] in shown for start in range(len(key) - 5))


@given(st.text(), st.text())
def test_any_text(text: str, key: str) -> None:
    shown = one_line(text, [key])
    assert len(shown) <= 300
    assert shown.isprintable()


def test_halves_of_characters() -> None:
    assert whole("\ud83d\ude00") == "😀"
