"""How alike words sound."""

from __future__ import annotations

import pytest

from koe.answers.alignment import ALIKE
from koe.answers.sounds import initials, likeness, may_be, spelled
from koe.answers.words import split

ALIKE_PAIRS = [
    ("借口", "接口"),
    ("方按", "方案"),
    ("生长", "生产"),
    ("get hub", "GitHub"),
    ("cooper netties", "Kubernetes"),
    ("库伯内提斯", "Kubernetes"),
    ("波斯特格瑞斯", "Postgres"),
    ("派森", "Python"),
    ("杰森", "JSON"),
    ("多克", "Docker"),
    ("吉特哈布", "GitHub"),
    ("red is", "Redis"),
    ("engine x", "nginx"),
    ("write", "right"),
    ("whether", "weather"),
    ("sequel", "SQL"),
    ("cloud", "Claude"),
]


@pytest.mark.parametrize(("heard", "meant"), ALIKE_PAIRS)
def test_words_that_sound_alike(heard: str, meant: str) -> None:
    said, written = split(heard).texts, split(meant).texts
    assert likeness(said, written) >= ALIKE
    assert not initials(said[0]).isdisjoint(initials(written[0]))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("怎么样", "晴朗"),
        ("what", "paris"),
        ("do you", "yes i"),
        ("明天", "tomorrow"),
        ("remind me to water the plants", "我们把代码推到"),
        ("monday", "wednesday afternoon"),
        ("is", "yes"),
        ("好", "坏"),
        ("张", "王"),
        ("可能", "肯定"),
        ("aeiou", "xyz"),
        ("か", "き"),
    ],
)
def test_words_that_do_not(left: str, right: str) -> None:
    assert likeness(split(left).texts, split(right).texts) < ALIKE


def test_spelling() -> None:
    assert spelled(["中", "8"], is_chinese=True) == "zonba"
    assert spelled(["a", "8"], is_chinese=False) == "aeight"


def test_kana_may_begin_any_ideograph() -> None:
    assert not initials("き").isdisjoint(initials("今"))


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("mist", "missed"),
        ("board", "bored"),
        ("would", "wood"),
        ("doctor", "docker"),
        ("fix", "fixed"),
        ("旅", "路"),
        ("挑", "调"),
    ],
)
def test_a_word_that_may_be_another_one(heard: str, meant: str) -> None:
    assert may_be(heard, meant)


@pytest.mark.parametrize(
    ("heard", "other"),
    [("martin", "marvin"), ("ryan", "brian"), ("hire", "fire"), ("苏", "徐"), ("高", "郭")],
)
def test_a_word_that_is_another_one(heard: str, other: str) -> None:
    assert not may_be(heard, other)


def test_names_have_their_vowels() -> None:
    assert may_be("tim", "tom")
    assert not may_be("stefan", "stephanie", is_name=True)
    assert not may_be("kelly", "kerry", is_name=True)
    assert may_be("simone", "simon", is_name=True)
    assert not may_be("tim", "tom", is_name=True)
    assert may_be("lora", "laura", is_name=True)
    assert may_be("sean", "shawn", is_name=True)
    assert not may_be("jensen", "johnson", is_name=True)
    assert may_be("gdk", "jdk", is_name=True)


def test_surnames_are_known_by_all_their_sounds() -> None:
    assert not may_be("周", "邹")
    assert may_be("章", "张")
    assert may_be("周", "奏")


def test_words_of_two_scripts_are_not_judged() -> None:
    assert may_be("酷", "cool")
    assert may_be("see", "c")
