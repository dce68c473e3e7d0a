"""How answers of models are judged: the corpus of bench/guard, both halves."""

from __future__ import annotations

import pytest

from bench.guard.corpus import HALVES, read
from bench.guard.judging import (
    MOST_FALSE_ACCEPTS,
    MOST_FALSE_REFUSALS,
    MOST_LEFT_ON,
    judge,
    wrong_share,
)


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
