"""What no rule may touch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.finishing.protected import apply_outside


@pytest.mark.parametrize(
    "piece",
    [
        "https://github.com/a?b=c",
        "www.example.com",
        "someone@example.com",
        "~/.ssh/config",
        "./build.sh",
        "C:\\Users\\me",
        "`get hub`",
        "```\nget hub\n```",
        "get_hub",
        "print(get)",
        "example.com",
        "--dry-run",
        "3.14",
        "12:30",
        "1,234.56",
        "v1.2.3",
        "2026-11-28",
        "@someone",
        "{{ name }}",
        "\ue000",
    ],
)
def test_pieces_are_one_character(piece: str) -> None:
    def shorten(text: str) -> str:
        assert len(text) == len("see x now")
        return text.upper()

    assert apply_outside(f"see {piece} now", shorten) == f"SEE {piece} NOW"


def test_words_are_no_pieces() -> None:
    text = "A text. With words, and - a dash; (brackets) too: 5 of 6."
    assert apply_outside(text, str.upper) == text.upper()


def test_a_rule_that_loses_a_piece_changes_nothing() -> None:
    assert apply_outside("see 3.14 now", lambda text: text[:4]) == "see 3.14 now"
    assert apply_outside("1.5 2.5", lambda text: text[::-1]) == "1.5 2.5"


def test_pieces_may_be_spelled_otherwise() -> None:
    assert (
        apply_outside("use node.js now", str.upper, lambda piece: piece.title())
        == "USE Node.Js NOW"
    )


@given(st.text(alphabet="ab.:/@#`_-1 中,\U000f0000\ue000"))
def test_nothing_is_lost(text: str) -> None:
    assert apply_outside(text, lambda hidden: hidden) == text
