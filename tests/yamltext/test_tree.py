from __future__ import annotations

import pytest

from koe.yamltext.tree import Mapping, Scalar


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null_is_plain(text: str) -> None:
    assert Scalar(text, text, 1).is_null
    assert not Scalar(text, text, 1, is_plain=False).is_null


@pytest.mark.parametrize("text", ["nULL", "none", "0", "''", " "])
def test_other_texts_are_not_null(text: str) -> None:
    assert not Scalar(text, text, 1).is_null


def test_words_for_no() -> None:
    for text in ("no", "NO", " off ", "false", "none", "never", "0"):
        assert Scalar(text, text, line=1).is_refusal
        assert Scalar(text, text, line=1, is_plain=False).is_refusal
    for text in ("", "null", "yes", "nothing", "00", "not"):
        assert not Scalar(text, text, line=1).is_refusal


def test_pairs_keep_order_and_duplicates() -> None:
    a, b, c = (Scalar(text, text, 1) for text in "abc")
    assert list(Mapping(1, [a, b, a, c]).pairs()) == [(a, b), (a, c)]


def test_no_value_is_in_a_repr() -> None:
    assert "hunter2" not in repr(Scalar("hunter2", "hunter2", 1))
