"""What people say without meaning it."""

from __future__ import annotations

import pytest

from koe.answers import speech


def test_the_longest_phrase_is_found() -> None:
    texts = ["um", "you", "know", "what", "i", "mean", "it"]
    assert list(speech.find(texts, speech.FILLERS)) == [(0, 1), (1, 6)]
    assert list(speech.find(texts, speech.FILLERS, 1, 4)) == [(1, 4)]
    assert list(speech.find([], speech.FILLERS)) == []


def test_a_part_of_a_fixed_phrase_is_no_phrase() -> None:
    assert list(speech.find_loose(list("公园不对外开放"), speech.CORRECTIONS)) == []
    assert list(speech.find_loose(list("周一不对周二"), speech.CORRECTIONS)) == [(2, 4)]
    texts = ["i", "would", "rather", "go", "rather", "soon"]
    assert list(speech.find_loose(texts, speech.ALL_CORRECTIONS)) == [(4, 5)]


@pytest.mark.parametrize(
    ("sign", "phrase"),
    [(".", ("full", "stop")), ("，", ("逗", "号")), ("\n", ("new", "line")), ("=", ("equals",))],
)
def test_signs_are_spoken(sign: str, phrase: speech.Phrase) -> None:
    assert phrase in speech.spoken_as(sign)[phrase[0]]
    assert phrase in speech.spoken_as(f"?{sign}")[phrase[0]]
    assert not speech.spoken_as("a")


def test_patterns() -> None:
    refusals = speech.pattern("refusals")
    assert refusals.search("I'm SORRY")
    assert refusals.search("我很抱歉")
    assert not refusals.search("unsorry")
