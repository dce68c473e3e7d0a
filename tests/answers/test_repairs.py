"""Corrections that an answer puts where they belong."""

from __future__ import annotations

import pytest

from koe.answers.repairs import repairs
from koe.answers.words import split


@pytest.mark.parametrize(
    ("heard", "answer", "repaired"),
    [
        ("meet monday at ten no wait tuesday", "Meet Tuesday at ten", "meet tuesday at ten"),
        ("send it to bob now i mean to ann", "Send it to Ann now", "send it to ann now"),
        ("call the red team at noon sorry the blue team", "Call the blue team at noon", ""),
        ("周三下午开会不对周四", "周四下午开会。", "周四下午开会"),
        ("九点半开会哦不对是十点", "十点开会。", "十点开会"),
        ("me and my sister left early", "My sister and me left early", ""),
        ("小王和小李来", "小李和小王来", ""),
        ("ask ann to come no wait bob and bring tea", "Ask Bob to come and bring tea", ""),
        (
            "from the old hall out wait not the old the new hall at ten",
            "from the new hall at ten",
            "",
        ),
        ("see you on monday wait that is a holiday see you on tuesday", "see you on tuesday", ""),
        ("孩子发烧三十八度不对我再看一下三十九度", "孩子发烧39度", ""),
    ],
)
def test_a_correction_takes_the_place_of_what_was_wrong(
    heard: str, answer: str, repaired: str
) -> None:
    found = [" ".join(words.texts) for words in repairs(split(heard), split(answer))]
    assert " ".join(split(repaired or answer).texts) in found


@pytest.mark.parametrize(
    ("heard", "answer"),
    [
        ("meet monday at ten no wait tuesday", "Meet Monday at ten"),  # the wrong one
        ("meet monday at ten no wait tuesday", "Meet Wednesday at ten"),  # neither
        ("meet monday at ten and call tuesday", "Meet Tuesday at ten"),  # nothing says so
        ("meet at ten no wait tuesday", "Meet Tuesday at ten"),  # it replaces nothing
        ("meet ann ben carl and dora at ten no wait tuesday", "Meet Tuesday at ten"),  # too much
        ("周三下午开会不对周四", "周五下午开会"),
        ("他说得不对你别听他的", "你别听他的"),  # another sentence
        ("周三不对外开放周四开放", "周四外开放"),  # no correction
        ("九点开会不对是十点开会", "九点开会"),  # the wrong one
        ("go at ten wait we have to call ann and ask her when to come and go by bus", "go by bus"),
        ("ann told bob and carl", "bob told ann and carl"),
        ("要大的不要小的", "要小的"),
        ("你去不去北京", "你北京"),
        ("we meet at three not four", "we meet at four"),
        ("", ""),
    ],
)
def test_what_is_no_such_correction(heard: str, answer: str) -> None:
    assert not list(repairs(split(heard), split(answer)))


def test_only_a_few_are_tried() -> None:
    heard = "meet ann at ten no wait bob " * 50
    answer = "meet bob at ten " * 50
    assert len(list(repairs(split(heard), split(answer)))) <= 4
