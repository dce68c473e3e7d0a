"""Write numbers, percentages, units and times of day in one form. Pure.

``two thousand and six``, ``2,006`` and ``两千零六`` become ``2006``; ``half past three`` and
``三点半`` become ``3 30``; ``15:00``, ``3 p.m.`` and ``下午三点`` become ``^3``. The result is only
used to compare texts: two ways to write the same number must become the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeAlias

from koe.answers import lexicon
from koe.answers.numerals import (
    CHINESE,
    ENGLISH,
    SCALES,
    any_of,
    plain,
    read_chinese,
    read_english,
    values,
)

MINUS = "¬"
"""The sign that replaces a minus before a number."""

AFTERNOON = "^"
"""The sign before an hour in the second half of the day."""


_MONTHS = values(
    "january february march april may june july august september october november december", 1
)
_MONTH_NAMES = any_of([*_MONTHS, "sept", *(name[:3] for name in _MONTHS)])
_MONTHS_IN_SHORT = {name[:3]: value for name, value in _MONTHS.items()}
# A day precedes a month or follows it. A number after a month may also be a year. If "of" stands
# before the month, the day is the number before "of".
_MONTH = re.compile(
    rf"\b(?:(?:the )?(?P<day>[0-9]{{1,2}}) (?P<of>of )?)?"
    rf"(?P<name>{_MONTH_NAMES})\b\.?(?P<the> the(?= [0-9]))?",
    re.ASCII,
)
_DAY_BEHIND = re.compile(r",? (?:the )?[0-9]{1,2}\b(?! [0-9]{2}\b)")

_UNIT_NAMES = {
    name: line.partition(", ")[0] for line in lexicon.lines("units") for name in line.split(", ")
}
UNITS = frozenset(_UNIT_NAMES.values())
"""The units in the form in which `write_digits` writes them after numbers."""

_UNIT = rf"([0-9])[ -]?(?:个 ?)?({any_of(_UNIT_NAMES)})(?:(?<![a-z])|(?![a-z]))"

_MEASURE_WORDS = "".join(lexicon.lines("measure words"))

_QUARTERS = {"half": 30, "quarter": 15, "a quarter": 15, "半": 30, "1刻": 15, "3刻": 45}

# "ten to three" is a time only after one of these words; otherwise it is a range.
_AT = "at|by|before|until|till|around|after|since"


def _past(match: re.Match[str]) -> str:
    return f"{match[2]} {_QUARTERS.get(match[1], match[1])}"


def _to(match: re.Match[str]) -> str:
    return f"{match[1] or ''}{_before(match[3], match[2])}"


def _before(hour: str, minutes: str | None) -> str:
    """Write a time as so many minutes, by default a quarter, before an hour."""
    return f" {int(hour) - 1} {60 - int(minutes or 15)}"


def _late(match: re.Match[str]) -> str:
    return f" {AFTERNOON}{int(match[1]) - 12}"


def _afternoon(match: re.Match[str]) -> str:
    return f" {AFTERNOON * (1 <= int(match[1]) < 12)}{match[1]}{match[2]} "


def _unit(match: re.Match[str]) -> str:
    return f"{match[1]} {_UNIT_NAMES[match[2]]} "


def _mixed(match: re.Match[str]) -> str:
    return match[1] + str(int(match[2]) / int(match[3]))[1:]


def _and_a_half(match: re.Match[str]) -> str:
    return f"{match[1] or 1}.5 {match[2]}"


def _dozen(match: re.Match[str]) -> str:
    return str(12 * int(match[1] or 1))


def _month(match: re.Match[str]) -> str:
    """Write a date with its month first; leave may and march alone if no number is near."""
    text, day = match.string, match["day"]
    before = text[max(0, match.start() - 2) : match.start()].rstrip(" ,")
    after = text[match.end() : match.end() + 2].lstrip(" ,")
    if not (day or before[-1:].isdigit() or after[:1].isdigit()):
        return match[0]
    number = _MONTHS_IN_SHORT[match["name"][:3]]
    is_day_behind = _DAY_BEHIND.match(text, match.end() - len(match["the"] or ""))
    if day and is_day_behind and not match["of"]:
        return f"{match[0][: match.start('name') - match.start()]}{number}月 "
    return f" {number}月 {day or ''} "


def _scale(match: re.Match[str]) -> str:
    return plain(Decimal(match[1]) * SCALES[match[2]])


_BY_DIGIT = "|".join(f"{by}{digit}" for by in ("by ", "x", "x ", "×", "× ") for digit in range(10))

_Form: TypeAlias = tuple[Sequence[str], re.Pattern[str], str | Callable[[re.Match[str]], str]]

# Replacements in lower-case text in which numbers are digits, in this order. The first column has
# strings separated by bars. A pattern is tried only if the text contains one of these strings,
# which is quick to check.
_FORMS: Sequence[_Form] = tuple(
    (needles.split("|"), re.compile(pattern, re.ASCII), written)
    for needles, pattern, written in (
        ("點", "點", "点"),
        (" 点", r"(?<=\d) (?=点)", ""),
        (
            "e负|e 负|e minus |e negative |e-|e -",
            r"(\d) ?e ?(?:负|minus |negative |-)(?=\d)",
            rf"\1 e {MINUS} ",
        ),
        ("0 ", r"\b0 ([1-9])00\b(?: hours\b)?", r"\1 "),
        ("⁄", "⁄", "/"),
        ("00 hours", r"\b(\d\d?)00 hours\b", r"\1:00"),
        (":", r"(1[3-9]|2[0-3])(?<!\w\d\d)(?=:\d\d)", _late),
        (
            "点",
            r"(1[3-9]|2[0-3])(?<![之\d.]\d\d)(?=点(?:\D|$|\d?\d分|[0-5]\d(?![\d%])))",
            _late,
        ),
        ("double ", r"\bdouble (\d)(?!\d)", r"\1\1"),
        ("triple ", r"\btriple (\d)(?!\d)", r"\1\1\1"),
        ("half", r"\b1 half\b", "1/2"),
        ("half ", r"\bhalf (?:an?|of) (?=[a-z])", "1/2 "),
        ("half", r"(\d) and a half\b", r"\1.5"),
        (" and a half", r"\b(?:an?|(\d+)) ([a-z]+) and a half\b", _and_a_half),
        ("quarter", r"(\d) and a quarter\b", r"\1.25"),
        ("quarters", r"(\d) and 3 quarters\b", r"\1.75"),
        ("差", r"差 ?(?:(\d+) ?分钟?|1刻) ?(\d+) ?点", lambda it: _before(it[2], it[1]) + " "),
        ("点差", r"(\d+) ?点差 ?(?:(\d+) ?分钟?|1刻)", lambda it: _before(it[1], it[2]) + " "),
        ("整", r"(?:(?<=\d点)|(?<=:00))整", ""),
        (
            "下午|晚上",
            r"(下午|晚上) ?(\d\d?(?:点(?:半|[13]刻|\d\d?分?)?|:\d\d)?) ?([到至-]) ?(?=\d\d?[点:])",
            r"\1\2\3\1",
        ),
        (_BY_DIGIT, r"(\d) ?(?:\bby\b|x|×) ?(?=\d)", r"\1 x "),
        ("/", r"(\d) +([13])/([24])\b", _mixed),
        ("quarters", r"(\d) quarters(?: of an?)?\b", r"\1/4"),
        ("thirds", r"(\d) thirds(?: of an?)?\b", r"\1/3"),
        ("半", r"(\d)([个斤倍年米块])半", r"\1.5\2"),
        ("半", r"半(?<![上下前后後]半)(?=个?(?:年|天|月|小时|斤|公里|米|吨))", "1/2"),
        ("下", r"下(?=个?(?:周|星期|礼拜|月))", " next "),
        ("上", r"上(?<![晚早以网线路身手间本际则面马]上)(?=个?(?:周|星期|礼拜|月))", " last "),
        ("毛", r"(?<![\d块])(\d)毛钱?", r"0.\1块"),
        ("块|米|度|斤", r"(\d)([块米度斤])(\d)毛?(?![\d.米厘分斤两度块])", r"\1.\3\2"),
        (" past ", r"\b(half|(?:a )?quarter|\d+) past (\d+)", _past),
        ("点", r"点(?<=\d点)(半|1刻|3刻)", lambda it: f" {_QUARTERS[it[1]]}"),
        ("noon", r"\bnoon\b", "12"),
        ("点", r"点(?<=\d点)(?=\d)", "."),
        (":", r"(?<!\d)0(\d):(\d\d)", r"\1:\2"),
        (":00", r"(\d{1,2}):00(?!\d)", r"\1 "),
        ("-|/", r"\b(\d{4})([-/])0?(\d{1,2})\2(?:0?)(\d{1,2})\b", r"\1 \3 \4"),
        ("st|nd|rd|th", r"([0-9])(?:st|nd|rd|th)\b", r"\1"),
        ("clock", r"(?<=\d) ?o'?clock\b", ""),
        ("am|a.m|a m|morning", r"(\d) ?(?:a\.? ?m\b\.?|in the morning\b)", r"\1 "),
        ("上午|早|凌晨", r"(?:上午|早上|早晨|凌晨) ?(?=\d)", " "),
        ("百分之", r"百分之(\d+(?:\.\d+)?)", r"\1%"),
        ("成", r"(\d)成(?![功不员本立为了长果绩交语套对])", r"\g<1>0%"),
        ("星期|拜|周|週", r"(?:星期|礼拜|禮拜|周|週)([1-6天日])", r"周\1"),
        ("周天", "周天", "周日"),
        ("a 3 of ", r"\ba 3 of\b", "1/3 of"),
        ("dozen", r"(?:\b(\d+) |\ba )?\bdozen\b", _dozen),
        ("分之", r"(\d+)分之(\d+)", r"\2/\1"),
        ("cent", r"(\d (?:dollars?|euros?)) (?:and )?(\d{1,2}) cents?\b", r"\1 \2"),
        ("q", r"q(?<!\wq) ?([1-4])\b", r"\1 quarter"),
        (
            "between |from ",
            r"\b(between|from) (\d{1,3}) (and|to) (\d+)000\b",
            r"\1 \g<2>000 \3 \g<4>000",
        ),
        ("到|至|-", r"(?<![\d.])(\d) ?([到至-]) ?(\d)0000(?!\d)", r"\g<1>0000\2\g<3>0000"),
        ("比", r"([0-9]) ?比 ?(?=[0-9])", r"\1:"),
        ("'", r"(\d)'(?=\d)", r"\1 ft "),
        ("零下|负|minus ", r"(?:零下|(?<![正胜])负|\bminus )(?=\d)", f" {MINUS} "),
        (
            "-",
            r"(?:(?<![\w.\u3400-\u9fff-])|(?<=[是为為到至约約额額]))-(?=\d)"
            r"|(?<![\w.-])-(?=\d+(?:\.\d+)?[°%度米楼层])",
            f" {MINUS} ",
        ),
        ("thousand|illion", r"(\d+(?:\.\d+)?) ?(thousand|million|billion|trillion)\b", _scale),
        ("a quarter", r"\ba quarter (?!to |past )(?:of (?:an? )?)?(?=[a-z])", "1/4 "),
        (
            "5 to |0 to |quarter to ",
            rf"(?:\b({_AT}) (5|10|20|25)|\b(?:a )?quarter) to (\d+)\b",
            _to,
        ),
        ("", _UNIT, _unit),
        (
            "pm|p.m|p m|in the |at night",
            r"(\d{1,2})((?:[: ]\d\d)?) ?(?:p\.? ?m\b\.?|in the (?:afternoon|evening)|at night)",
            _afternoon,
        ),
        ("", rf"[{_MEASURE_WORDS}](?:(?<=[\d这那每].)|(?<=\d .))", "个"),
        ("下午|晚", r"(?:下午|晚上|傍晚) ?(\d{1,2})()(?!\d)", _afternoon),
        ("摄氏|攝氏", r"[摄攝]氏(\d+(?:\.\d+)?)?度", r"\1℃"),
        ("华氏|華氏", r"[华華]氏(\d+(?:\.\d+)?)?度", r"\1℉"),
        ("°c|celsius|centigrade", r" ?(?:°c|degrees? (?:celsius|centigrade))\b", "℃"),
        ("°f|fahrenheit", r" ?(?:°f|degrees? fahrenheit)\b", "℉"),
        ("度|degree", r"(?<=\d) ?(?:度|degrees?\b)", "°"),
    )
)
# CHINESE does not match the 百 at the end of 百分之百, because no digit precedes it.
_HUNDRED_PERCENT = re.compile("百分之百(?![十千万萬亿億])")

_MAY_BE_NUMBER = re.compile("[0-9]|noon|half|dozen|星期|礼拜|禮拜|[上下]个?[周月]|半")


def write_digits(text: str) -> str:
    """Write all numbers of a text as digits, and times and percentages in one form.

    Args:
        text: Lower-case and in Unicode's NFKC form.
    """
    written = text
    if not text.isascii():
        written = _HUNDRED_PERCENT.sub("100%", written)
        written = CHINESE.sub(lambda match: read_chinese(match[0]), written)
    written = ENGLISH.sub(lambda match: read_english(match[0]), written)
    if not _MAY_BE_NUMBER.search(written):
        return written
    for needles, pattern, form in _FORMS:
        for needle in needles:
            if needle in written:
                written = pattern.sub(form, written)
                break
    has_month = any(month in written for month in _MONTHS_IN_SHORT)
    return _MONTH.sub(_month, written) if has_month else written
