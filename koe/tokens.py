"""Tokens: the units in which a text was spoken, so that two texts can be compared. Pure.

A token is a word, a digit, or one character of a script that puts no spaces between words (with
its vowel signs and accents). Case, width, apostrophes and punctuation make no difference.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from koe.text import is_unspaced

_APOSTROPHES = "'’ʼ"

# Letters and numbers begin a token; marks and joiners continue it.
_WORD, _ALONE, _MARK, _OTHER = range(4)

# Characters that are searched for each token: a word and the signs after it have fewer.
_CHARACTERS_A_TOKEN = 24


class Token(NamedTuple):
    """One token of a text.

    Attributes:
        key: Equal for tokens that differ only in case, width or apostrophes.
        start: Where it begins in the text.
        end: Where it ends.
    """

    key: str
    start: int
    end: int

    @property
    def is_character(self) -> bool:
        """Whether it is one character of an unspaced script."""
        return is_unspaced(self.key[0])


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """Find the tokens of a text, one after the other, from a position on."""
    position, length = start, len(text)
    while position < length:
        kind = _kind(text[position])
        begin, position = position, position + 1
        if kind in (_OTHER, _MARK):
            continue
        while position < length and _goes_on(text, position, kind):
            position += 1
        yield Token(_key(text[begin:position]), begin, position)


def first_tokens(text: str, count: int) -> list[Token]:
    """Return the first tokens of a text; the time that it takes depends on ``count`` only."""
    return list(islice(tokens(text[: count * _CHARACTERS_A_TOKEN]), count))


def last_tokens(text: str, count: int) -> list[Token]:
    """Return the last tokens of a text; the time that it takes depends on ``count`` only."""
    for length in (4 * count, _CHARACTERS_A_TOKEN * count):
        found = list(tokens(text, max(0, len(text) - length)))
        # The first one may be only the end of a word.
        if len(found) > count:
            break
    return found[-count:]


def _goes_on(text: str, position: int, kind: int) -> bool:
    """Tell whether the token before a position continues there."""
    here = _kind(text[position])
    if here == _MARK:
        return True
    if kind == _ALONE:
        return False
    if here == _WORD:
        return True
    within = text[position] in _APOSTROPHES and position + 1 < len(text)
    return within and _kind(text[position + 1]) == _WORD


@lru_cache(8192)
def _kind(character: str) -> int:
    category = unicodedata.category(character)
    if category[0] == "M" or character in "\u200c\u200d":
        return _MARK
    if category[0] == "N":
        return _ALONE
    if category[0] == "L":
        return _ALONE if is_unspaced(character) else _WORD
    return _OTHER


@lru_cache(4096)
def _key(token: str) -> str:
    without = token.translate(dict.fromkeys(map(ord, _APOSTROPHES)))
    return unicodedata.normalize("NFKC", without).casefold() or token
