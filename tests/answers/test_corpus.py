"""How answers of models are judged: the corpus of bench/guard, both halves."""

from __future__ import annotations

from pathlib import Path

import pytest

import koe.config
from bench.guard.corpus import HALVES, parse, read
from bench.guard.judging import (
    MOST_FALSE_ACCEPTS,
    MOST_FALSE_REFUSALS,
    MOST_LEFT_ON,
    judge,
    wrong_share,
)
from koe.answers.clean import clean
from koe.answers.guard import find_flaw

TEXTS = Path(__file__).parents[2] / "bench" / "prompt"
PROMPT = Path(koe.config.__file__).parent / "defaults" / "system_prompt.txt"


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize(
    ("name", "most"),
    [("bad", MOST_FALSE_ACCEPTS), ("good", MOST_FALSE_REFUSALS), ("wrapped", MOST_LEFT_ON)],
)
def test_hardly_any_answer_is_judged_wrongly(half: str, name: str, most: float) -> None:
    assert wrong_share(list(judge(half, name)), name) <= most


def test_the_corpus_is_large_and_no_pair_is_in_it_twice() -> None:
    pairs = [
        (pair.terms, pair.heard, pair.answer)
        for half in HALVES
        for name in ("good", "bad", "wrapped")
        for pair in read(half, name)
    ]
    assert len(pairs) >= 900
    assert len(pairs) == len(set(pairs)), sorted(pair for pair in pairs if pairs.count(pair) > 1)


def examples() -> list[tuple[str, str]]:
    """What the instruction shows: texts as they were heard, and as they are to be."""
    lines = PROMPT.read_text(encoding="utf-8").splitlines()
    return [
        (heard, edited) for heard, arrow, edited in (it.partition(" → ") for it in lines) if arrow
    ]


def test_the_examples_of_the_prompt_are_edits() -> None:
    """What a model is asked for is what is used."""
    assert len(examples()) >= 10
    assert [heard for heard, edited in examples() if find_flaw(edited, heard)] == []


@pytest.mark.parametrize("half", HALVES)
def test_what_the_bench_of_the_prompts_wants_is_used(half: str) -> None:
    """An answer that is just right would be delivered as it is."""
    pairs = list(parse(TEXTS / f"{half}.txt"))
    assert len(pairs) >= 20
    assert not {pair.heard for pair in pairs} & {heard for heard, _ in examples()}
    for pair in pairs:
        assert clean(pair.answer, pair.heard) == pair.text
        assert find_flaw(pair.text, pair.heard, pair.terms) is None, pair.heard
