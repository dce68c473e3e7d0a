"""Measure how alike words sound, also across Chinese and languages in Latin script. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import product, starmap

from rapidfuzz.distance import Levenshtein

from koe.answers import loanwords
from koe.answers.numerals import DIGIT_SOUNDS
from koe.answers.readings import names_of_letters, read, read_surname, sounds_of

# Codes of consonants by place of articulation; vowels and semivowels have no code.
_CODES = str.maketrans({
    **dict.fromkeys("bp", "p"), **dict.fromkeys("dt", "t"), **dict.fromkeys("gkq", "k"),
    **dict.fromkeys("fv", "f"), **dict.fromkeys("szxcj", "s"), **dict.fromkeys("lr", "l"),
    "m": "m", "n": "n", **dict.fromkeys("aeiouywh", None),
})  # fmt: skip
_PINYIN_CODES = str.maketrans({"q": "s", "x": "s", "j": "s", "r": "l"})
_SYLLABLE = re.compile("([^aeiouvü]*)(.*)")
_SOFT_C = re.compile("c(?=[eiy])")
_SOFT_G = re.compile("g(?=[eiy])")
# Before a consonant and at the end of a word, an R sounds like a vowel.
_SILENT_R = re.compile("r(?![aeiouy])")
_LATIN = (("ph", "f"), ("ck", "k"), ("qu", "k"), ("x", "ks"), ("tion", "sn"), ("gh", "g"))

# Letters that sound much the same inside a word, and at its beginning.
_ALIKE_LETTERS = str.maketrans("ywqc", "iukk")
_ALIKE_BEGINNINGS = str.maketrans("wqc", "vkk")

_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))

_UNSTABLE = re.compile("[aeiouhy]")
_TWICE = re.compile(r"(.)\1+")
_ENDING = re.compile("(?:ing|ed|er|est|ly|es|[sde])$")
# A T after a consonant is often not spoken.
_UNHEARD = re.compile("(?<=[pkfslmn])t")
# A vowel at the end of a word, except a silent E.
_OPEN = re.compile("(?:[aiouy]|[aeiouy]e)h?$")
_VOWELS = re.compile("(?<=[^aeiouy])[aeiouy]+|^(?:y(?![aeiou])|[aeiou])[aeiouy]*")
# The vowels that one or two letters can stand for. Letters that are not listed stand for the vowel
# of the first letter only.
_SOUNDS_OF_VOWELS = {
    "ai": "ae", "ay": "ae", "ea": "aeio", "ee": "i", "ei": "aei", "eo": "ei", "eu": "u",
    "ew": "u", "ey": "aei", "ie": "ei", "oo": "u", "ou": "ou", "au": "o", "aw": "o", "yu": "u",
    "y": "i", "ya": "a", "yo": "o",
}  # fmt: skip


def spelled(words: Sequence[str], *, is_chinese: bool) -> str:
    """Spell words with letters: ideographs in pinyin, digits by their names.

    Args:
        words: Folded (`koe.answers.words.fold`).
        is_chinese: Whether digits are read in Chinese or in English.
    """
    return "".join(
        read(word) or (DIGIT_SOUNDS[word][not is_chinese] if word.isdecimal() else word)
        for word in words
    )


@lru_cache(maxsize=4096)
def codes(word: str) -> tuple[str, ...]:
    """The consonants of a word, in each way that it can be pronounced.

    G and TH have two sounds each; W in pinyin can also be a V.

    Args:
        word: Folded (`koe.answers.words.fold`), as in all functions here.
    """
    if reading := read(word):
        code = reading.translate(_PINYIN_CODES).translate(_CODES)
        return (code, f"f{code}") if reading[0] == "w" else (code,)
    letters = _SILENT_R.sub("", _SOFT_C.sub("s", word))
    variants = (letters, _SOFT_G.sub("s", letters))
    return tuple(
        dict.fromkeys(_code(variant.replace("th", th)) for variant in variants for th in "st")
    )


def _code(letters: str) -> str:
    for spelling, sound in _LATIN:
        letters = letters.replace(spelling, sound)
    return letters.replace("c", "k").translate(_CODES)


def likeness(left: Sequence[str], right: Sequence[str]) -> float:
    """How alike two phrases sound, from 0 to 1. The borders between words do not count."""
    chinese = [sum(map(bool, map(read, words))) for words in (left, right)]
    if len(left) == len(right) == chinese[0] == chinese[1]:
        return sum(map(_likeness_of_syllables, left, right)) / len(left)
    by_letters = likeness_of_letters(left, right)
    if by_letters >= 0.75 or all(chinese):
        return by_letters
    ways = product(*map(loanwords.spellings, (left, right)))
    return max((by_letters, *starmap(Levenshtein.normalized_similarity, ways)))


@lru_cache(maxsize=4096)
def may_be(word: str, other: str, *, is_name: bool = False) -> bool:
    """Whether one word can be another one, misheard; True for words of different scripts.

    Speech recognition mistakes tones, vowels and spellings, but rarely consonants.

    Args:
        word: The word in the transcript.
        other: The word in the answer.
        is_name: Whether the second word is written like a name; then some vowels count, too.
    """
    if (surname := read_surname(word)) and (other_surname := read_surname(other)):
        return surname == other_surname
    sounds, others = (sounds_of(_DIGITS.get(it, it)) for it in (word, other))
    if sounds and others:
        return not sounds.isdisjoint(others)
    are_words = word.isascii() and other.isascii() and word.isalpha() and other.isalpha()
    if not are_words or min(len(word), len(other)) == 1:
        return True
    if are_forms(word, other):
        return True
    return not _skeletons(word).isdisjoint(_skeletons(other)) and not (
        is_name and _are_other_names(word, other)
    )


def are_forms(word: str, other: str) -> bool:
    """Whether two English words are the same except for their endings."""
    return not {word, _ENDING.sub("", word)}.isdisjoint((other, _ENDING.sub("", other)))


@lru_cache(maxsize=4096)
def _skeletons(word: str) -> set[str]:
    """The spoken consonants of an English word, in each way that it can be pronounced."""
    spellings = loanwords.spellings([word])
    return {_UNHEARD.sub("", _TWICE.sub(r"\1", _UNSTABLE.sub("", it))) for it in spellings}


def _are_other_names(name: str, other: str) -> bool:
    """Whether two names with the same consonants differ in an audible vowel, L or H."""
    vowels, others = _first_vowels(name), _first_vowels(other)
    return (
        (bool(vowels or others) and vowels.isdisjoint(others))
        or bool(_OPEN.search(name)) != bool(_OPEN.search(other))
        or ("l" in name) != ("l" in other)
        or (name[0] == "h") != (other[0] == "h")
    )


def _first_vowels(word: str) -> set[str]:
    """The sounds that the first vowel of a word can have."""
    found = _VOWELS.search(word)
    return set(_SOUNDS_OF_VOWELS.get(found[0][:2], found[0][0]) if found else "")


@lru_cache(maxsize=4096)
def _likeness_of_syllables(ideograph: str, other: str) -> float:
    """How alike two syllables sound; their ends count less, since they are misheard more often."""
    first, second = (_SYLLABLE.match(read(it) or "") for it in (ideograph, other))
    assert first and second
    ends: float = Levenshtein.normalized_similarity(first[2], second[2])
    if first[1] == second[1]:
        return 0.4 + 0.6 * ends
    is_near = codes(ideograph)[0][:1] == codes(other)[0][:1]
    return ends * (0.8 if is_near else 0.3)


def likeness_of_letters(left: Sequence[str], right: Sequence[str]) -> float:
    """How alike two phrases are spelled, from 0 to 1; ideographs are spelled in pinyin."""
    has_chinese = _has_ideograph(left) or _has_ideograph(right)
    first = _by_ear(spelled(left, is_chinese=has_chinese))
    second = _by_ear(spelled(right, is_chinese=has_chinese))
    similarity: float = Levenshtein.normalized_similarity(first, second)
    return similarity


@lru_cache(maxsize=4096)
def _by_ear(letters: str) -> str:
    letters = letters.replace("ph", "f")
    return letters[:1].translate(_ALIKE_BEGINNINGS) + letters[1:].translate(_ALIKE_LETTERS)


def _has_ideograph(words: Sequence[str]) -> bool:
    return any(map(read, words))


@lru_cache(maxsize=4096)
def initials(word: str) -> frozenset[str]:
    """The letters and codes of consonants that a word can begin with.

    Phrases that sound alike share one. All kana and ideographs have one in common.
    """
    sounds = (
        spelled([word], is_chinese=True),
        spelled([word], is_chinese=False),
        "".join(names_of_letters(word)[:1]),
        *(code.upper() for code in codes(word)),
    )
    may_be_kana = "\u3040" < word < "\u3100" or read(word)
    firsts = {sound[0] for sound in (*sounds, "か" if may_be_kana else "") if sound}
    return frozenset(firsts | loanwords.initials(word))
