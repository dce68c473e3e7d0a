"""Measure how much of the transcript a piece of an answer contains. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from itertools import compress
from operator import not_

from koe.answers import speech
from koe.answers.alignment import align
from koe.answers.words import MEANINGFUL, Words, script_of, split, weight

# A piece is the text if it contains at least this share of the transcript.
MOST = 0.6


class Heard:
    """The transcript that the model was given.

    Args:
        text: The transcript; empty if there is none to compare with.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    # Computed only when needed: most answers contain nothing that could be a frame.

    @cached_property
    def _words(self) -> Words:
        """The words of the transcript, folded."""
        return split(self.text)

    @cached_property
    def _counts(self) -> Counter[str]:
        """How often each word occurs in the transcript, without fillers."""
        is_filler = map(speech.SINGLE_FILLERS.__contains__, self._words.texts)
        return Counter(compress(self._words.keys, map(not_, is_filler)))

    @cached_property
    def _total(self) -> float:
        """The weight of all words in `_counts`."""
        return sum(weight(word) * count for word, count in self._counts.items())

    def covered_by(self, text: str) -> float:
        """The share of the transcript that a text contains, 0 to 1; 1 for an empty transcript."""
        return self._covered_by(Counter(split(text).keys))

    def _covered_by(self, counts: Counter[str]) -> float:
        if not self._total:
            return 1.0
        common = self._counts & counts
        return sum(weight(word) * count for word, count in common.items()) / self._total

    def is_most_of(self, text: str) -> bool:
        """Whether a text contains most of the transcript."""
        return self.covered_by(text) >= MOST

    def is_said_in(self, part: str, text: str) -> bool:
        """Whether a part of a text contains words of the transcript that the rest lacks."""
        words, whole = split(part), Counter(split(text).keys)
        rest = whole - Counter(words.keys)
        return self._is_edge_of(words.keys, rest) or any(
            weight >= MEANINGFUL and rest[key] < min(self._counts[key], whole[key])
            for key, weight in zip(words.keys, words.weights, strict=True)
        )

    def is_edge(self, part: str, rest: str) -> bool:
        """Whether a part of a text begins or ends the transcript, and the rest lacks it."""
        return self._is_edge_of(split(part).keys, Counter(split(rest).keys))

    def _is_edge_of(self, keys: Sequence[str], rest: Counter[str]) -> bool:
        """Whether the transcript begins or ends with these words, and the rest lacks one of them.

        The words may be light, such as "To do" in "To do: buy milk". More than half of the
        transcript does not count, because a frame may quote the whole transcript.
        """
        said, count = self._words.keys, len(keys)
        if not count or 2 * count > len(said):
            return False
        first = next((at for at in range(len(said)) if at not in self._idle), 0)
        edges = (said[:count], said[first : first + count], said[-count:])
        return keys in edges and any(rest[key] < said.count(key) for key in keys)

    def is_framed_by(self, part: str, text: str) -> bool:
        """Whether a part is only a frame: the rest of the text contains most of the transcript."""
        if self.is_said_in(part, text):
            return False
        words = split(part)
        rest = Counter(split(text).keys) - Counter(words.keys)
        return self._covered_by(rest) >= MOST and not self._is_spelled(words, rest)

    def is_opened_by(self, part: str, rest: str) -> bool:
        """Whether a part before the rest of a text contains nothing of the transcript.

        The rest must contain most of the transcript, and the first word of the transcript that is
        not a filler.
        """
        lacks = self._lacking(rest)
        first = next((at for at in range(len(self._words)) if at not in self._idle), None)
        return first not in lacks and self.is_most_of(rest) and self.is_foreign(part, rest)

    def is_foreign(self, part: str, rest: str) -> bool:
        """Whether a part of a text stands for no word of the transcript that the rest lacks.

        A part stands for a word if one of its own words sounds like it. If the rest lacks an
        acknowledgement of the transcript, such as "okay", the part stands for that, too.
        """
        words, lacking = split(part), self._lacking(rest)
        scripts = set(map(script_of, words.texts))
        lacks = [at for at in lacking if script_of(self._words.texts[at]) in scripts]
        said = speech.find(self._words.texts, speech.ACKNOWLEDGEMENTS)
        return not any(set(range(*place)).issubset(lacking) for place in said) and all(
            align(self._words.picked(lacks), words).new
        )

    def _lacking(self, rest: str) -> Sequence[int]:
        """The positions of the words that a text lacks, fillers and light words included."""
        others, lacks = Counter(split(rest).keys), list[int]()
        for at, key in enumerate(self._words.keys):
            others[key] -= 1
            if others[key] < 0:
                lacks.append(at)
        return lacks

    @cached_property
    def _idle(self) -> set[int]:
        """The positions of the words that belong to fillers."""
        fillers = speech.find(self._words.texts, speech.FILLERS)
        return {at for start, end in fillers for at in range(start, end)}

    def _is_spelled(self, part: Words, rest: Counter[str]) -> bool:
        """Whether words of the transcript that the rest lacks sound like words of the part."""
        keys = enumerate(self._words.keys)
        lacks = [at for at, key in keys if key not in rest and at not in self._idle]
        new = align(self._words.picked(lacks), part).new
        return any(it >= MEANINGFUL for it in compress(part.weights, map(not_, new)))

    def begins_with(self, *signs: str) -> bool:
        """Whether the transcript begins with one of these signs, or with its name."""
        first = next((at for at in range(len(self._words)) if at not in self._idle), 0)
        found = speech.find(self._words.texts, speech.spoken_as("".join(signs)), first)
        return self.text.lstrip()[:1] in signs or any(start == first for start, _ in found)

    def has(self, *signs: str) -> bool:
        """Whether any of these signs, one character each, was dictated as a sign or by name."""
        phrases = speech.spoken_as("".join(signs))
        return bool(speech.find(self._words.texts, phrases)) or any(
            sign in self.text for sign in signs
        )
