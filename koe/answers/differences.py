"""Find the differences between two texts, except words that sound alike or may be missing. Pure."""

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

# Words with a likeness below this are not confused by speech recognition.
UNLIKE = 0.4

# The smallest weight of a word that no answer may just drop: that of a word of three letters.
FULL = 0.85

# The largest weight of a group of words that may be moved to another place.
HEAVIEST_MOVED = 1.3


@dataclass(frozen=True, slots=True)
class Side:
    """One of two texts, and the words of it that the other text lacks.

    Attributes:
        words: The words of the text.
        flags: For each word, whether the other text lacks it and the loss is not excused.
        texts: The flagged words.
        weight: The weight of the flagged words.
        share: The weight of the flagged words as a share of the text without excused words, 0 to 1.
        heaviest: The weight of the heaviest run of missing words; excused words do not end a run.
    """

    words: Words
    flags: Sequence[bool]
    texts: Sequence[str]
    weight: float
    share: float
    heaviest: float

    @property
    def kept(self) -> list[str]:
        """The words that are not flagged."""
        return list(compress(self.words.texts, map(not_, self.flags)))


@dataclass(frozen=True, slots=True)
class Differences:
    """The differences of two texts.

    Attributes:
        gone: The transcript; the words that are gone are flagged.
        new: The answer; the words that are new are flagged.
        gaps: Where the texts differ, including phrases that sound alike.
        is_other_text: Whether the texts have too little in common for a closer comparison.
    """

    gone: Side
    new: Side
    gaps: Sequence[Gap]
    is_other_text: bool

    @property
    def is_invented(self) -> bool:
        """Whether there is a new meaningful word that replaces no word of a similar sound."""
        return bool(self.new.texts) and any(_invents(self.gone, self.new, gap) for gap in self.gaps)

    @property
    def drops_word(self) -> bool:
        """Whether a word with a full meaning of its own is gone, and no word is in its place.

        Such a word can be an item of a list (salt, pepper and garlic) or limit the meaning (the
        temporary files). A gap with an interjection does not count, because the speaker may have
        corrected the words in it.
        """
        words, flags = self.gone.words, self.gone.flags
        return any(
            not gap.answered
            and any(flags[at] and words.weights[at] >= FULL for at in gap.heard)
            and speech.INTERJECTIONS.isdisjoint(words.texts[gap.heard.start : gap.heard.stop])
            for gap in (self.gaps if self.gone.texts else ())
        )


def compare(
    said: str, written: str, terms: Collection[speech.Phrase], *, repaired: Words | None = None
) -> Differences:
    """Compare a transcript with an answer.

    Args:
        said: The transcript.
        written: The answer.
        terms: The terms of the dictionary, folded and split.
        repaired: The words of the transcript in another order (`koe.answers.repairs`); None for the
            spoken order.
    """
    text, items = without_items(written)
    heard, answer = repaired or split(said), split(text)
    alignment = align(heard, answer, terms)
    _put_back(heard, answer, alignment)
    gone, new = excuse(heard, alignment, said, written, items), alignment.new
    _join_negations(heard, gone, answer, alignment)
    sides = _side(heard, gone, alignment.gone), _side(answer, new, new)
    return Differences(*sides, alignment.gaps, alignment.is_other_text)


def _side(words: Words, flags: Sequence[bool], lacking: Sequence[bool]) -> Side:
    """Build one side.

    Args:
        words: The words of the text.
        flags: For each word, whether the other text lacks it and its loss is not excused.
        lacking: For each word, whether the other text lacks it.
    """
    weight = sum(compress(words.weights, flags))
    size = sum(words.weights) - sum(compress(words.weights, lacking)) + weight
    texts = list(compress(words.texts, flags))
    missing = (
        sum(compress(words.weights[start:end], flags[start:end]))
        for start, end in (runs(lacking) if texts else ())
    )
    heaviest = max(missing, default=0.0)
    return Side(words, flags, texts, weight, weight / size if weight else 0.0, heaviest)


def _put_back(heard: Words, answer: Words, alignment: Alignment) -> None:
    """Count words that were only moved as kept, if the sentence means the same.

    All of them must have moved in the same direction. Words that changed places with each other do
    not count as kept, because their order can matter: who paid whom, or which is first.
    """
    moves = list(_moves(heard, answer, alignment))
    if not moves:
        return
    kept = list(compress(heard.texts, map(not_, alignment.gone)))
    if len({place < other for _, _, place, other in moves}) == 1 and all(
        sum(heard.weights[run.start : run.stop]) <= HEAVIEST_MOVED
        and max(heard.numbers[run.start : run.stop]) < 0
        and speech.UNMOVABLE.isdisjoint(heard.texts[run.start : run.stop])
        and speech.BARRIERS.isdisjoint(kept[min(place, other) : max(place, other)])
        for run, _, place, other in moves
    ):
        for run, first, _, _ in moves:
            alignment.gone[run.start : run.stop] = [False] * len(run)
            alignment.new[first : first + len(run)] = [False] * len(run)


def _join_negations(heard: Words, gone: list[bool], answer: Words, alignment: Alignment) -> None:
    """Count the second of two negations as kept if a word like "anything" replaces it."""
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
    """The groups of words that are gone in one place and new in another.

    Yields:
        The positions in the transcript, the first position in the answer, and the number of kept
        words before the group in each text.
    """
    new: dict[tuple[str, ...], list[int]] = {}
    for start, end in reversed(runs(alignment.new)):
        new.setdefault(tuple(answer.keys[start:end]), []).append(start)
    for start, end in runs(alignment.gone) if new else ():
        if firsts := new.get(tuple(heard.keys[start:end])):
            first = firsts.pop()
            places = start - sum(alignment.gone[:start]), first - sum(alignment.new[:first])
            yield range(start, end), first, *places


def _invents(gone: Side, new: Side, gap: Gap) -> bool:
    """Whether a gap has a new meaningful word that is no other spelling of a word that is gone."""
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
    """Whether a word of the answer can be the correct spelling of a word of the transcript."""
    word = answer.texts[at]
    return likeness([other], [word]) >= UNLIKE and may_be(other, word, is_name=word in answer.names)
