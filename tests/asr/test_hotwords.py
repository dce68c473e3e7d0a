"""Terms in a model's own tokens; that they are preferred, test_sherpa_onnx shows."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.asr.hotwords import prepare_hotwords


def numbered(*tokens: str) -> dict[str, int]:
    return {token: number for number, token in enumerate(["<blk>", "<unk>", *tokens])}


CHARACTERS = numbered("中", "文", "语", "音")
MIXED = numbered("中", "文", "▁K", "OE", "▁", "O", "E", "'")
PIECES = numbered("▁ko", "e", "▁", "K", "k", "o")
BYTES = numbered("▁ƋŞœ", "▁Ɛĵń", "▁A", "BC", "▁")


@pytest.mark.parametrize(
    ("tokens", "unit"),
    [(CHARACTERS, "cjkchar"), (MIXED, "cjkchar+bpe"), (PIECES, "bpe"), (BYTES, "bbpe")],
)
def test_units(tokens: dict[str, int], unit: str) -> None:
    assert prepare_hotwords([], tokens).modeling_unit == unit


@pytest.mark.parametrize(
    ("tokens", "terms", "known"),
    [
        (CHARACTERS, ["中文", "语 音", "中英", "Koe"], ["中文", "语 音"]),
        (MIXED, ["Koe", "Koe中文", "中 koe", "Kox", "K2", "2", "中'文", "中，文"],
         ["KOE", "KOE中文", "中 KOE", "中'文"]),
        (PIECES, ["koe", "Koe", "ko e", "kox", "中"], ["koe", "Koe", "ko e"]),
        (BYTES, ["中钟", "中文", "abc", "ab"], ["中钟", "ABC"]),
    ],
)  # fmt: skip
def test_terms(tokens: dict[str, int], terms: list[str], known: list[str]) -> None:
    assert list(prepare_hotwords(terms, tokens).terms) == known


def test_what_the_library_takes_for_instructions() -> None:
    tokens = numbered(*"中:#@/1.5")
    terms = [":中", "中 :1", "#中", "@中", "中/中", "中:", "中#1"]
    assert prepare_hotwords(terms, tokens).terms == ("中:", "中#1")


def test_each_term_once_in_order() -> None:
    hotwords = prepare_hotwords(["koe", "KOE", "Koe", "中文"], MIXED)
    assert hotwords.terms == ("KOE", "中文")
    assert hotwords.text == "KOE/中文"
    assert prepare_hotwords([], MIXED).text == ""


def scores(vocabulary: str) -> dict[str, float]:
    pairs = (line.split("\t") for line in vocabulary.splitlines())
    return {piece: float(score) for piece, score in pairs}


def test_characters_need_no_vocabulary() -> None:
    assert prepare_hotwords(["中文"], CHARACTERS).vocabulary == ""


def test_a_vocabulary_from_the_numbers() -> None:
    """Earlier pieces are likelier, for pieces of one length; none is worse than no piece."""
    found = scores(prepare_hotwords([], PIECES | {" ": 99}).vocabulary)
    assert found.keys() == PIECES.keys() - {"<blk>", "<unk>"}
    assert found["e"] > found["K"] > found["k"] > found["o"] > 0
    # One piece is better than two that make the same.
    assert found["▁ko"] > found["▁"] + found["k"] + found["o"]


def test_the_vocabulary_that_came_with_the_model() -> None:
    found = scores(prepare_hotwords([], PIECES, "<unk>\t0\n▁ko\t-1.5\ne\t-2\nzz\t-3\n").vocabulary)
    assert found == {"▁ko": 5 * 50 - 1.5, "e": 50 - 2}


@pytest.mark.parametrize("broken", ["▁ko", "▁ko x", "▁ko -1 2", "▁ko nan", "version https://x"])
def test_a_broken_vocabulary_is_not_used(broken: str) -> None:
    assert prepare_hotwords([], PIECES, broken) == prepare_hotwords([], PIECES)


TOKENS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=3),
    st.integers(0, 1000),
    min_size=1,
    max_size=8,
)


@given(st.lists(st.text(max_size=8), max_size=4), TOKENS, st.text(max_size=20))
def test_anything(terms: list[str], tokens: dict[str, int], bpe_vocab: str) -> None:
    hotwords = prepare_hotwords(terms, tokens, bpe_vocab)
    assert len(hotwords.terms) <= len(terms)
    assert all(math.isfinite(score) for score in scores(hotwords.vocabulary).values())
    assert all(len(line.split()) == 2 for line in hotwords.vocabulary.splitlines())
