"""Read numerals: spoken numbers in English and Chinese. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from itertools import zip_longest


def values(words: str, first: int = 0, step: int = 1) -> dict[str, int]:
    """Return the value of each word: ``first`` for the first word, and ``step`` more for each next.

    Args:
        words: The words, separated by spaces.
        first: The value of the first word.
        step: The difference between the values of two adjacent words.
    """
    return {word: first + step * index for index, word in enumerate(words.split())}


_DIGIT_NAMES = "zero one two three four five six seven eight nine"
_UNITS = values(
    f"{_DIGIT_NAMES} ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen"
) | {"oh": 0}
_TENS = values("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10) | {"fourty": 40}
ORDINALS = values(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth",
    1,
) | {f"{word[:-1]}ieth": value for word, value in _TENS.items()}
DECADES = {f"{word[:-1]}ies": value for word, value in _TENS.items()}
SCALES = {
    "hundred": 100,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_WORDS = _UNITS | _TENS | ORDINALS | DECADES | SCALES


def any_of(words: Iterable[str]) -> str:
    """Build a pattern for any of many words, grouped by their first letter for speed."""
    by_first: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        by_first.setdefault(word[0], []).append(word[1:])
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in by_first.items())


# A run of number words. "and" joins them only after "hundred" or "thousand". "hundred", "thousand"
# and "million" begin a run only after "a". "oh" begins a run only before two digits, or before a
# digit and "hundred".
_FIRST = any_of((_UNITS | _TENS | ORDINALS | DECADES).keys() - {"oh"})
_ALL = any_of(_WORDS)
_DIGIT_WORD = any_of(_DIGIT_NAMES.split())
ENGLISH = re.compile(
    rf"\b(?<!\bper )(?:{_FIRST}|oh(?=(?: (?:oh|{_DIGIT_WORD})\b){{2}}| (?:{_DIGIT_WORD}) hundred\b)"
    r"|(?<=\ba )(?:hundred|thousand|million))"
    rf"(?:[\s-]+(?:point[\s-]+)?(?!oh (?:no|wait|sorry)\b)(?:{_ALL})"
    rf"|(?:(?<=hundred)|(?<=thousand))\s+and\s+(?:{_FIRST}))*\b",
    re.ASCII,  # Ideographs are word characters otherwise, and would hide a number beside them.
)

CHINESE_DIGIT = "零〇幺一二两兩三四五六七八九"
_CHINESE_DIGITS = dict(zip(CHINESE_DIGIT, (0, 0, 1, 1, 2, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_CHINESE_UNITS = {
    "十": 10, "百": 100, "千": 1000, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8,
}  # fmt: skip
CHINESE = re.compile(
    rf"[{CHINESE_DIGIT}十\d](?:(?<![零\d])|(?<=零)(?!下)|(?<=\d)(?:[\d,.]*\d)? ?(?=[百千万萬亿億]))"
    rf"(?:[点點][{CHINESE_DIGIT}]+(?=[万萬亿億]))?[{CHINESE_DIGIT}十百千万萬亿億]*"
)

# A run of more characters than this is not a number.
_LONGEST_NUMERAL = 40

_PINYIN = "ling yi er san si wu liu qi ba jiu"

DIGIT_SOUNDS = {
    str(value): sounds
    for value, sounds in enumerate(zip(_PINYIN.split(), _DIGIT_NAMES.split(), strict=True))
}
"""How each digit is pronounced: in pinyin, and as an English word."""


@lru_cache(maxsize=1024)
def read_english(run: str) -> str:
    """Read English number words; several numbers in a row are separated by spaces."""
    numbers: list[str] = []
    total, current, last = 0, 0, -1  # for the number being read; `last` is its last word's value
    decimals: str | None = None
    words = re.split(r"[\s-]+", run)
    for word, following in zip_longest(words, words[1:]):
        if word == "and":
            continue
        if word == "point":
            decimals = "" if decimals is None else decimals
            continue
        value = _WORDS[word]
        if decimals is not None and word in SCALES:
            numbers.append(plain(Decimal(f"{total + current}.{decimals or 0}") * value))
            total, current, last, decimals = 0, 0, -1, None
            continue
        if decimals is not None:
            decimals += str(value)
            continue
        if value == 100:
            current = (current or 1) * 100
        elif word in SCALES:
            total, current = total + (current or 1) * value, 0
        else:
            has_room = last < 0 or (last >= 100 > value) or (20 <= last < 100 and 0 < value < 10)
            if last == 100 and value < 10 and _UNITS.get(following or "", 10) < 10:
                has_room = False  # digit by digit: eight hundred five five five
            if not has_room:
                numbers.append(str(total + current))
                total, current = 0, 0
            current += value
        last = value
    if last >= 0:
        numbers.append(str(total + current) + (f".{decimals}" if decimals else ""))
    return " ".join(numbers)


@lru_cache(maxsize=1024)
def read_chinese(run: str) -> str:
    """Read a Chinese numeral; a run that is no valid number is returned unchanged."""
    if len(run) > _LONGEST_NUMERAL:
        return run
    body = run.replace(" ", "").replace(",", "").replace("點", ".").replace("点", ".")
    value = _value(body)
    if isinstance(value, str):
        return value
    return run if value is None else plain(value)


def _value(body: str) -> Decimal | str | None:
    """Read a numeral: a number, a text of single digits (to keep leading zeros), or None."""
    for units in ("亿億", "万萬"):
        at = max(map(body.rfind, units))
        if at < 0:
            continue
        high, low = _value(body[:at]), _value(body[at + 1 :]) if body[at + 1 :] else Decimal(0)
        if high is None or low is None:
            return None
        scale = _CHINESE_UNITS[body[at]]
        low = Decimal(low)
        if len(body) == at + 2 and body[-1] in _CHINESE_DIGITS:
            low *= scale // 10  # 一万二
        return Decimal(high) * scale + low
    if not any(unit in body for unit in "十百千"):
        digits = "".join(str(_CHINESE_DIGITS.get(character, character)) for character in body)
        return digits if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", digits) else None
    return _below_ten_thousand(body)


def _below_ten_thousand(body: str) -> Decimal | None:
    total, digit, last = Decimal(0), None, 10000
    for index, character in enumerate(body):
        if unit := _CHINESE_UNITS.get(character):
            if unit >= last or (digit is None and (unit != 10 or index)):
                return None
            total, digit, last = total + (1 if digit is None else digit) * unit, None, unit
        elif character in "零〇":
            digit = None
        elif digit is not None or not (character in _CHINESE_DIGITS or character.isdecimal()):
            return None
        else:
            digit = int(_CHINESE_DIGITS.get(character, character))
    is_short = digit is not None and last >= 100 and body[-2] in _CHINESE_UNITS  # 三百五
    return total + (digit or 0) * (last // 10 if is_short else 1)


def plain(number: Decimal) -> str:
    """Write a number without an exponent and without zeros at its end."""
    return format(number.normalize(), "f")
