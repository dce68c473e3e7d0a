"""Chinese syllables and English words in one spelling, for words that are spoken in both. Pure.

A recogniser writes a foreign word as the syllables that come next to it: 戴德莱 for deadline, or
皮阿尔 for PR. Here both are spelled by one small set of sounds. A consonant is written several
times, so that it counts more than a vowel: syllables need vowels that the word has not. One that
ends a syllable counts less, because it is often lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice, product
from typing import TypeAlias

from koe.answers.readings import names_of_letters, read_exactly

# How many vowels a consonant counts as. Capital letters are consonants that end a syllable.
_WEIGHTS = {"h": 1, "R": 0, "L": 1, "N": 2} | dict.fromkeys("ptkfmnlsw", 3)

# Ways to pronounce a phrase that are tried.
_MOST_WAYS = 32

_Rules: TypeAlias = tuple[tuple[re.Pattern[str], str], ...]


def _rules(text: str) -> _Rules:
    """Spellings, and the sounds that they are replaced by, one after the other."""
    pairs = (rule.partition(">") for rule in text.split())
    return tuple((re.compile(spelling), sounds) for spelling, _, sounds in pairs)


_CLASSES = "b>p d>t [gq]>k v>w r>l [zcj]>s"
_PINYIN = f"^(?:[zcs]h|[jqx])>s ^er$>L ^you$>io ^yu?>i ^wu>u ü>iu ng?$>N uo$>o ou$>o {_CLASSES}"
_ENGLISH = rf"""
^x(?=[aeiou])>s ^kn>n ^wr>r ^ps>s ph>f [ts]ion>sen ture$>se dge>s ck>k qu>kw xc(?=[ei])>ks x>ks
sh>s c(?=[eiy])>s c>k eye|igh>I gh> (?<=[^aeiou])e$> ee|ea>i oo>u ou>au ew|ue>iu ay|ai|ey>ei
aw|au>o ow>au y>i ([a-z])\1+>\1 r(?![aeiou])>R l(?![aeiou])>L n(?![aeiou])>N h(?![aeiou])> I>ai
{_CLASSES}
"""
# Spellings that are spoken in several ways.
_SYLLABLES = (_rules(_PINYIN), _rules(f"^j>k {_PINYIN}"))
_SOFT = f"tch>s ch>sh th>s g(?=[eiy])>j {_ENGLISH}"
# In Chinese the names of many letters begin with 艾.
_LETTERS = (_rules(_SOFT), _rules(f"^(?:e|ai)(?=[^aeiouy])>I {_SOFT}"))
_WORDS = (_rules(_SOFT), _rules(f"i>I {_SOFT}"), _rules(f"ch>k th>t {_ENGLISH}"))


def of_syllables(ideographs: Sequence[str]) -> set[str]:
    """How ideographs are spelled, in all ways."""
    return set(map("".join, zip(*map(_spell_syllable, ideographs), strict=True)))


def of_words(words: Sequence[str]) -> Iterable[str]:
    """How English words are spelled, in all ways.

    Args:
        words: Folded (`koe.answers.words.fold`).
    """
    return map("".join, islice(product(*map(_spell_word, words)), _MOST_WAYS))


@lru_cache(maxsize=4096)
def initials(word: str) -> frozenset[str]:
    """With which sounds a word may begin; empty for what is neither Chinese nor English."""
    if read_exactly(word):
        spelled = _spell_syllable(word)
    else:
        spelled = _spell_word(word) if word.isascii() and word.isalpha() else ()
    return frozenset("*" if it[0] in "aeiou" else it[0].upper() for it in spelled if it)


@lru_cache(maxsize=4096)
def _spell_syllable(ideograph: str) -> Sequence[str]:
    pinyin = (read_exactly(ideograph) or "").rstrip("1234")
    return tuple(_spell(pinyin, rules) for rules in _SYLLABLES)


@lru_cache(maxsize=4096)
def _spell_word(word: str) -> Sequence[str]:
    """How a word may be pronounced, as a word or letter by letter."""
    names = names_of_letters(word)
    letters = ("".join(_spell(name, rules) for name in names) for rules in _LETTERS)
    ways = (*letters, *(_spell(word, rules) for rules in _WORDS))
    return tuple(dict.fromkeys(filter(None, ways)))


def _spell(word: str, rules: _Rules) -> str:
    for spelling, sounds in rules:
        word = spelling.sub(sounds, word)
    return "".join(sound.lower() * _WEIGHTS.get(sound, 1) for sound in word)
