"""What was no loss."""

from __future__ import annotations

from itertools import compress

import pytest

from koe.answers.alignment import align
from koe.answers.excuses import excuse, without_items
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
        ("i want two tickets uh three tickets to rome", "I want three tickets to Rome."),
        ("ask marc with a c about it", "Ask Marc about it."),
        ("new paragraph we agree", "We agree."),
        ("send it to peter no paul", "Send it to Paul."),
        ("明天十点不对是十一点见", "明天是 11 点见"),
        ("hello comma new line how are you", "Hello,\nhow are you"),
        ("jane at example dot com", "jane@example.com"),
        ("put it in the hall wait not the hall the attic", "Put it in the attic."),
        ("发给小王等等发给小李", "发给小李。"),
        ("her birthday is in june july actually", "Her birthday is in July."),
        ("as it is", "as it is"),
    ],
)
def test_excused(heard: str, answer: str) -> None:
    assert lost(heard, answer) == []


@pytest.mark.parametrize(
    ("heard", "answer", "words"),
    [
        # What follows is another sentence, so nothing was taken back.
        ("答案不对请重做", "请重做", ["答", "案", "不"]),
        ("two tickets uh three tables", "three tables", ["2", "tickets"]),
        ("call anna and bob", "Call Anna.", ["and", "bob"]),
        ("call anna bob actually agreed", "Call Bob agreed.", ["anna"]),
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
        # Both numbers are kept, of which one was wrong.
        ("去三楼不对四楼取", "去三、四楼取", ["楼", "不"]),
    ],
)
def test_not_excused(heard: str, answer: str, words: list[str]) -> None:
    assert set(words) <= set(lost(heard, answer))


@pytest.mark.parametrize(
    ("written", "text", "items"),
    [
        ("1. Milk\n2. Bread", "Milk\nBread", 2),
        ("To buy:\n- milk\n- bread", "To buy:\nmilk\nbread", 2),
        ("1. Milk", "1. Milk", 0),
        ("2. Milk\n3. Bread", "2. Milk\n3. Bread", 0),
        ("1.5 litres\n2.5 litres", "1.5 litres\n2.5 litres", 0),
    ],
)
def test_the_marks_of_a_list(written: str, text: str, items: int) -> None:
    assert without_items(written) == (text, items)


@pytest.mark.parametrize(
    ("heard", "text"),
    [
        ("number one quality number two price", "quality price"),
        ("第一点要快第二点要好", "要快要好"),
    ],
)
def test_how_items_begin_is_no_loss_in_a_list(heard: str, text: str) -> None:
    words = split(heard)
    alignment = align(words, split(text))
    assert any(excuse(words, alignment, heard, text))
    assert not any(excuse(words, alignment, heard, text, items=2))
