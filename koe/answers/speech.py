"""What people say without meaning it, and how they say signs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import TypeAlias

from koe.answers import lexicon
from koe.answers.words import PERSONS, script_of, split

Phrase: TypeAlias = tuple[str, ...]
"""Words in a row; Chinese phrases are split into ideographs."""

Phrases: TypeAlias = Mapping[str, Sequence[Phrase]]
"""Phrases by their first word."""


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
WEAK_CORRECTIONS = _phrases("weak corrections")
ALL_CORRECTIONS = _by_first(
    map(_phrase, (*lexicon.phrases("corrections"), *lexicon.phrases("weak corrections")))
)
_FIXED = _phrases("fixed phrases")
CONJUNCTIONS = frozenset(lexicon.phrases("conjunctions"))
CONTRARIES = frozenset(
    frozenset(pair)
    for line in lexicon.lines("contraries")
    for pair in combinations(line.split(", "), 2)
)
INTERJECTIONS = frozenset(lexicon.phrases("interjections"))
JOINING = frozenset(lexicon.phrases("joining"))
LIST_WORDS = frozenset(
    word for phrase in map(_phrase, lexicon.phrases("list words")) for word in phrase
)
AFFIRMED = frozenset(lexicon.phrases("affirmed"))
"""What stands for a second negation where one is enough."""

DEGREES = {word: line for line in lexicon.lines("degrees") for word in line.split(", ")}
"""By word, the words that say the same of how sure something is."""

NEGATIONS = frozenset(lexicon.phrases("negations"))
QUESTION_BEGINNINGS = frozenset(lexicon.phrases("beginnings of questions"))
QUESTION_IDEOGRAPHS = frozenset("".join(lexicon.lines("questions in Chinese")))
CROSSED = NEGATIONS | QUESTION_BEGINNINGS
STANDING = NEGATIONS | QUESTION_BEGINNINGS | PERSONS.keys()
"""What means something else in another place."""


def _sign(line: str) -> tuple[str, list[Phrase]]:
    at = line.index(" = ", 1)
    return line[:at].replace("\\n", "\n"), list(map(_phrase, line[at + 3 :].split(", ")))


_SIGNS = tuple(map(_sign, lexicon.lines("signs")))


def pattern(section: str) -> re.Pattern[str]:
    """What finds a phrase of a section in a text, whatever the case, where a word begins."""
    # Words of scripts without spaces begin anywhere.
    starts = (
        rf"\b{re.escape(phrase)}" if script_of(phrase) in ("latin", "other") else re.escape(phrase)
        for phrase in lexicon.phrases(section)
    )
    return re.compile("|".join(starts), re.IGNORECASE)


@lru_cache(maxsize=256)
def spoken_as(signs: str) -> Phrases:
    """The phrases by which signs, one character each, may have been spoken."""
    return _by_first(
        phrase
        for known, phrases in _SIGNS
        if any(sign in known for sign in signs)
        for phrase in phrases
    )


@lru_cache(maxsize=256)
def idle_beside(signs: str) -> Phrases:
    """What means nothing where there are these signs: fillers, and how the signs are spoken."""
    return {
        first: (*FILLERS.get(first, ()), *spoken_as(signs).get(first, ()))
        for first in (*FILLERS, *spoken_as(signs))
    }


def find(
    texts: Sequence[str], phrases: Phrases, start: int = 0, end: int | None = None
) -> Sequence[tuple[int, int]]:
    """Where phrases are among words, from left to right, the longest that begin at a word."""
    end = len(texts) if end is None else end
    found: list[tuple[int, int]] = []
    if phrases.keys().isdisjoint(texts[start:end]):
        return found  # most runs of words have none, and this is quick
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
    """Likewise, but for phrases that are a part of a fixed one."""
    return [
        (first, last)
        for first, last in find(texts, phrases, start, end)
        if not any(
            before <= first and last <= behind
            for before, behind in find(texts, _FIXED, max(0, first - 2), min(last + 2, len(texts)))
        )
    ]
