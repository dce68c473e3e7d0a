"""Dictionary terms: the vectors of spec config §16.3, and the byte order mark."""

from __future__ import annotations

import pytest

from koe.dictionary import parse_terms, term_of


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        (
            "# c\n\n  foo  \nFoo\nfoo\n#x\n  # indented comment\nbar # not comment\n"
            "\u3000wide\u3000\nba#z\nfoo\r\nlast",
            ["foo", "Foo", "bar # not comment", "wide", "ba#z", "last"],
        ),
        ("a\rb\n\x0bv\x0c\n\u00a0nb\u00a0\n", ["a\rb", "v", "nb"]),
        ("\x85a\u2028\n\u1680b\u200a\n\u202fc\u205f", ["a", "b", "c"]),
    ],
)
def test_one_term_per_line(text: str, terms: list[str]) -> None:
    assert parse_terms(text) == terms


def test_information_separators_and_zero_width_spaces_belong_to_a_term() -> None:
    assert parse_terms("\x1ca\x1f\n\u200bb") == ["\x1ca\x1f", "\u200bb"]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("\ufefffoo\n# c\n", ["foo"]),
        ("\ufeff# c\nfoo", ["foo"]),
        ("foo\n\ufeffbar", ["foo", "\ufeffbar"]),
    ],
)
def test_only_a_leading_byte_order_mark_is_dropped(text: str, terms: list[str]) -> None:
    assert parse_terms(text) == terms


@pytest.mark.parametrize(
    ("line", "term"), [(" Koe\r", "Koe"), ("", ""), ("  # c", ""), ("C# 8", "C# 8"), ("#", "")]
)
def test_the_term_of_a_line(line: str, term: str) -> None:
    assert term_of(line) == term
