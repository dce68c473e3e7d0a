"""Chinese syllables and English words in one spelling, by their sounds. Pure.

A recogniser writes a foreign word as the syllables that come next to it: 戴德莱 for deadline, or
皮阿尔 for PR; and an English word as another one: right for write. Here all are spelled by one
small set of sounds. A consonant is written several times, so that it counts more than a vowel:
syllables need vowels that the word has not. One that ends a syllable counts less, because it is
often lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice, product
from typing import TypeAlias

from koe.answers.numbers import DIGIT_SOUNDS
from koe.answers.readings import names_of_letters, read_exactly

# How many vowels a consonant counts as. Capital letters are consonants that end a syllable, and
# a Y that begins one.
_WEIGHTS = {"h": 1, "R": 0, "L": 1, "N": 2} | dict.fromkeys("ptkfmnlsY", 3)

# Ways to pronounce a phrase that are tried.
_MOST_WAYS = 32

_Rules: TypeAlias = tuple[tuple[re.Pattern[str], str], ...]


def _rules(text: str) -> _Rules:
    """Spellings, and the sounds that they are replaced by, one after the other."""
    pairs = (rule.partition(">") for rule in text.split())
    return tuple((re.compile(spelling), sounds) for spelling, _, sounds in pairs)


_CLASSES = "b>p d>t [gq]>k [vw]>f r>l [zcj]>s"
_PINYIN = f"""
^(?:[zcs]h|[jqx])>s ^er$>L ^you$>Yo ^y(?=[ae])>Y ^yu?>i ^wu>u ü>iu ng?$>N uo$>o ou$>o {_CLASSES}
"""
_ENGLISH = rf"""
^y(?=[aeiou])>Y ^who>ho wh>w ^x(?=[aeiou])>s ^kn>n gn(?=s?$)>n ^wr>r ^ps>s ph>f [ts]ion>sen ture$>se
dge>s ck>k qu>ku xc(?=[ei])>ks x>ks sh>s c(?=[eiy])>s c>k eigh>ei eye|igh>I gh> (?<=[^aeiou])e$>
(?<=[aeiou])red$>rd ould$>ud ee|ea>i oo>u ou>au ew|ue>iu ay|ai|ey>ei aw|au>o ow>au y>i
([a-z])\1+>\1 r(?![aeiou])>R l(?![aeiou])>L n(?![aeiou])>N h(?![aeiou])> I>ai {_CLASSES}
"""
# Spellings that are spoken in several ways.
_SYLLABLES = (_rules(_PINYIN), _rules(f"^j>k {_PINYIN}"))
_SOFT = f"tch>s ch>sh th>s g(?=[eiy])>j {_ENGLISH}"
# In Chinese the names of many letters begin with 艾.
_LETTERS = (_rules(_SOFT), _rules(f"^(?:e|ai)(?=[^aeiouy])>I {_SOFT}"))
_WORDS = (_rules(_SOFT), _rules(f"i>I {_SOFT}"), _rules(f"ch>k th>t {_ENGLISH}"))


def spellings(words: Sequence[str]) -> Iterable[str]:
    """How words are spelled, in all ways.

    Args:
        words: Folded (`koe.answers.words.fold`).
    """
    return map("".join, islice(product(*map(_ways, words)), _MOST_WAYS))


@lru_cache(maxsize=4096)
def initials(word: str) -> frozenset[str]:
    """With which sounds a word may begin; vowels are one."""
    return frozenset("*" if way[0] in "aeiou" else way[0].upper() for way in _ways(word))


@lru_cache(maxsize=4096)
def _ways(word: str) -> Sequence[str]:
    """How an ideograph, a digit or an English word may be pronounced, or letter by letter."""
    if word.isdecimal():
        return (*_ways(DIGIT_SOUNDS[word][1]), _spell(DIGIT_SOUNDS[word][0], _SYLLABLES[0]))
    if pinyin := (read_exactly(word) or "").rstrip("1234"):
        ways = [_spell(pinyin, rules) for rules in _SYLLABLES]
    else:
        names = names_of_letters(word)
        ways = ["".join(_spell(name, rules) for name in names) for rules in _LETTERS]
        ways += [_spell(word, rules) for rules in _WORDS]
    return tuple(dict.fromkeys(filter(None, ways)))


def _spell(word: str, rules: _Rules) -> str:
    for spelling, sounds in rules:
        word = spelling.sub(sounds, word)
    return "".join(sound.lower() * _WEIGHTS.get(sound, 1) for sound in word)
