"""Texts as words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.answers.words import MEANINGFUL, fold, script_of, split, weight


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Let's meet, at THREE!", ["lets", "meet", "at", "3"]),
        ("don’t can't won't I'm they're", ["do", "not", "can", "not", "will", "not", "i", "am",
                                           "they", "are"]),
        ("dont cant im gonna", ["do", "not", "can", "not", "i", "am", "going", "to"]),
        ("shouldn't've rock'n'roll 'quoted'", ["shouldnt", "have", "rocknroll", "quoted"]),
        ("我用iPhone拍照", ["我", "用", "iphone", "拍", "照"]),
        ("ＡＢＣ１２ ٣٤ ५६", ["abc", "1", "2", "3", "4", "5", "6"]),
        ("２½ 1¼", ["2", "5", "1", "2", "5"]),
        ("café naïve", ["cafe", "naive"]),
        ("カタカナ", ["か", "た", "か", "な"]),
        ("회의가", ["회", "의", "가"]),
        ("$5 50%", ["$", "5", "5", "0", "%"]),
        ("", []),
        ("。，!", []),
    ],
)  # fmt: skip
def test_words(text: str, words: list[str]) -> None:
    assert list(split(text).texts) == words


@pytest.mark.parametrize(
    ("text", "count"),
    [("นี่คือ", 3), ("हिन्दी", 1), ("मैं आज", 2), ("বাংলা", 1), ("தமிழ்", 1), ("ខ្មែរ", 3),
     ("မြန်မာ", 3), ("שלום", 1)],
)  # fmt: skip
def test_letters_keep_their_marks(text: str, count: int) -> None:
    """Python's isalnum is false for most vowel signs: they would be lost, or words of their own."""
    words = split(text).texts
    assert len(words) == count
    assert "".join(words) == fold(text).replace(" ", "")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("这个问题", "這個問題"),
        ("在", "再"),
        ("不是", "部市"),
        ("he goes", "him went"),
        ("Straße", "STRASSE"),
        ("it's", "its"),
    ],
)
def test_words_that_are_one(left: str, right: str) -> None:
    assert split(left).keys == split(right).keys


def test_words_with_a_contrary_are_known_by_their_tone() -> None:
    assert split("买").keys != split("卖").keys


def test_pinyin_is_no_english() -> None:
    assert not set(split("和我在一").keys) & set(split("he wo zai yi me").keys)


def test_digits_know_their_number() -> None:
    words = split("12 of 345")
    assert list(words.texts) == ["1", "2", "of", "3", "4", "5"]
    assert list(words.numbers) == [0, 0, -1, 3, 3, 3]
    assert len(words) == 6


def test_picked_words_keep_what_is_known_of_them() -> None:
    picked = split("12 of 345").picked([2, 0, 1])
    assert picked.texts == ["of", "1", "2"]
    assert picked.keys == ["of", "1", "2"]
    assert picked.numbers == [-1, 0, 0]


@pytest.mark.parametrize(
    ("word", "script"),
    [("5", "digit"), ("%", "sign"), ("か", "kana"), ("中", "ideograph"), ("〇", "ideograph"),
     ("가", "hangul"), ("a", "latin"), ("é", "latin"), ("д", "other"), ("น", "other")],
)  # fmt: skip
def test_scripts(word: str, script: str) -> None:
    assert script_of(word) == script


@pytest.mark.parametrize(
    ("word", "is_meaningful"),
    [("budget", True), ("预", True), ("the", False), ("的", False), ("%", False), ("i", True)],
)
def test_weights(word: str, is_meaningful: bool) -> None:
    assert (weight(word) >= MEANINGFUL) is is_meaningful


@given(st.text())
def test_any_text_has_words(text: str) -> None:
    words = split(text)
    assert len(words.texts) == len(words.keys) == len(words.numbers) == len(words.weights)
    assert all(words.texts)


def test_names_have_a_capital() -> None:
    assert split("Ask Éva and tom, not Tom.").names == {"ask", "tom"}
