"""The rule ``numbers``: spoken numbers as digits. Pure.

Numbers below ten, hours, ranges ("twenty or thirty", 两三百) and words that only look like numbers
(十分, 千万) are not changed. `koe.answers.numerals` reads the numbers.
"""

from __future__ import annotations

import re

from koe.answers.numerals import (
    CHINESE,
    CHINESE_DIGIT,
    DECADES,
    ENGLISH,
    ORDINALS,
    read_chinese,
    read_english,
)
from koe.finishing import ordinary
from koe.finishing.scripts import HAN

_ENGLISH = re.compile(rf"{ENGLISH.pattern}(?P<percent>\s+per\s?cent\b)?", re.IGNORECASE)
_HYPHEN_OR_SPACE = re.compile(r"[\s-]+")

# Next to one of these words a number is an hour, a range, or not a number.
_BEFORE = re.compile(
    r"(?:\b(?:a|an|half|past|quarter|or|to|and|than|between|no|oh)|[\d-])\s*$", re.IGNORECASE
)
_PARTS = "|".join(
    f"{it}s" for it in (*ORDINALS.keys() - {"first", "second"}, "hundredth", "thousandth")
)
_AFTER = re.compile(
    r"\s*(?:-|\d)"
    rf"|\s+(?:or|to|past|o'clock|and\s+a\s+half|something|odd|winks|{_PARTS})\b",
    re.IGNORECASE,
)
# "Thirty second" is a duration before a noun, and a day before these words.
_BEHIND_DAY = re.compile(r"\s*(?:[^\w\s]|\Z)|\s+(?:of|is|was|and|at|in|on)\b", re.IGNORECASE)

_AT = re.compile(r"\bat\s*$", re.IGNORECASE)

# The fewest single digits in a row that are written together, such as a telephone number.
_FEWEST_DIGITS = 5
_CENTURIES = ("18", "19", "20")
_SUFFIXES = {"1": "st", "2": "nd", "3": "rd"}

_D = CHINESE_DIGIT
_PERCENT = re.compile(
    rf"(?<![{_D}十百千万亿\d])百分之(百|[{_D}十百]+(?:[点點][{_D}]+)?)"
    rf"(?![{_D}十百点點分几幾多]|来(?!自)|余(?!额|下)|[到至](?!百分之))"
)
_DECIMAL = re.compile(
    rf"(?<![{_D}十百千万亿点點\d])(?:([零〇])[点點]([{_D}]+)|([{_D}十百千万]+)[点點]((?![零〇])[{_D}]{{2,}}))"
    rf"(?![{_D}十百千万亿点點分钟半刻])"
)
# Words that may follow a numeral; then it is not a part of another word.
_MEASURES = frozenset(
    "年月日号號岁歲分秒时時度个個人元块塊钱米里章节课页次位名台件条张只本天周层楼路班级"
)
# Next to one of these characters a numeral is a day, an hour, a fraction, or inexact.
_NOT_AFTER = frozenset("初之点點分几幾数數百千万")
_NOT_BEFORE = frozenset("点點多几幾来余餘之")
# Behind a numeral: of a fraction, or of money with a smaller unit.
_PART = re.compile(rf"分之|好[几幾]|[块塊毛][{_D}](?=[毛钱錢的了]|[^{HAN}]|\Z)")
_LUNAR = ("大年", "正月", "腊月", "臘月")

# Phrases in which a numeral stays. For 十一 these are the words of the holiday.
_IDIOMS = (
    "三十六计", "十八般", "三十而立", "四十不惑", "七老八十", "二百五", "三百六十行", "七零八落",
    "一百个放心", "十万八千里", "十万火急", "五十铃", "十三香", "十三姨", "三十年河", "百八十",
    "十一放假", "十一国庆", "十一假", "十一黄金周", "十一长假", "双十一", "双十二", "年三十晚",
    "万儿八千", "千儿八百",
)  # fmt: skip

# The fewest digits in a row that are a number; with a zero among them one less is enough.
_FEWEST_CHINESE_DIGITS = 4


def apply(text: str) -> str:
    """Write the numbers of a text as digits, if they are certain."""
    if not text.isascii():
        text = _PERCENT.sub(_percent, text)
        text = _DECIMAL.sub(_decimal, text)
        text = CHINESE.sub(_chinese, text)
    return _ENGLISH.sub(_english, text)


def _english(match: re.Match[str]) -> str:
    """Digits for a run of number words, or the words themselves."""
    said, percent = match[0], match["percent"] or ""
    run = said.removesuffix(percent).lower()
    words = _HYPHEN_OR_SPACE.split(run)
    before, after = match.string[: match.start()], match.string[match.end() :]
    if _BEFORE.search(before) or _AFTER.match(after) or words[-1] in DECADES:
        return said
    if words[-1] == "second" and len(words) > 1 and not _BEHIND_DAY.match(after):
        return said
    if words.count("point") > 1 or (words[:2] == ["one", "point"] and _AT.search(before)):
        return said  # a version, or "at one point"
    written = _written(words, run, is_percent=bool(percent))
    return said if written is None else written + ("%" if percent else "")


def _written(words: list[str], run: str, *, is_percent: bool) -> str | None:
    """Digits for words; None if the words may mean something else."""
    ordinals = [word for word in words if word in ORDINALS]
    if ordinals:
        is_one = len(words) > 1 and ordinals == words[-1:]
        numbers = read_english(run).split()
        return _ordinal(numbers[0]) if is_one and len(numbers) == 1 else None
    numbers = read_english(run).split()
    if len(numbers) == 1:
        is_small = len(words) == 1 and len(numbers[0]) == 1
        return None if is_small and not is_percent else numbers[0]
    if len(numbers) >= _FEWEST_DIGITS and all(len(number) == 1 for number in numbers):
        return "".join(numbers)
    if len(numbers) == 2 and numbers[0] in _CENTURIES and len(numbers[1]) == 2:
        return "".join(numbers)
    return None


def _ordinal(number: str) -> str:
    is_teen = number[-2:-1] == "1"
    return number + ("th" if is_teen else _SUFFIXES.get(number[-1], "th"))


def _percent(match: re.Match[str]) -> str:
    said = match[1]
    if len(said) > 1 and not any(it in said for it in "十百点點"):
        return match[0]  # inexact, such as 五六: five or six
    number = "100" if said == "百" else _number(said)
    return match[0] if number is None else f"{number}%"


def _decimal(match: re.Match[str]) -> str:
    whole, part = match[1] or match[3], match[2] or match[4]
    before, after = _number(whole), _number(part)
    return match[0] if before is None or after is None else f"{before}.{after}"


def _number(said: str) -> str | None:
    """The digits of a numeral, which may have a decimal point; None if it is not a numeral."""
    whole, point, part = said.replace("點", "点").partition("点")
    read = [read_chinese(it) for it in (whole, part) if it]
    if any(not it.isdecimal() for it in read) or (part and not read[1:]):
        return None
    return ".".join(read) if point else read[0]


def _chinese(match: re.Match[str]) -> str:
    said, text = match[0], match.string
    start, end = match.span()
    before, after = text[:start][-1:], text[end : end + 1]
    if len(said) < 2 or any(map(str.isdecimal, said)):
        return said
    if before in _NOT_AFTER or after in _NOT_BEFORE or _PART.match(text, end):
        return said
    around = text[max(0, start - 3) : end + 3]
    if text[:start].endswith(_LUNAR) or any(it in around and said in it for it in _IDIOMS):
        return said
    has_unit = any(unit in said for unit in "十百千万萬亿億")
    if not has_unit and (any(it in said for it in "两兩") or (_is_doubled(said) and after != "年")):
        return said
    if not has_unit and len(said) + ("零" in said) < _FEWEST_CHINESE_DIGITS:
        return said
    number = read_chinese(said)
    if not number.isdecimal() or _is_of_word(text, start, end):
        return said
    return number


def _is_doubled(said: str) -> bool:
    """Whether a numeral is a figure of speech, such as 七七八八."""
    return len(said) == 4 and said[0] == said[1] != said[2] == said[3]


def _is_of_word(text: str, start: int, end: int) -> bool:
    """Whether the numeral is a part of a word, such as 一千零一夜."""
    for last in (end + 1, end + 2):
        for first in (end - 1, end - 2):
            word = text[first:last]
            if start <= first and last <= len(text) and ordinary.is_chinese_word(word):
                return word[-1] not in _MEASURES
    return False
