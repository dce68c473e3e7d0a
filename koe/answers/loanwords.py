"""Spell Chinese syllables and English words with one set of sounds. Pure.

Speech recognition writes a foreign word with Chinese syllables that sound similar (戴德莱 for
deadline, 皮阿尔 for PR), and mistakes English words for others (right for write). To compare them,
all are spelled with one small set of sounds. A consonant is written several times, so that it
counts more than a vowel, because Chinese syllables add vowels that the word lacks. A consonant at
the end of a syllable counts less, because it is often lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice, product
from typing import TypeAlias

from koe.answers.numerals import DIGIT_SOUNDS
from koe.answers.readings import names_of_letters, read_exactly

# How many times each consonant is written. Capital letters are consonants at the end of a
# syllable, and a Y at the beginning of one.
_WEIGHTS = {"h": 1, "R": 0, "L": 1, "N": 2} | dict.fromkeys("ptkfmnlsY", 3)

# At most this many pronunciations of a phrase are compared.
_MOST_WAYS = 32

_Rules: TypeAlias = tuple[tuple[re.Pattern[str], str], ...]


def _rules(text: str) -> _Rules:
    """Compile rules of the form ``spelling>sounds``, to be applied in this order."""
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
# Several sets of rules: some spellings have more than one pronunciation.
_SYLLABLES = (_rules(_PINYIN), _rules(f"^j>k {_PINYIN}"))
_SOFT = f"tch>s ch>sh th>s g(?=[eiy])>j {_ENGLISH}"
# Chinese speakers begin the names of many letters with 艾.
_LETTERS = (_rules(_SOFT), _rules(f"^(?:e|ai)(?=[^aeiouy])>I {_SOFT}"))
_WORDS = (_rules(_SOFT), _rules(f"i>I {_SOFT}"), _rules(f"ch>k th>t {_ENGLISH}"))


def spellings(words: Sequence[str]) -> Iterable[str]:
    """Spell a phrase with these sounds, in each way that it can be pronounced.

    Args:
        words: Folded (`koe.answers.words.fold`).
    """
    return map("".join, islice(product(*map(_ways, words)), _MOST_WAYS))


@lru_cache(maxsize=4096)
def initials(word: str) -> frozenset[str]:
    """The sounds that a word can begin with; all vowels count as one sound, ``*``."""
    return frozenset("*" if way[0] in "aeiou" else way[0].upper() for way in _ways(word))


@lru_cache(maxsize=4096)
def _ways(word: str) -> Sequence[str]:
    """Spell an ideograph, a digit or a word in all ways, also letter by letter."""
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
