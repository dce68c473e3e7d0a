"""User prompts: what fills their places (spec llm §5.2), and their stable part (spec llm §5.5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.prompts import DICTIONARY, HEARD, HISTORY, UserPrompt, pick_candidates, render

BLOCKS = "D:{{dictionary_entries}}\nH:{{interim_history}}\nA:{{asr_text}}"


@pytest.mark.parametrize(
    ("template", "candidates", "history", "heard", "stable", "varying"),
    [
        (BLOCKS, ["Term"], ["h1"], "final", "D:Term\nH:", "1. h1\nA:final"),
        (BLOCKS, [], [], "final", "D:（无）\nH:", "（无）\nA:final"),
        (BLOCKS, ["a", "b"], ["1", "2"], "", "D:a\nb\nH:", "1. 1\n2. 2\nA:"),
        ("A:{{asr_text}} D:{{dictionary_entries}}", ["Term"], [], "final", "A:", "final D:Term"),
        ("{{asr_text}}", ["Term"], [], "final", "", "final"),
        ("{{asr_text}}{{asr_text}} {{ asr_text }}", [], [], "q", "", "qq {{ asr_text }}"),
        ("D:{{dictionary_entries}}", ["a"], ["h"], "f", "D:a", ""),
        ("none", ["a"], ["h"], "f", "none", ""),
        ("", [], [], "f", "", ""),
        ("{{unknown}} {{{{asr_text}}}}", [], [], "f", "{{unknown}} {{", "f}}"),
        # A deviation, here and below: what is filled in is not filled in again.
        (BLOCKS, [HISTORY], ["h1"], "f", f"D:{HISTORY}\nH:", "1. h1\nA:f"),
        ("{{asr_text}}", ["k"], [], "say {{dictionary_entries}}", "", f"say {DICTIONARY}"),
    ],
)
def test_rendering(
    template: str, candidates: list[str], history: list[str], heard: str, stable: str, varying: str
) -> None:
    assert render(template, heard, candidates, history) == UserPrompt(stable, varying)


def test_the_newest_ten_revisions_are_named() -> None:
    history = [f"r{number}" for number in range(12)]
    lines = render(HISTORY, "", history=history).text.splitlines()
    assert (len(lines), lines[0], lines[-1]) == (10, "1. r2", "10. r11")


def test_no_repr_shows_what_was_said() -> None:
    assert "secret" not in repr(render(DICTIONARY + HEARD, "secret", ["secret"]))


PIECES = st.lists(st.sampled_from([HEARD, DICTIONARY, HISTORY, "{{", "}}", "{", "\n", "词"]))


@given(PIECES, st.text(), st.lists(st.text(min_size=1)), st.lists(st.text()), st.text())
def test_what_is_stable_does_not_depend_on_what_was_said(
    pieces: list[str], heard: str, candidates: list[str], history: list[str], other: str
) -> None:
    template = "".join(pieces)
    prompt = render(template, heard, candidates, history)
    assert prompt.stable == render(template, other, candidates).stable
    if HEARD in template:
        assert heard in prompt.varying


# --- the terms that are sent (spec llm §5.3) ---


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
