"""What was heard, as far as cleaning asks: how much of it a piece of an answer has. Pure."""

from __future__ import annotations

from collections import Counter

from koe.answers import speech
from koe.answers.words import MEANINGFUL, split, weight

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
        # Its words, folded.
        self._words = split(text)
        # How often each word is there, fillers aside.
        self._counts = Counter(
            key
            for word, key in zip(self._words.texts, self._words.keys, strict=True)
            if word not in speech.SINGLE_FILLERS
        )
        # What all of them weigh.
        self._total = sum(weight(word) * count for word, count in self._counts.items())

    def covered_by(self, text: str) -> float:
        """The share of what was heard that a text has, from 0 to 1; 1 if nothing was heard."""
        if not self._total:
            return 1.0
        common = self._counts & Counter(split(text).keys)
        return sum(weight(word) * count for word, count in common.items()) / self._total

    def is_most_of(self, text: str) -> bool:
        """Whether a text has most of what was heard."""
        return self.covered_by(text) >= MOST

    def loses_nothing(self, before: str, after: str) -> bool:
        """Whether a part of a text has all that the whole has of what was heard."""
        missing = (self._counts & Counter(split(before).keys)) - Counter(split(after).keys)
        return all(weight(word) < MEANINGFUL for word in missing)

    def has(self, *signs: str) -> bool:
        """Whether signs, one character each, were heard, as such or by their names."""
        phrases = speech.spoken_as("".join(signs))
        is_spoken = any(True for _ in speech.find(self._words.texts, phrases))
        return is_spoken or any(sign in self.text for sign in signs)
