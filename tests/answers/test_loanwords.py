"""How alike Chinese syllables sound to words in Latin letters."""

from __future__ import annotations

import pytest

from koe.answers.alignment import ALIKE_LOANWORD
from koe.answers.loanwords import initials, spellings
from koe.answers.sounds import likeness

PAIRS = [
    ("戴德莱", "deadline"),
    ("皮阿尔", "pr"),
    ("西艾欧", "ceo"),
    ("爱欧艾斯", "ios"),
    ("欧佛", "offer"),
    ("吉特哈布", "github"),
    ("库伯奈提斯", "kubernetes"),
    ("菲彻", "feature"),
    ("祖姆", "zoom"),
    ("克罗姆", "chrome"),
    ("优爱", "ui"),
    ("外发", "wifi"),
    ("艾奇阿", "hr"),
]


@pytest.mark.parametrize(("heard", "meant"), PAIRS)
def test_a_foreign_word(heard: str, meant: str) -> None:
    assert likeness(heard, [meant]) >= ALIKE_LOANWORD
    assert not initials(heard[0]).isdisjoint(initials(meant))


def test_a_foreign_word_is_no_other_one() -> None:
    alike = [
        (heard, meant)
        for heard, own in PAIRS
        for _, meant in PAIRS
        if meant != own and likeness(heard, [meant]) >= ALIKE_LOANWORD
    ]
    assert alike == []


def test_words_of_other_scripts_stay_as_they_are() -> None:
    assert list(spellings(["き", "7"])) == ["きsssefffenn", "きsssi"]
