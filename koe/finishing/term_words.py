"""The words of a text in the form in which terms are searched, with their properties. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from koe.answers import readings, sounds
from koe.answers.words import fold
from koe.finishing import ordinary

# Signs that are pronounced, as in C++, C# and .NET.
_SPOKEN_SIGNS = {"+": "plus", "#": "sharp", "&": "and"}

# An ideograph; or letters and digits of another script, with signs that belong to the word.
_WORD = re.compile(
    r"[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
    r"|(?:(?<![\w.])\.(?=[A-Z]))?"
    r"(?:(?![\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u33ff\u3400-\u9fff\uf900-\ufaff])[^\W_])+"
    r"(?:['’](?:s|d|m|re|ve|ll|t)\b)?[+#]*",
    re.IGNORECASE,
)

_DOUBLED = re.compile(r"([b-df-hj-np-tv-z])\1")

# Separators between the words of a run.
_BETWEEN = re.compile(" *|-")


@dataclass(frozen=True, slots=True)
class Word:
    """A word, independent of its position.

    Attributes:
        letters: For comparing spellings: letters and digits, with signs replaced by their names.
        codes: Its consonants, for each possible pronunciation.
        reading: An ideograph's pinyin; otherwise its letters.
        is_chinese: It is an ideograph.
        is_foreign: It is an ideograph that is used to write foreign names.
        is_light: It is a grammatical word.
        is_ordinary: It may be meant as it is. False for single ideographs.
        is_number: It has digits.
    """

    letters: str
    codes: tuple[str, ...]
    reading: str
    is_chinese: bool
    is_foreign: bool
    is_light: bool
    is_ordinary: bool
    is_number: bool


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word of a text, and its position."""

    word: Word
    start: int
    end: int


@lru_cache(maxsize=8192)
def _word(said: str) -> Word:
    folded = fold(said)
    letters = folded
    if not letters.isalnum():
        letters = "".join(_SPOKEN_SIGNS.get(it, it if it.isalnum() else "") for it in folded)
        letters = f"dot{letters}" if folded[0] == "." else letters
    pinyin = readings.read(folded)
    is_number = any(map(str.isdecimal, folded))
    return Word(
        letters=letters,
        codes=sounds.codes(_DOUBLED.sub(r"\1", letters)),
        reading=pinyin or letters,
        is_chinese=pinyin is not None,
        is_foreign=pinyin is not None and ordinary.is_of_foreign_names(folded),
        is_light=ordinary.is_light(folded) or ordinary.is_light_character(folded),
        is_ordinary=pinyin is None and not is_number and ordinary.is_ordinary(folded),
        is_number=is_number,
    )


def split(text: str) -> Iterator[Word]:
    """The words of a text."""
    return (_word(match[0]) for match in _WORD.finditer(text))


def runs(text: str) -> Iterator[list[PlacedWord]]:
    """The words of a text, in runs whose words are separated only by spaces or a hyphen."""
    run: list[PlacedWord] = []
    for match in _WORD.finditer(text):
        if run and not _BETWEEN.fullmatch(text, run[-1].end, match.start()):
            yield run
            run = []
        run.append(PlacedWord(_word(match[0]), match.start(), match.end()))
    if run:
        yield run


def codes(words: Sequence[Word]) -> Iterator[str]:
    """The consonants of a run of words, once for each index in the words' lists of codes."""
    most = max((len(word.codes) for word in words), default=1)
    yield from dict.fromkeys(
        "".join(word.codes[min(at, len(word.codes) - 1)] for word in words) for at in range(most)
    )
