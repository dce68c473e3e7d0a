"""What became of each word."""

from __future__ import annotations

from itertools import compress

import pytest

from koe.answers.alignment import LARGEST_GAP, align, is_opposite, runs
from koe.answers.words import split


def gone_and_new(heard: str, answer: str, *terms: str) -> tuple[list[str], list[str]]:
    before, after = split(heard), split(answer)
    alignment = align(before, after, {tuple(split(term).texts) for term in terms})
    return (
        list(compress(before.texts, alignment.gone)),
        list(compress(after.texts, alignment.new)),
    )


@pytest.mark.parametrize(
    ("heard", "answer", "gone", "new"),
    [
        ("so um we go", "We go.", ["so", "um"], []),
        ("open get hub now", "Open GitHub now", [], []),
        ("the c i pipe line broke", "the CI pipeline broke", [], []),
        ("the see eye build failed", "the CI build failed", [], []),
        ("call mister smith", "Call Mr. Smith", [], []),
        ("he walks fast", "he walked fast", [], []),
        ("你好世界", "你好", ["世", "界"], []),
        ("at three", "at four", ["3"], ["4"]),
        ("vingt euros", "20 euros", [], []),
        ("きょうは雨", "今日は雨", [], []),
        ("it is likely", "it is unlikely", ["likely"], ["unlikely"]),
        ("i know", "i no", [], []),
        ("i am not", "i am now", ["not"], ["now"]),
        ("", "", [], []),
        ("up", "down", ["up"], ["down"]),
        ("monday it is", "sunday it is", ["monday"], ["sunday"]),
        ("two g now", "2 GB now", [], []),
        (
            "put this to french",
            "pouter ceci au français",
            ["put", "this", "to", "french"],
            ["pouter", "ceci", "au", "francais"],
        ),
        ("", "a", [], ["a"]),
    ],
)
def test_alignment(heard: str, answer: str, gone: list[str], new: list[str]) -> None:
    assert gone_and_new(heard, answer) == (gone, new)


def test_terms_need_to_sound_less_alike() -> None:
    heard, answer = "please say hello to shivon", "Please say hello to Siobhan"
    assert gone_and_new(heard, answer, "Siobhan") == ([], [])
    assert gone_and_new(heard, answer) == (["shivon"], ["siobhan"])


def test_a_large_gap_is_no_misheard_phrase() -> None:
    heard = " ".join(f"a{chr(0x430 + at % 32)}" for at in range(LARGEST_GAP))
    gone, new = gone_and_new(heard, "б в г")
    assert (len(gone), len(new)) == (LARGEST_GAP, 3)


@pytest.mark.parametrize(
    ("word", "other", "expected"),
    [
        ("likely", "unlikely", True),
        ("not", "now", True),
        ("no", "know", False),
        ("a", "b", False),
        ("hypotension", "hypertension", True),
        ("input", "output", True),
        ("upload", "upset", False),
    ],
)
def test_opposites(word: str, other: str, expected: bool) -> None:
    assert is_opposite(word, other) is is_opposite(other, word) is expected


def test_runs() -> None:
    assert runs([]) == []
    assert runs([False, False]) == []
    assert runs([True, True, False, True]) == [(0, 2), (3, 4)]
