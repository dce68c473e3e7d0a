"""What two texts differ in, once sounds and excuses are accounted for. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import not_

from koe.answers import speech
from koe.answers.alignment import Alignment, Gap, align, runs
from koe.answers.excuses import excuse, without_items
from koe.answers.numbers import UNITS
from koe.answers.sounds import likeness, may_be
from koe.answers.words import MEANINGFUL, Words, split

# Below this, not even a bad recogniser takes one word for the other.
UNLIKE = 0.4

# What words may weigh that stand in another place.
HEAVIEST_MOVED = 1.3


@dataclass(frozen=True, slots=True)
class Side:
    """One of two texts, and which of its words the other lacks.

    Attributes:
        words: The text.
        flags: For each word, whether the other lacks it without excuse.
        texts: Those words.
        weight: What they weigh together.
        share: How much of the text they are, from 0 to 1, words aside whose absence is excused.
        heaviest: What the heaviest run of them weighs; excused words do not part a run.
    """

    words: Words
    flags: Sequence[bool]
    texts: Sequence[str]
    weight: float
    share: float
    heaviest: float

    @property
    def kept(self) -> list[str]:
        """The words that are in the other text, too."""
        return list(compress(self.words.texts, map(not_, self.flags)))


@dataclass(frozen=True, slots=True)
class Differences:
    """What two texts differ in.

    Attributes:
        gone: What was heard, and what of it is gone.
        new: The answer, and what of it is new.
        gaps: Where they differ, whether it sounds alike or not.
        is_other_text: Whether they have too little in common to be worth a closer look.
    """

    gone: Side
    new: Side
    gaps: Sequence[Gap]
    is_other_text: bool

    @property
    def is_invented(self) -> bool:
        """Whether a word that means something is new where no word that is gone sounds like it."""
        return bool(self.new.texts) and any(_invents(self.gone, self.new, gap) for gap in self.gaps)


def compare(
    said: str, written: str, terms: Collection[speech.Phrase], *, repaired: Words | None = None
) -> Differences:
    """Compare a text that was heard with an answer.

    Args:
        said: The first.
        written: The second.
        terms: Of the dictionary, folded and split.
        repaired: The words of the first if a correction in it is to be where it belongs.
    """
    text, items = without_items(written)
    heard, answer = repaired or split(said), split(text)
    alignment = align(heard, answer, terms)
    _put_back(heard, answer, alignment)
    gone, new = excuse(heard, alignment, said, written, items), alignment.new
    _join_negations(heard, gone, answer, alignment)
    sides = _side(heard, gone, alignment.gone), _side(answer, new, new)
    return Differences(*sides, alignment.gaps, alignment.is_other_text)


def _side(words: Words, flags: Sequence[bool], among: Sequence[bool]) -> Side:
    """One side, of words that are missing among which some are excused."""
    weight = sum(compress(words.weights, flags))
    size = sum(words.weights) - sum(compress(words.weights, among)) + weight
    texts = list(compress(words.texts, flags))
    missing = (
        sum(compress(words.weights[start:end], flags[start:end]))
        for start, end in (runs(among) if texts else ())
    )
    heaviest = max(missing, default=0.0)
    return Side(words, flags, texts, weight, weight / size if weight else 0.0, heaviest)


def _put_back(heard: Words, answer: Words, alignment: Alignment) -> None:
    """Keep the words that only stand in another place, if they mean the same there.

    Words that change places are something else: it matters who paid whom, and which is first. So
    all must have moved the same way.
    """
    moves = list(_moves(heard, answer, alignment))
    if not moves:
        return
    kept = list(compress(heard.texts, map(not_, alignment.gone)))
    if len({place < other for _, _, place, other in moves}) == 1 and all(
        sum(heard.weights[run.start : run.stop]) <= HEAVIEST_MOVED
        and max(heard.numbers[run.start : run.stop]) < 0
        and speech.STANDING.isdisjoint(heard.texts[run.start : run.stop])
        and speech.CROSSED.isdisjoint(kept[min(place, other) : max(place, other)])
        for run, _, place, other in moves
    ):
        for run, first, _, _ in moves:
            alignment.gone[run.start : run.stop] = [False] * len(run)
            alignment.new[first : first + len(run)] = [False] * len(run)


def _join_negations(heard: Words, gone: list[bool], answer: Words, alignment: Alignment) -> None:
    """Keep the second of two negations where a word like "anything" stands for it."""
    if speech.AFFIRMED.isdisjoint(compress(answer.texts, alignment.new)) or (
        speech.NEGATIONS.isdisjoint(compress(heard.texts, map(not_, gone)))
    ):
        return
    for gap in alignment.gaps:
        if any(alignment.new[at] and answer.texts[at] in speech.AFFIRMED for at in gap.answered):
            for at in gap.heard:
                gone[at] &= heard.texts[at] not in speech.NEGATIONS


def _moves(
    heard: Words, answer: Words, alignment: Alignment
) -> Iterator[tuple[range, int, int, int]]:
    """Which words are gone and new elsewhere: from, to, and behind how many kept words."""
    new: dict[tuple[str, ...], list[int]] = {}
    for start, end in reversed(runs(alignment.new)):
        new.setdefault(tuple(answer.keys[start:end]), []).append(start)
    for start, end in runs(alignment.gone) if new else ():
        if firsts := new.get(tuple(heard.keys[start:end])):
            first = firsts.pop()
            places = start - sum(alignment.gone[:start]), first - sum(alignment.new[:first])
            yield range(start, end), first, *places


def _invents(gone: Side, new: Side, gap: Gap) -> bool:
    """Whether a gap has a new word that is neither grammar nor the spelling of one that is gone."""
    added = [at for at in gap.answered if new.flags[at]]
    if not added:
        return False
    heard, answer = gone.words, new.words
    return any(
        answer.weights[at] >= MEANINGFUL
        and answer.texts[at] not in UNITS
        and not any(_may_stand(answer, at, heard.texts[other]) for other in gap.heard)
        for at in added
    )


def _may_stand(answer: Words, at: int, other: str) -> bool:
    """Whether a word of an answer may be another one, spelled right."""
    word = answer.texts[at]
    return likeness([other], [word]) >= UNLIKE and may_be(other, word, is_name=word in answer.names)
