"""The lists of phrases."""

from __future__ import annotations

import pytest

from koe.answers import lexicon

SECTIONS = (
    "fillers", "corrections", "weak corrections", "light words", "persons",
    "negations", "beginnings of questions", "refusals", "forms",
)  # fmt: skip


@pytest.mark.parametrize("section", SECTIONS)
def test_phrases_are_folded_and_listed_once(section: str) -> None:
    phrases = lexicon.phrases(section)
    assert all(phrase == phrase.strip() == phrase.casefold() != "" for phrase in phrases)
    assert len(phrases) == len(set(phrases)), sorted(p for p in phrases if phrases.count(p) > 1)


def test_lines() -> None:
    assert lexicon.lines("persons")[0].startswith("i, me, my")
    assert all(" = " in line for line in lexicon.lines("signs"))
