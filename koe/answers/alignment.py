"""Find the words that an answer kept, those that are gone, and those that are new. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from rapidfuzz.distance import Indel

from koe.answers.numbers import UNITS
from koe.answers.readings import read
from koe.answers.sounds import are_forms, initials, likeness, may_be
from koe.answers.speech import CONTRARIES, DEGREES, NEGATIONS, Phrase
from koe.answers.words import Words, script_of

# Phrases whose likeness is at least this are the same speech, spelled in two ways. Terms of the
# dictionary and loanwords are accepted with a lower likeness.
ALIKE = 0.62
ALIKE_TERM = 0.5
ALIKE_LOANWORD = 0.6

# An answer counts as a different text if no word was kept and both texts have more than
# MOST_MISHEARD words in Latin script, or if both have more than LONGEST_MISHEARD words and fewer
# than half of the words of the shorter text were kept.
MOST_MISHEARD = 3
LONGEST_MISHEARD = 50

# The words of a gap are compared pair by pair only if it has at most LARGEST_GAP pairs, and all
# gaps together have at most MOST_PAIRS. This bounds the time.
LARGEST_GAP = 120
MOST_PAIRS = 1000

# The largest number of words of one misheard phrase on each side. An ideograph counts as a word.
_LONGEST_HEARD = 7
_LONGEST_ANSWERED = 4

# The largest number of letters of an abbreviation.
_LONGEST_SHORT = 4

# Prefixes that give a word the contrary meaning, pairs of prefixes with contrary meanings, and
# pairs of words that count as the same because they are often confused, although only one of them
# negates, or both are units.
_CONTRARY = ("un", "in", "im", "il", "ir", "dis", "non")
_CONTRARY_BEGINNINGS = (
    ("hyper", "hypo"),
    ("pre", "post"),
    ("over", "under"),
    ("inter", "intra"),
    ("up", "down"),
    ("in", "out"),
    ("in", "ex"),
)
_ANY_CONTRARY_BEGINNING = tuple(chain.from_iterable(_CONTRARY_BEGINNINGS))
_HARMLESS = (
    {"g", "gb"},
    {"no", "know"},
    {"no", "node"},
    {"nor", "or"},
    {"not", "knot"},
    {"none", "nun"},
    {"except", "accept"},
)


# A run of flags that are set.
_SET_RUN = re.compile(b"\1+")


class Gap(NamedTuple):
    """A place where two texts differ: the positions of the differing words in both texts."""

    heard: range
    answered: range


@dataclass(slots=True)
class Alignment:
    """Which words two texts have in common.

    Attributes:
        gone: For each word of the transcript, whether the answer lacks it.
        new: For each word of the answer, whether the transcript lacks it.
        gaps: Where the texts differ, including phrases that sound alike.
        is_other_text: Whether the texts have too little in common for a closer comparison.
    """

    gone: list[bool]
    new: list[bool]
    gaps: list[Gap]
    is_other_text: bool = False


def align(heard: Words, answer: Words, terms: Collection[Phrase] = ()) -> Alignment:
    """Compare two texts word by word. Words that sound alike count as kept.

    Args:
        heard: The words of the transcript.
        answer: The words of the answer.
        terms: The terms of the dictionary, folded and split.
    """
    gaps = list(_gaps(heard, answer))
    gone, new = [False] * len(heard), [False] * len(answer)
    kept = len(heard) - sum(len(gap.heard) for gap in gaps)
    shorter = min(len(heard), len(answer))
    is_other_text = (2 * kept < shorter and shorter > LONGEST_MISHEARD) or (
        not kept and min(_latin_words(heard), _latin_words(answer)) > MOST_MISHEARD
    )
    pairs = MOST_PAIRS
    for gap in gaps:
        gone[gap.heard.start : gap.heard.stop] = [True] * len(gap.heard)
        new[gap.answered.start : gap.answered.stop] = [True] * len(gap.answered)
        if is_other_text or not gap.heard or not gap.answered:
            continue
        size = len(gap.heard) * len(gap.answered)
        is_small = size <= min(LARGEST_GAP, pairs)
        pairs -= size if is_small else 0
        for p, q, said, written in _same_phrases(heard, answer, gap, terms, is_small=is_small):
            gone[p : p + said] = [False] * said
            new[q : q + written] = [False] * written
    return Alignment(gone, new, gaps, is_other_text)


def _latin_words(words: Words) -> int:
    return sum(script_of(word) == "latin" for word in words.texts)


def runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """The ranges in which flags are set, as (start, end)."""
    return [run.span() for run in _SET_RUN.finditer(bytes(flags))]


def _gaps(heard: Words, answer: Words) -> Iterator[Gap]:
    heard_at = answer_at = 0
    for block in Indel.opcodes(heard.keys, answer.keys).as_matching_blocks():
        if block.a > heard_at or block.b > answer_at:
            yield Gap(range(heard_at, block.a), range(answer_at, block.b))
        heard_at, answer_at = block.a + block.size, block.b + block.size


def _same_phrases(
    heard: Words, answer: Words, gap: Gap, terms: Collection[Phrase], *, is_small: bool
) -> Iterator[tuple[int, int, int, int]]:
    """The phrases of a gap that sound alike: where they begin on both sides, and their lengths."""
    said = heard.texts[gap.heard.start : gap.heard.stop]
    written = answer.texts[gap.answered.start : gap.answered.stop]
    is_number = _has_number(said) and _has_number(written)
    if _is_foreign_number(said, answer, gap) or (
        not is_number and _are_alike(said, written, ALIKE, answer.names)
    ):
        yield gap.heard.start, gap.answered.start, len(said), len(written)
    elif is_small:
        for p, q, length, other in _best_pairs(said, written, terms, answer.names):
            yield gap.heard.start + p, gap.answered.start + q, length, other


def _best_pairs(
    said: Sequence[str],
    written: Sequence[str],
    terms: Collection[Phrase],
    names: Collection[str],
) -> Iterator[tuple[int, int, int, int]]:
    """Choose phrases on both sides, in the same order, that sound alike and cover the most words.

    This is dynamic programming from the end. Phrases are compared only if they begin alike, which
    is quick to check.
    """
    rows, columns = len(said), len(written)
    # best[i][j] is for the words from i and from j on: the value of the best choice, and the
    # lengths of its first phrases.
    best = [[(0.0, 0, 0)] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            found = max((best[i + 1][j][0], 1, 0), (best[i][j + 1][0], 0, 1))
            if not initials(said[i]).isdisjoint(initials(written[j])):
                pairs = _pairs_at(said, written, i, j, terms, names)
                gains = ((gain + best[i + p][j + q][0], p, q) for p, q, gain in pairs)
                found = max((found, *gains), key=itemgetter(0))
            best[i][j] = found
    i = j = 0
    while i < rows and j < columns:
        _, p, q = best[i][j]
        if p and q:
            yield i, j, p, q
        i, j = i + p, j + q


def _pairs_at(
    said: Sequence[str],
    written: Sequence[str],
    i: int,
    j: int,
    terms: Collection[Phrase],
    names: Collection[str],
) -> Iterator[tuple[int, int, float]]:
    """The phrases that begin at these two words and sound alike: their lengths and their value."""
    for q in range(1, min(_LONGEST_ANSWERED, len(written) - j) + 1):
        phrase = written[j : j + q]
        least = ALIKE_TERM if tuple(phrase) in terms else ALIKE
        length = sum(map(_length, phrase))
        spoken = 0
        for p in range(1, min(_LONGEST_HEARD, len(said) - i) + 1):
            spoken += _length(said[i + p - 1])
            if 2 * spoken < length:
                continue
            if p > 1 and spoken > 2 * length + 2:
                break
            if _has_number(said[i : i + p]) and _has_number(phrase):
                continue  # numbers are compared by value, not by sound
            if _are_alike(said[i : i + p], phrase, least, names):
                yield p, q, max(least, likeness(said[i : i + p], phrase)) * (spoken + length)


def _are_alike(
    said: Sequence[str], written: Sequence[str], least: float, names: Collection[str]
) -> bool:
    """Whether two phrases can be the same speech, spelled in two ways."""
    if len(said) == len(written) == 1:
        word, other = said[0], written[0]
        if is_opposite(word, other):
            return False
        if word in DEGREES and other in DEGREES:
            return DEGREES[word] == DEGREES[other]
        if are_forms(word, other) or {word, other} in _HARMLESS:
            return True
        if {word, other} <= UNITS:
            return False
        if _abbreviates(other, word) or (len(word) == 1 and _abbreviates(word, other)):
            return True
    if len(said) == len(written) and least >= ALIKE:
        pairs = zip(said, written, strict=True)
        if not all(may_be(word, other, is_name=other in names) for word, other in pairs):
            return False
    is_loanword = all(map(read, said)) and written[0].isascii() and written[0].isalpha()
    return likeness(said, written) >= (
        min(least, ALIKE_LOANWORD) if is_loanword else least
    ) or _is_kana_for(said, written)


def is_opposite(word: str, other: str) -> bool:
    """Whether two words have contrary meanings, or one negates and the other does not."""
    if (word in NEGATIONS) != (other in NEGATIONS):
        return {word, other} not in _HARMLESS
    shorter, longer = sorted((word, other), key=len)
    return (
        frozenset((word, other)) in CONTRARIES
        or (len(shorter) > 2 and longer.removesuffix(shorter) in _CONTRARY)
        or (
            word.startswith(_ANY_CONTRARY_BEGINNING)  # a quick exit for most words
            and any(_begin_contrary(word, other, *pair) for pair in _CONTRARY_BEGINNINGS)
        )
    )


def _begin_contrary(word: str, other: str, prefix: str, contrary: str) -> bool:
    """Whether two words differ only in these two prefixes, which have contrary meanings."""
    first, second = sorted((word, other), key=lambda it: not it.startswith(prefix))
    rest, other_rest = first.removeprefix(prefix), second.removeprefix(contrary)
    return first != rest == other_rest != second


def _abbreviates(short: str, long: str) -> bool:
    """Whether one word abbreviates another: Mr for mister, Dr for doctor, G for GB."""
    rest = iter(long)
    return (
        len(short) < len(long)
        and len(short) <= _LONGEST_SHORT
        and short[0] == long[0]
        and all(letter in rest for letter in short)
    )


def _is_foreign_number(said: Sequence[str], answer: Words, gap: Gap) -> bool:
    """Whether a number replaces one long word, which may be its name in another language."""
    start, stop = gap.answered.start, gap.answered.stop
    numbers = answer.numbers[start:stop]
    around = (*answer.numbers[max(0, start - 1) : start], *answer.numbers[stop : stop + 1])
    return (
        len(said) == 1
        and len(said[0]) > 2
        and len(set(numbers)) == 1
        and numbers[0] >= 0
        and numbers[0] not in around
    )


def _is_kana_for(said: Sequence[str], written: Sequence[str]) -> bool:
    """Whether kana were replaced by ideographs; one ideograph can stand for up to four kana."""
    return (
        all(script_of(word) == "kana" for word in said)
        and any(script_of(word) == "ideograph" for word in written)
        and all(script_of(word) in ("kana", "ideograph") for word in written)
        and len(written) <= len(said) <= 4 * len(written)
    )


def _has_number(words: Sequence[str]) -> bool:
    return any(word.isdecimal() for word in words)


def _length(word: str) -> int:
    """The approximate number of letters of a word; an ideograph or a digit counts as three."""
    return len(word) if len(word) > 1 or (word.isascii() and word.isalpha()) else 3
