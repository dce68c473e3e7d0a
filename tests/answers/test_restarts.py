"""Speakers who begin again with other words."""

from __future__ import annotations

import pytest

from koe.answers.alignment import align, runs
from koe.answers.restarts import is_restart, shifted
from koe.answers.words import split


def restarts(heard: str, answer: str) -> list[bool]:
    words = split(heard)
    return [is_restart(words, *run) for run in runs(shifted(words, align(words, split(answer))))]


@pytest.mark.parametrize(
    ("heard", "gone"),
    [
        ("on may on june", "on may"),
        ("page thirty of page thirty one of it", "page 3 0 of"),
        ("at ten at ten", "at 1 0"),
    ],
)
def test_what_is_gone_may_stand_further_ahead(heard: str, gone: str) -> None:
    words = split(heard)
    answer = split(heard[len(gone.replace("3 0", "thirty").replace("1 0", "ten")) + 1 :])
    ((start, end),) = runs(shifted(words, align(words, answer)))
    assert " ".join(words.texts[start:end]) == gone


@pytest.mark.parametrize(
    ("heard", "answer"),
    [
        ("two tickets uh three tickets to rome", "three tickets to rome"),
        ("作业写第三十页的哦第三十一页的第五题", "作业写第三十一页的第五题"),
        ("这个要用左手哎右手按住", "这个要用右手按住"),
        ("一百八不一百六吧", "一百六吧"),
        ("周一不周二去", "周二去"),
        ("来一杯大杯的不中杯的拿铁", "来一杯中杯的拿铁"),
        ("he lands in boston not boston baltimore at noon", "he lands in baltimore at noon"),
        ("买一把菠菜菠菜不要换成生菜", "买一把生菜"),
        ("他是去年入职的前年前年入职的", "他是前年入职的"),
        ("in room twelve thirteen room thirteen", "in room thirteen"),
        ("我先我先去我先去开个会", "我先去开个会"),
        ("the the pre the presentation is ready", "the presentation is ready"),
        ("pro probably tomorrow", "probably tomorrow"),
    ],
)
def test_a_restart(heard: str, answer: str) -> None:
    assert restarts(heard, answer) == [True]


@pytest.mark.parametrize(
    ("heard", "answer"),
    [
        ("two tickets uh three tables", "three tables"),  # of another kind
        ("我要红的不要绿的", "我要绿的"),  # both are meant
        ("买红苹果买绿苹果", "买绿苹果"),  # nothing shows that it was wrong
        ("能不能先走", "先走"),  # a question
        ("我要咖啡我不要咖啡因", "我要因"),  # a clause of its own
        ("他打我不他打你了", "他打你了"),  # who it is, is no matter of form
        ("at ten uh", "at"),  # nothing is right
        ("there is no north", "there is north"),  # a word of its own
        ("fifty five um fifty six", "fifty six"),  # a part of a number
    ],
)
def test_no_restart(heard: str, answer: str) -> None:
    assert True not in restarts(heard, answer)
