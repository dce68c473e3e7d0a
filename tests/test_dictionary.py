"""Dictionary terms: which there are (spec config §12), and which are sent (spec llm §5.3)."""

from __future__ import annotations

import pytest

from koe.dictionary import parse_terms, pick_candidates, term_of


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


MIXED = ["GitHub", "Docker", "语音输入", "Koe"]
LETTERS = ["aab", "abc", "xyz", "b"]


@pytest.mark.parametrize(
    ("terms", "heard", "limit", "picked"),
    [
        (MIXED, "打开 github 然后输入语音", 2, ["GitHub", "语音输入"]),
        (MIXED, "", 3, ["语音输入", "GitHub", "Docker"]),
        (LETTERS, "b a", 3, ["b", "aab", "abc"]),
        (LETTERS, "b a", 4, LETTERS),
        (LETTERS, "b a", 0, LETTERS),
        (["zzz", "yyy", "xxx"], "abc", 2, ["zzz", "yyy"]),
        ([], "abc", 1, []),
        (["straße", "x"], "STRASSE Straße", 1, ["straße"]),
        (["a", "I AM KOE"], "koe", 1, ["I AM KOE"]),  # the text may be a part of the term
    ],
)
def test_the_terms_most_like_what_was_heard(
    terms: list[str], heard: str, limit: int, picked: list[str]
) -> None:
    assert pick_candidates(terms, heard, limit) == picked


@pytest.mark.parametrize(
    ("line", "term"), [(" Koe\r", "Koe"), ("", ""), ("  # c", ""), ("C# 8", "C# 8"), ("#", "")]
)
def test_the_term_of_a_line(line: str, term: str) -> None:
    assert term_of(line) == term
