"""Find fillers, corrections and other phrases, and signs that are spoken by name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import TypeAlias

from koe.answers import lexicon
from koe.answers.words import PERSONS, script_of, split

Phrase: TypeAlias = tuple[str, ...]
"""A sequence of words; Chinese phrases are split into ideographs."""

Phrases: TypeAlias = Mapping[str, Sequence[Phrase]]
"""Phrases, indexed by their first word."""


def _phrase(text: str) -> Phrase:
    return tuple(split(text).texts)


def _by_first(phrases: Iterable[Phrase]) -> Phrases:
    by_first: dict[str, list[Phrase]] = {}
    for phrase in phrases:
        by_first.setdefault(phrase[0], []).append(phrase)
    return by_first


def _phrases(section: str) -> Phrases:
    return _by_first(map(_phrase, lexicon.phrases(section)))


FILLERS = _phrases("fillers")
SINGLE_FILLERS = frozenset(word for word, phrases in FILLERS.items() if (word,) in phrases)
CORRECTIONS = _phrases("corrections")
ALL_CORRECTIONS = _by_first(
    map(_phrase, (*lexicon.phrases("corrections"), *lexicon.phrases("weak corrections")))
)
_FIXED = _phrases("fixed phrases")
CONTRARIES = frozenset(
    frozenset(pair)
    for line in lexicon.lines("contraries")
    for pair in combinations(line.split(", "), 2)
)
INTERJECTIONS = frozenset(lexicon.phrases("interjections"))
ACKNOWLEDGEMENTS = _phrases("acknowledgements")
JOINING = frozenset(lexicon.phrases("joining"))
LIST_WORDS = frozenset(
    word for phrase in map(_phrase, lexicon.phrases("list words")) for word in phrase
)
AFFIRMED = frozenset(lexicon.phrases("affirmed"))
"""Words that replace the second of two negations: "not nothing" becomes "not anything"."""

DEGREES = {word: line for line in lexicon.lines("degrees") for word in line.split(", ")}
"""By word, the group of words that express the same certainty or time."""

LIMITS = {_phrase(text): line for line in lexicon.lines("limits") for text in line.split(", ")}
"""By phrase, the group of phrases that limit a number in the same way."""

LIMIT_PHRASES = _by_first(LIMITS)

NEGATIONS = frozenset(lexicon.phrases("negations"))
QUESTION_BEGINNINGS = frozenset(lexicon.phrases("beginnings of questions"))
QUESTION_IDEOGRAPHS = frozenset("".join(lexicon.lines("questions in Chinese")))
BARRIERS = NEGATIONS | QUESTION_BEGINNINGS
"""Words across which no other word may move: their effect depends on what follows them."""

UNMOVABLE = NEGATIONS | QUESTION_BEGINNINGS | PERSONS.keys()
"""Words that may not move themselves: their meaning depends on their place."""


def _sign(line: str) -> tuple[str, list[Phrase]]:
    at = line.index(" = ", 1)
    return line[:at].replace("\\n", "\n"), list(map(_phrase, line[at + 3 :].split(", ")))


_SIGNS = tuple(map(_sign, lexicon.lines("signs")))


def pattern(section: str) -> re.Pattern[str]:
    """A pattern for the phrases of a section, in any case, where a word begins."""
    # In scripts without spaces, a word can begin anywhere.
    starts = (
        rf"\b{re.escape(phrase)}" if script_of(phrase) in ("latin", "other") else re.escape(phrase)
        for phrase in lexicon.phrases(section)
    )
    return re.compile("|".join(starts), re.IGNORECASE)


@lru_cache(maxsize=256)
def spoken_as(signs: str) -> Phrases:
    """The phrases that can be spoken for any of these signs, one character each."""
    return _by_first(
        phrase
        for known, phrases in _SIGNS
        if any(sign in known for sign in signs)
        for phrase in phrases
    )


@lru_cache(maxsize=256)
def idle_beside(signs: str) -> Phrases:
    """The phrases that an answer with these new signs can drop: fillers and names of the signs."""
    return {
        first: (*FILLERS.get(first, ()), *spoken_as(signs).get(first, ()))
        for first in (*FILLERS, *spoken_as(signs))
    }


def find(
    texts: Sequence[str], phrases: Phrases, start: int = 0, end: int | None = None
) -> Sequence[tuple[int, int]]:
    """The places of phrases, from left to right; at each word, the longest phrase counts."""
    end = len(texts) if end is None else end
    found: list[tuple[int, int]] = []
    if phrases.keys().isdisjoint(texts[start:end]):
        return found  # a quick exit: most sequences of words contain none
    done = start
    for at, word in enumerate(texts[start:end], start):
        if at < done or word not in phrases:
            continue
        for phrase in phrases[word]:
            until = at + len(phrase)
            if done < until <= end and tuple(texts[at:until]) == phrase:
                done = until
        if done > at:
            found.append((at, done))
    return found


def find_loose(
    texts: Sequence[str], phrases: Phrases, start: int = 0, end: int | None = None
) -> Sequence[tuple[int, int]]:
    """The places of phrases as in `find`, without those inside a fixed phrase."""
    return [
        (first, last)
        for first, last in find(texts, phrases, start, end)
        if not any(
            before <= first and last <= behind
            for before, behind in find(texts, _FIXED, max(0, first - 2), min(last + 2, len(texts)))
        )
    ]
