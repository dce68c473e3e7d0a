"""Numbers in one form."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.answers.numbers import write_digits


def digits(text: str) -> str:
    """The digits of a text and its signs, without what is between."""
    return "".join(re.findall("[¬/%0-9]", write_digits(text)))


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("seven", "7"),
        ("one hundred twenty three thousand four hundred fifty six", "123,456"),
        ("two thousand and six", "2006"),
        ("one hundred and five", "105"),
        ("a hundred and twenty eight", "128"),
        ("nineteen eighty seven", "19 87"),
        ("two oh six", "2 0 6"),
        ("one point two million", "1,200,000"),
        ("1.2 million", "1,200,000"),
        ("seventeen point two five percent", "17.25%"),
        ("twenty per cent", "20%"),
        ("the twenty first", "21st"),
        ("the nineties", "90"),
        ("two and a half", "2.5"),
        ("an hour and a half", "1.5 hours"),
        ("差五分八点", "7:55"),
        ("a third of it", "1/3 of it"),
        ("首付三成，月底交", "首付30%，月底交"),
        ("8年", "8 years"),
        ("double four seven", "447"),
        ("call oh one seven six", "0176"),
        ("a dozen", "12"),
        ("eighteen hundred hours", "18:00"),
        ("three o'clock in the afternoon", "15:00"),
        ("ten megabytes per second", "10 MB/s"),
        ("三点到五点", "3:00到5:00"),
        ("一米八", "1.8米"),
        ("三十七度五", "37.5度"),
        ("两斤半", "2.5斤"),
        ("五毛钱", "0.5块"),
        ("负五度", "-5度"),
        ("八成的人", "80%的人"),
        ("礼拜三", "周三"),
        ("one half", "1/2"),
        ("minus five", "-5"),
        ("零", "0"),
        ("一三八零零一三八零零零", "13800138000"),
        ("两百三十四", "234"),
        ("三千五", "3500"),
        ("一万二", "12000"),
        ("一万零二", "10002"),
        ("一千零五十", "1050"),
        ("一亿两千万", "120000000"),
        ("1.2 亿", "120000000"),
        ("一点五万", "15000"),
        ("120 万", "一百二十万"),
        ("二点三点一", "2.3.1"),
        ("百分之十七点五", "17.5%"),
        ("三分之二", "2/3"),
        ("零下五度", "-5 度"),
        ("两个半", "2.5 个"),
        ("比分三比二", "3:2"),
        ("温度是零下十度", "温度是-10 度"),
        ("nine dollars and fifty cents", "9.50"),
        ("two pounds twenty pence", "2.20"),
        ("the third quarter", "q3"),
        ("between ten and fifteen thousand", "between 10,000 and 15,000"),
        ("三到五万", "3万到5万"),
        ("at two oh no three", "at 2 oh no 3"),
        ("半年", "1/2年"),
    ],
)
def test_what_is_said_is_what_is_written(spoken: str, written: str) -> None:
    assert digits(spoken) == digits(written) != ""


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("half past nine", "9:30"),
        ("a quarter past nine", "9:15"),
        ("quarter to eight", "7:45"),
        ("at five to eight", "at 7:55"),
        ("ten past six", "6:10"),
        ("three p m", "15:00"),
        ("three oh five p m", "15:05"),
        ("3:05 PM", "下午三点零五"),
        ("three in the afternoon", "3 p.m."),
        ("six forty five a m", "6:45 am"),
        ("nine in the morning", "9"),
        ("eight o'clock", "8:00"),
        ("at noon", "at 12"),
        ("下午四点半", "16:30"),
        ("晚上八点一刻", "20:15"),
        ("今天十五点三十开会", "今天 15:30 开会"),
        ("今天十五点开会", "今天 15:00 开会"),
        ("十五点五元", "15.5 元"),
        ("上午九点", "9:00"),
        ("三点零五分", "3:05"),
        ("二零二六年十一月二十八日", "2026-11-28"),
        ("november twenty eighth", "11月 28"),
        ("the third of may", "may 3"),
        ("the twenty third of may", "may 23rd"),
        ("twenty third may", "5月 23"),
        ("may the fourth", "may 4th"),
        ("june third", "3 june"),
        ("first of march two thousand and five", "march 1, 2005"),
        ("march one twenty twenty six", "1 march 20 26"),
    ],
)
def test_times_and_dates(spoken: str, written: str) -> None:
    assert digits(spoken) == digits(written) != ""


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("五百毫秒", "500 ms"),
        ("five hundred milliseconds", "500ms"),
        ("一百二十平米", "120 平方米"),
        ("eight gigs", "8GB"),
        ("八个兆", "8 MB"),
        ("seventy five kilos", "75 公斤"),
        ("six foot two", "6'2"),
        ("half a mile", "1/2 mile"),
        ("three quarters of a mile", "3/4 mile"),
        ("two thirds", "2/3"),
        ("q four", "Q4"),
        ("fifty micrograms", "50 μg"),
        ("一百公里每小时", "100 km/h"),
        ("三十八度五", "38.5°"),
        ("零下五摄氏度", "-5 ℃".replace(" ", "")),
        ("four by four", "4x4"),
        # Directly beside ideographs.
        ("增长了fifteen percent", "增长了15%"),
        ("今年q四", "今年Q4"),
        ("最低零下五度", "最低-5度"),
        ("call eight hundred five five five one two", "call 800-555-12"),
        ("百分之百", "100%"),
        ("ten kilo ohms", "10 kΩ"),
        ("one e minus four", "1e-4"),
        ("at oh two hundred hours", "at 02:00"),
        ("下午两点半到四点半", "下午 2 点半到 4 点半"),
    ],
)
def test_units_and_fractions(spoken: str, written: str) -> None:
    assert digits(spoken) == digits(written) != ""


def test_a_date_has_its_month_first() -> None:
    assert write_digits("the 3 of may").split() == ["5月", "3"]
    assert write_digits("at 3 march 5").split() == ["at", "3", "3月", "5"]
    assert write_digits("on may the 4").split() == ["on", "5月", "4"]


@pytest.mark.parametrize(
    "text",
    [
        "the march to the sea",
        "we may march on",
        "千万不要",
        "两三千",
        "oh no",
        "a second",
        "5 to 8 people",
        "点",
    ],
)
def test_words_that_are_no_times(text: str) -> None:
    assert "月" not in write_digits(text)
    assert digits(text) in ("", "2", "58")


def test_a_hyphen_behind_another_word_is_no_minus() -> None:
    assert "¬" not in write_digits("文件-10 covid-19 3-5")


@given(st.text("零一二两三四五六七八九十百千万亿点半分之上下午年月日1.,: 个", max_size=20))
def test_any_chinese_numerals(text: str) -> None:
    assert isinstance(write_digits(write_digits(text)), str)


NUMBER_WORDS = (
    "one two twenty hundred thousand million and point oh first half past quarter to p m percent "
    "minus a 5 1.5 may of nineties"
)


@given(st.lists(st.sampled_from(NUMBER_WORDS.split())))
def test_any_number_words(words: list[str]) -> None:
    assert isinstance(write_digits(" ".join(words)), str)
