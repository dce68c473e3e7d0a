"""What two texts differ in, once sounds and excuses are accounted for. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import not_

from koe.answers import speech
from koe.answers.alignment import Alignment, Gap, align, runs
from koe.answers.excuses import excuse, without_items
from koe.answers.sounds import likeness
from koe.answers.words import Words, split

# Below this, not even a bad recogniser takes one word for the other.
UNLIKE = 0.4

# What words may weigh that stand in another place.
HEAVIEST_MOVED = 1.3

# What a new word may weigh that stands for none.
HEAVIEST_NEW = 0.8


@dataclass(frozen=True, slots=True)
class Differences:
    """The words that are gone without excuse, and the new ones, with what they weigh.

    Attributes:
        heard: What was said.
        answer: The other text.
        gone: For each word that was heard, whether it is gone.
        new: For each word of the answer, whether it is new.
        lost: What all words that are gone weigh.
        added: What all new words weigh.
        total: What all words that were heard weigh, those aside whose absence is excused.
        size: What all words of the answer weigh.
        longest_gap: What the heaviest run of words weighs that are gone.
        longest_addition: Likewise for new ones.
        is_invented: Whether a word that means something is new where the words that are gone, if
            there are any, don't sound like it at all.
    """

    heard: Words
    answer: Words
    gone: Sequence[bool]
    new: Sequence[bool]
    lost: float
    added: float
    total: float
    size: float
    longest_gap: float
    longest_addition: float
    is_invented: bool

    @property
    def lost_words(self) -> list[str]:
        """The words that are gone."""
        return _picked(self.heard, self.gone)

    @property
    def added_words(self) -> list[str]:
        """The words that are new."""
        return _picked(self.answer, self.new)

    @property
    def kept_words(self) -> list[str]:
        """The words of the answer that are not new."""
        return list(compress(self.answer.texts, map(not_, self.new)))

    @property
    def share_lost(self) -> float:
        """How much of what was said is gone, from 0 to 1."""
        return self.lost / self.total if self.lost else 0.0

    @property
    def share_added(self) -> float:
        """How much of the answer is new, from 0 to 1."""
        return self.added / self.size if self.added else 0.0


def compare(
    said: str,
    written: str,
    terms: Collection[speech.Phrase],
    *,
    repaired: Words | None = None,
) -> Differences:
    """Compare a text that was heard with an answer.

    Args:
        said: The first.
        written: The second.
        terms: Of the dictionary, folded and split.
        repaired: The words of the first if a correction in it is to be where it belongs.
    """
    text, items = without_items(written)
    heard, answer = split(said) if repaired is None else repaired, split(text)
    alignment = align(heard, answer, terms)
    if any(alignment.new):
        _put_back(heard, answer, alignment)
    gone = excuse(heard, alignment, said, written, items)
    new = alignment.new
    lost, added = _weight(heard, gone), _weight(answer, new)
    # Excused words in between make two gaps no smaller.
    gaps = (_weight(heard, gone, start, end) for start, end in runs(alignment.gone))
    additions = (_weight(answer, new, start, end) for start, end in runs(new))
    return Differences(
        heard,
        answer,
        gone,
        new,
        lost=lost,
        added=added,
        total=sum(map(speech.weight, heard.texts)) - (_weight(heard, alignment.gone) - lost),
        size=sum(map(speech.weight, answer.texts)),
        longest_gap=max(gaps, default=0.0),
        longest_addition=max(additions, default=0.0),
        is_invented=any(_invents(heard, gone, answer, new, gap) for gap in alignment.gaps),
    )


def _put_back(heard: Words, answer: Words, alignment: Alignment) -> None:
    """Keep the words that only stand in another place.

    Words that change places are something else: it matters who paid whom, and which is first.
    """
    new = {tuple(answer.keys[start:end]): (start, end) for start, end in runs(alignment.new)}
    moved = [run for run in runs(alignment.gone) if tuple(heard.keys[slice(*run)]) in new]
    if len(moved) != 1:
        return
    ((start, end),) = moved
    first, last = new[tuple(heard.keys[start:end])]
    if _may_move(heard, alignment, start, end, first):
        alignment.gone[start:end] = [False] * (end - start)
        alignment.new[first:last] = [False] * (last - first)


def _may_move(heard: Words, alignment: Alignment, start: int, end: int, first: int) -> bool:
    """Whether words mean the same in front of those that they stood behind, or the reverse."""
    kept = [text for text, is_gone in zip(heard.texts, alignment.gone, strict=True) if not is_gone]
    places = (start - sum(alignment.gone[:start]), first - sum(alignment.new[:first]))
    words = heard.texts[start:end]
    return (
        sum(map(speech.weight, words)) <= HEAVIEST_MOVED
        and max(heard.numbers[start:end]) < 0
        and speech.STANDING.isdisjoint((*words, *kept[min(places) : max(places)]))
    )


def _picked(words: Words, flags: Sequence[bool]) -> list[str]:
    return list(compress(words.texts, flags))


def _weight(words: Words, flags: Sequence[bool], start: int = 0, end: int | None = None) -> float:
    """What the words weigh that are flagged."""
    return sum(map(speech.weight, compress(words.texts[start:end], flags[start:end])))


def _invents(
    heard: Words, gone: Sequence[bool], answer: Words, new: Sequence[bool], gap: Gap
) -> bool:
    """Whether a gap has a new word that is neither grammar nor the spelling of one that is gone."""
    lost = [heard.texts[at] for at in gap.heard if gone[at]]
    added = [answer.texts[at] for at in gap.answered if new[at]]
    is_exchange = any(speech.weight(word) >= speech.MEANINGFUL for word in lost)
    least = speech.MEANINGFUL if is_exchange else HEAVIEST_NEW
    return any(
        speech.weight(word) >= least and all(likeness([other], [word]) < UNLIKE for other in lost)
        for word in added
    )
