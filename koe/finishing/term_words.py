"""The words among which terms are looked for, and what is known of each. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from koe.answers import readings, sounds
from koe.answers.words import fold
from koe.finishing import ordinary

# Signs that people say, as in C++, C# and .NET.
_SPOKEN_SIGNS = {"+": "plus", "#": "sharp", "&": "and"}

# An ideograph; or letters and digits of the other scripts, with what belongs to them.
_WORD = re.compile(
    r"[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
    r"|(?:(?<![\w.])\.(?=[A-Z]))?"
    r"(?:(?![\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u33ff\u3400-\u9fff\uf900-\ufaff])[^\W_])+"
    r"(?:['’](?:s|d|m|re|ve|ll|t)\b)?[+#]*",
    re.IGNORECASE,
)

_DOUBLED = re.compile(r"([b-df-hj-np-tv-z])\1")

# Between the words of a run.
_BETWEEN = re.compile(" *|-")


@dataclass(frozen=True, slots=True)
class Word:
    """A word, wherever it is.

    Attributes:
        letters: What its spelling is compared by: letters and digits, and signs by their names.
        codes: Its consonants, in each way in which it may be spoken.
        reading: An ideograph's pinyin; else its letters.
        is_chinese: It is an ideograph.
        is_foreign: It is one that names of other languages are written with.
        is_light: Grammar needs it.
        is_ordinary: It may simply be meant. Ideographs are never so by themselves.
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
    """A word of a text, and where it is."""

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
    """The words of a text, in runs between which something else is than a space or a hyphen."""
    run: list[PlacedWord] = []
    for match in _WORD.finditer(text):
        if run and not _BETWEEN.fullmatch(text, run[-1].end, match.start()):
            yield run
            run = []
        run.append(PlacedWord(_word(match[0]), match.start(), match.end()))
    if run:
        yield run


def codes(words: Sequence[Word]) -> Iterator[str]:
    """The consonants of words in a row; where several have several codes, those of one place."""
    most = max((len(word.codes) for word in words), default=1)
    yield from dict.fromkeys(
        "".join(word.codes[min(at, len(word.codes) - 1)] for word in words) for at in range(most)
    )
