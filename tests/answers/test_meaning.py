"""Small changes that turn the meaning round."""

from __future__ import annotations

import pytest

from koe.answers.differences import compare
from koe.answers.flaws import Flaw
from koe.answers.meaning import changed_meaning, changes_certainty


@pytest.mark.parametrize(
    ("heard", "answer", "flaw"),
    [
        ("we do not go", "we go", Flaw.NEGATION),
        ("we don't go", "we do not go", None),
        ("他不来", "他来", Flaw.NEGATION),
        ("it is impossible", "it is possible", Flaw.NEGATION),
        ("at seven fifteen", "at 7:51", Flaw.NUMBER),
        ("at seven fifteen", "at 7:15", None),
        ("take two every six hours", "take 6 every 2 hours", Flaw.NUMBER),
        ("june third two thousand six", "3 June 2006", None),
        ("minus five", "5", Flaw.NUMBER),
        ("version two point one one", "version 2.11.1", Flaw.NUMBER),
        ("version two point one point one", "version 2.1.1", None),
        ("set it to one e minus four", "set it to 1e4", Flaw.NUMBER),
        ("十八楼", "八楼", Flaw.NUMBER),
        ("这个月奖金三千六", "这个月奖金六千三", Flaw.NUMBER),
        ("i have one question", "i have a question", None),
        ("付我一万五千块", "付我 15 万元", Flaw.NUMBER),
        ("半年后复查", "一年后复查", Flaw.NUMBER),
        ("称一公斤", "称一斤", Flaw.NUMBER),
        ("房子有六十平米", "房子有 60 亩", Flaw.NUMBER),
        ("内存有六十 G", "内存有 60 GB", None),
        ("两个书", "两本书", None),
        ("we go", "we go 5", Flaw.NUMBER),
        ("help me", "help you", Flaw.REPLY),
        ("he saw me", "he saw myself", None),
        ("is this right", "this is right", Flaw.REPLY),
        ("are are you there", "are you there", None),
        ("what what is it", "what is it", None),
        ("几点开会", "点开会", Flaw.REPLY),
        ("有没有问题", "没有问题", Flaw.REPLY),
        ("so is this one right", "so this one is right", Flaw.REPLY),
        ("meet at three in the afternoon", "meet at 3 in the morning", Flaw.NUMBER),
        ("meet at three in the afternoon", "meet at 15:00", None),
        ("thirty centimeters long", "30 mm long", Flaw.NUMBER),
        ("three quarters of a mile", "3/4 mile", None),
        ("turn it up", "turn it down", Flaw.NEGATION),
        ("we leave in october", "we leave in november", Flaw.NEGATION),
        ("open the window", "opening the window", Flaw.REPLY),
        ("close the window", "closing the window", Flaw.REPLY),
        ("it weighs four point five", "it weighs 45", Flaw.NUMBER),
        ("1200 euros", "1.200 euros", None),
        ("three fifty", "3.50", None),
        ("打开空调", "已打开空调", Flaw.REPLY),
        ("he does not know nothing", "he does not know anything", None),
        ("he knows nothing", "he knows anything", Flaw.NEGATION),
        ("先发给王经理呃更正一下先发给黄经理", "先发给王经理和黄经理", Flaw.WORD),
        ("call ann and bob i mean ben", "call ann and ben", None),
        ("请转给我一万五千块", "请转给我 15 万元", Flaw.NUMBER),
        ("that is to hundred euros", "that is two hundred euros", None),
        ("半年后复查", "一年后复查", Flaw.NUMBER),
        ("首付三成大概九十万", "首付30%，大概90万", None),
        ("", "", None),
    ],
)
def test_changes(heard: str, answer: str, flaw: Flaw | None) -> None:
    assert changed_meaning(compare(heard, answer, ())) is flaw


@pytest.mark.parametrize(
    ("heard", "answer", "expected"),
    [
        ("手术在下周二", "手术在周二", True),
        ("上个月的报告", "这个月的报告", True),
        ("想一下下周的事", "想想下周的事", False),
        ("see you next tuesday", "see you tuesday", True),
        ("我差点撞到那辆车", "我撞到那辆车了", True),
        ("i almost missed it", "I nearly missed it", False),
        ("if the fever goes up call me", "The fever goes up, so call me", True),
        ("up to ten people can join", "Ten people can join", True),
        ("the price is fifty dollars", "The price is about $50", True),
        ("大概五十个人", "大约 50 个人", False),
        ("we talked about fifty things", "We talked about 50 things", False),
    ],
)
def test_changes_of_certainty(heard: str, answer: str, *, expected: bool) -> None:
    assert changes_certainty(compare(heard, answer, ())) is expected
