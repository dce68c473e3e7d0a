"""What was no loss."""

from __future__ import annotations

from itertools import compress

import pytest

from koe.answers.alignment import align
from koe.answers.excuses import excuse
from koe.answers.words import split


def lost(heard: str, answer: str) -> list[str]:
    words = split(heard)
    return list(compress(words.texts, excuse(words, align(words, split(answer)), heard, answer)))


@pytest.mark.parametrize(
    ("heard", "answer"),
    [
        ("um so you know we go", "We go."),
        ("嗯那个就是我们走吧", "我们走吧。"),
        ("we we we should go", "We should go."),
        ("can you can you help", "Can you help?"),
        ("send it to peter no sorry send it to paul", "Send it to Paul."),
        ("send it to peter no paul", "Send it to Paul."),
        ("明天十点不对是十一点见", "明天是 11 点见"),
        ("hello comma new line how are you", "Hello,\nhow are you"),
        ("jane at example dot com", "jane@example.com"),
        ("put it in the hall wait not the hall the attic", "Put it in the attic."),
        ("发给小王等等发给小李", "发给小李。"),
        ("as it is", "as it is"),
    ],
)
def test_excused(heard: str, answer: str) -> None:
    assert lost(heard, answer) == []


@pytest.mark.parametrize(
    ("heard", "answer", "words"),
    [
        ("call anna and bob", "Call Anna.", ["and", "bob"]),
        ("i am sorry but i can not come", "I can not come.", ["sorry"]),
        ("有没有问题", "没有问题", ["有"]),
        ("fifty five is it", "5 is it", ["5"]),
        ("it works no proof", "it works proof", ["no"]),
        ("i have no wait time today", "i have time today", ["no", "wait"]),
        ("公园不对外开放", "公园外开放", ["不", "对"]),
        ("他应该说实话", "实话", ["应", "该", "说"]),
        ("tell her i mean it today", "tell her today", ["i", "mean"]),
        ("感觉不错要不要去", "感觉不错要去", ["不"]),
        ("hello comma you", "Hello you", ["comma"]),
    ],
)
def test_not_excused(heard: str, answer: str, words: list[str]) -> None:
    assert set(words) <= set(lost(heard, answer))
