"""The rule ``width``: full-width marks in Chinese, half-width ones elsewhere. Pure.

The width of a mark follows from the characters next to it, or else from its sentence. Letters and
digits always become half-width.
"""

from __future__ import annotations

import re

from koe.finishing.protected import MARKER
from koe.finishing.scripts import FULL_WIDTH, HAN

_NARROW = str.maketrans({
    chr(wide): chr(wide - 0xFEE0)
    for wide in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
})  # fmt: skip
_WIDE_LETTER = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
_IS_WIDE = re.compile(f"[{HAN}{FULL_WIDTH}“”]")
_HAS_IDEOGRAPH = re.compile(f"[{HAN}]")
_LATIN_WORD = re.compile(r"[A-Za-z]+")

_TO_FULL = dict(zip(",.;:!?", "，。；：！？", strict=True))
_TO_HALF = {full: half for half, full in _TO_FULL.items()}

_HALF = re.compile(rf"(?<=[\w{HAN}{MARKER}）」』》”])([,;:!?.])(?![,;:!?.\"'/\\])(\s*)")
_FULL = re.compile(rf"(?<=[A-Za-z0-9{MARKER}])\s*([，。；：！？])(?![，。；：！？…])")
_PAREN = re.compile(r"\s?\(([^()\n（）]*)\)|（([^()\n（）]*)）\s?")
# In longer sentences only this many characters around the mark are considered.
_REACH = 200
_SENTENCE_ENDS = re.compile(r"[.。!！?？\n]")


def apply(text: str) -> str:
    """Give each mark in a text the width of its surroundings."""
    if text.isascii():
        return text
    if _WIDE_LETTER.search(text):
        text = text.translate(_NARROW)
    text = _PAREN.sub(_paren, text)
    text = _HALF.sub(_half, text)
    return _FULL.sub(_full, text)


def _half(match: re.Match[str]) -> str:
    """A half-width mark, or its full-width form next to ideographs."""
    text = match.string
    before, after = text[match.start() - 1], text[match.end() : match.end() + 1]
    is_beside = bool(_HAS_IDEOGRAPH.match(before)) or before in "）」』》”"
    if match[1] == ".":
        # It may be a part of a name or a number.
        is_wide = is_beside and (not after or bool(match[2]) or bool(_IS_WIDE.match(after)))
    elif "\n" in match[2]:
        is_wide = is_beside
    else:
        is_wide = is_beside or bool(_HAS_IDEOGRAPH.match(after))
    if not is_wide or (not _IS_WIDE.match(after) and _is_latin(text, match)):
        return match[0]
    return _TO_FULL[match[1]] + ("\n" if "\n" in match[2] else "")


def _is_latin(text: str, match: re.Match[str]) -> bool:
    """Whether the sentence of a mark has more words in Latin letters than ideographs."""
    sentence = _sentence_around(text, match.start(), match.end())
    return len(_LATIN_WORD.findall(sentence)) > len(_HAS_IDEOGRAPH.findall(sentence))


def _full(match: re.Match[str]) -> str:
    """A full-width mark, or its half-width form if the sentence has no ideograph."""
    text = match.string
    after = text[match.end() : match.end() + 1]
    if after and _IS_WIDE.match(after) and after not in FULL_WIDTH:
        return match[0]
    if _HAS_IDEOGRAPH.search(_sentence_around(text, match.start(), match.end())):
        return match[0]
    is_number = match.string[: match.start()][-1:].isdecimal() and after.isdecimal()
    space = " " if after and not after.isspace() and not is_number else ""
    return _TO_HALF[match[1]] + space


def _sentence_around(text: str, start: int, end: int) -> str:
    """The sentence that contains a mark, or ends with it."""
    earliest = max(0, start - _REACH)
    ends = [match.end() for match in _SENTENCE_ENDS.finditer(text, earliest, start)]
    begin = ends[-1] if ends else earliest
    stop = _SENTENCE_ENDS.search(text, end - 1, end + _REACH)
    return text[begin : stop.start() if stop else end + _REACH]


def _paren(match: re.Match[str]) -> str:
    half, full = match[1], match[2]
    if half is not None:
        before = match.string[: match.start()][-1:]
        is_wide = bool(_HAS_IDEOGRAPH.search(half)) and (not before or bool(_IS_WIDE.match(before)))
        return f"（{half}）" if is_wide else match[0]
    if _HAS_IDEOGRAPH.search(match.string):
        return match[0]
    before, after = match.string[: match.start()][-1:], match.string[match.end() : match.end() + 1]
    left = " " if before.isalnum() else ""
    return f"{left}({full}){' ' if after.isalnum() else ''}"
