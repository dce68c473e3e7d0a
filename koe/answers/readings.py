"""Pronounce ideographs (in pinyin) and letters. Pure.

The readings of ideographs come from pypinyin; ``python -m bench.readings`` writes the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from koe.answers import lexicon

_TONES = "1234"

# Sounds that speakers of many regions, and speech recognition, do not distinguish.
_MERGED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"), ("lv", "lu"), ("nv", "nu"))

_NAMES_OF_LETTERS = (
    "ay bee see dee ee eff gee aitch eye jay kay ell em en oh pee cue are ess tee you vee doubleu "
    "ex why zee"
)
_LETTERS = dict(zip("abcdefghijklmnopqrstuvwxyz", _NAMES_OF_LETTERS.split(), strict=True))


# An abbreviation that is spoken letter by letter has at most this many letters.
_LONGEST_SPELLED = 4


@cache
def _exact_readings() -> dict[str, str]:
    lines = files("koe.answers").joinpath("readings.txt").read_text(encoding="utf-8").splitlines()
    readings = {}
    for line in lines:
        reading, _, ideographs = line.partition(" ")
        readings.update(dict.fromkeys(ideographs, reading))
    return readings


@cache
def _readings() -> dict[str, str]:
    merged = {it: _merged(it.rstrip(_TONES)) for it in set(_exact_readings().values())}
    return {ideograph: merged[reading] for ideograph, reading in _exact_readings().items()}


@cache
def _other_readings() -> dict[str, set[str]]:
    others: dict[str, set[str]] = {}
    for line in lexicon.lines("other readings"):
        reading, _, ideographs = line.partition(" ")
        for ideograph in ideographs:
            others.setdefault(ideograph, set()).add(_merged(reading))
    return others


def _merged(reading: str) -> str:
    for spoken, one in _MERGED:
        reading = reading.replace(spoken, one)
    return reading


def read(word: str) -> str | None:
    """The pinyin of an ideograph without its tone; None for any other word.

    Sounds that many speakers do not distinguish are the same, as in 是 and 四, or 金 and 京.
    """
    return _readings().get(word)


def read_exactly(word: str) -> str | None:
    """The exact pinyin of an ideograph, with its tone; None for any other word."""
    return _exact_readings().get(word)


def sounds_of(word: str) -> set[str]:
    """All readings of an ideograph, in the form of `read`; empty for any other word."""
    reading = read(word)
    return {reading, *_other_readings().get(word, ())} if reading else set()


@cache
def read_surname(word: str) -> str | None:
    """The exact pinyin of a common surname, without tone; None if the word is no surname."""
    return _exact_readings()[word].rstrip(_TONES) if word in _surnames() else None


@cache
def _surnames() -> frozenset[str]:
    return frozenset("".join(lexicon.lines("surnames")))


def names_of_letters(word: str) -> Sequence[str]:
    """The names of the letters of an abbreviation; empty if the word is none."""
    if len(word) > _LONGEST_SPELLED or not all(letter in _LETTERS for letter in word):
        return ()
    return tuple(map(_LETTERS.__getitem__, word))
