"""What was heard, as far as cleaning asks: how much of it a piece of an answer has. Pure."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from itertools import compress
from operator import not_

from koe.answers import speech
from koe.answers.alignment import align
from koe.answers.words import MEANINGFUL, Words, split, weight

# How much of what was heard a piece must have to be the text.
MOST = 0.6


class Heard:
    """A text that was heard.

    Args:
        text: The text; empty if there is none to compare with.
    """

    def __init__(self, text: str) -> None:
        # As it is, for signs that it has itself.
        self.text = text

    # Most answers need none of these: there is nothing in them that may be a frame.

    @cached_property
    def _words(self) -> Words:
        """Its words, folded."""
        return split(self.text)

    @cached_property
    def _counts(self) -> Counter[str]:
        """How often each word occurs, without fillers."""
        is_filler = map(speech.SINGLE_FILLERS.__contains__, self._words.texts)
        return Counter(compress(self._words.keys, map(not_, is_filler)))

    @cached_property
    def _total(self) -> float:
        """What all of them weigh."""
        return sum(weight(word) * count for word, count in self._counts.items())

    def covered_by(self, text: str) -> float:
        """The share of what was heard that a text has, from 0 to 1; 1 if nothing was heard."""
        return self._covered_by(Counter(split(text).keys))

    def _covered_by(self, counts: Counter[str]) -> float:
        if not self._total:
            return 1.0
        common = self._counts & counts
        return sum(weight(word) * count for word, count in common.items()) / self._total

    def is_most_of(self, text: str) -> bool:
        """Whether a text has most of what was heard."""
        return self.covered_by(text) >= MOST

    def is_said_in(self, part: str, text: str) -> bool:
        """Whether a part of a text has words of what was heard that the rest lacks."""
        words, whole = split(part), Counter(split(text).keys)
        rest = whole - Counter(words.keys)
        return any(
            weight >= MEANINGFUL and rest[key] < min(self._counts[key], whole[key])
            for key, weight in zip(words.keys, words.weights, strict=True)
        )

    def is_framed_by(self, part: str, text: str) -> bool:
        """Whether a text without a part of it has most of what was heard, and the part nothing."""
        if self.is_said_in(part, text):
            return False
        words = split(part)
        rest = Counter(split(text).keys) - Counter(words.keys)
        return self._covered_by(rest) >= MOST and not self._is_spelled(words, rest)

    def _is_spelled(self, part: Words, rest: Counter[str]) -> bool:
        """Whether words that the rest lacks sound like some of the part, fillers aside."""
        fillers = speech.find(self._words.texts, speech.FILLERS)
        idle = {at for start, end in fillers for at in range(start, end)}
        keys = enumerate(self._words.keys)
        lacks = [at for at, key in keys if key not in rest and at not in idle]
        kept = align(self._words.picked(lacks), part).new
        return any(it >= MEANINGFUL for it in compress(part.weights, map(not_, kept)))

    def has(self, *signs: str) -> bool:
        """Whether signs, one character each, were heard, as such or by their names."""
        phrases = speech.spoken_as("".join(signs))
        return bool(speech.find(self._words.texts, phrases)) or any(
            sign in self.text for sign in signs
        )
