"""Which words a text may simply mean."""

from __future__ import annotations

import pytest

from koe.finishing import ordinary


@pytest.mark.parametrize("word", ["get", "hub", "walked", "don't"])
def test_ordinary_words(word: str) -> None:
    assert ordinary.is_ordinary(word)


@pytest.mark.parametrize("word", ["github", "kubernetes", "ai", "nginx"])
def test_words_of_no_text(word: str) -> None:
    assert not ordinary.is_ordinary(word)


def test_common_words() -> None:
    assert ordinary.is_common("go") and not ordinary.is_common("docker")
    assert ordinary.is_light("the") and not ordinary.is_light("get")


@pytest.mark.parametrize(
    ("text", "part", "rest"),
    [("用酷伯奈提斯部署", "酷伯奈提斯", 5), ("我们今天开会", "今天", 0), ("问章伟要", "章伟", 2)],
)
def test_characters_of_no_word(text: str, part: str, rest: int) -> None:
    start = text.index(part)
    assert ordinary.unexplained(text, range(start, start + len(part))) == rest


def test_words_over_a_border() -> None:
    assert ordinary.is_split("第三章伟大的", 2, 4, [2, 3])
    assert not ordinary.is_split("问章伟要", 1, 3, [1, 2])


def test_names_beside() -> None:
    assert ordinary.stands_alone("问章伟要", 1, 3)
    assert not ordinary.stands_alone("记者周德武", 3, 5)
    assert not ordinary.stands_alone("卡伦·布里", 3, 5)
    assert not ordinary.stands_alone("绍罗什说", 1, 3)


def test_three_characters_that_are_joined() -> None:
    assert ordinary.is_joined("带小孩未购票", 1, 4)
    assert ordinary.is_joined("俄罗斯等国为", 3, 6)
    assert not ordinary.is_joined("章小卫", 0, 3)
