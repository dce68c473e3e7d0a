"""Words that an answer has in another order: self-corrections, and what an "and" joins. Pure.

Of "meet monday at ten no wait tuesday" an editor makes "Meet Tuesday at ten". The words that were
said again then stand between those that were around what was wrong, so the text can be compared as
if it had been said like that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

from koe.answers import speech
from koe.answers.words import MEANINGFUL, Words

# How many words may be said again, and what the other words that were wrong may weigh.
_LONGEST = 6
_MOST_REPLACED = 1.6

# Words before a correction among which the wrong ones are, and words that lead to the right ones.
_REACH = 12
_LONGEST_LEAD = 3

# Words on each side of an "and" that may change places.
_LONGEST_SWAPPED = 3

# Each is compared in full, and hardly any answer moves more than one.
_MOST_REPAIRS = 4
_MOST_CUES = 16


def repairs(heard: Words, answer: Words) -> Iterator[Words]:
    """What was heard, each time with one correction where the answer has it."""
    phrases = (speech.CORRECTIONS, speech.WEAK_CORRECTIONS)
    cues = chain(*(islice(speech.find_loose(heard.texts, it), _MOST_CUES) for it in phrases))
    orders = chain(
        chain.from_iterable(islice(_moves(heard, answer.keys, *cue), 1) for cue in cues),
        _swaps(heard, answer.keys),
    )
    return map(heard.picked, islice(orders, _MOST_REPAIRS))


def _swaps(heard: Words, keys: Sequence[str]) -> Iterator[Sequence[int]]:
    """The order of the words if those around an "and" change places."""
    middles = set(zip(keys, keys[1:], keys[2:], strict=False))
    for at in (at for at, word in enumerate(heard.texts) if word in speech.JOINING):
        for start in range(max(0, at - _LONGEST_SWAPPED), at):
            for end in range(at + 2, min(len(heard), at + 1 + _LONGEST_SWAPPED) + 1):
                order = (*range(at + 1, end), at, *range(start, at))
                swapped = [heard.keys[index] for index in order]
                if (swapped[end - at - 2], heard.keys[at], heard.keys[start]) in middles and (
                    any(True for _ in _places(keys, swapped))
                ):
                    yield (*range(start), *order, *range(end, len(heard)))


def _moves(heard: Words, keys: Sequence[str], first: int, last: int) -> Iterator[Sequence[int]]:
    """Likewise, if what is right stands in the place of what was wrong.

    Args:
        heard: The text.
        keys: Of the words of the answer.
        first: Where the words begin that say that something was wrong.
        last: Where they end.
    """
    for start, end in _said_again(heard, last):
        again = heard.keys[start:end]
        for at in _places(keys, again):
            before, after = keys[:at][-1:], keys[at + len(again) :][:1]
            for wrong in _replaced(heard, first, before, after):
                other = [index for index in wrong if heard.keys[index] not in again]
                if 0 < sum(heard.weights[index] for index in other) <= _MOST_REPLACED:
                    yield (
                        *range(wrong.start),
                        *range(start, end),
                        *range(wrong.stop, first),
                        *range(end, len(heard)),
                    )


def _said_again(heard: Words, last: int) -> Iterator[tuple[int, int]]:
    """What may be meant to be the right words, the longest first; light ones may lead to them."""
    for start in range(last, min(last + _LONGEST_LEAD + 1, len(heard))):
        for end in range(min(start + _LONGEST, len(heard)), start, -1):
            yield start, end
        if heard.numbers[start] >= 0 or heard.weights[start] >= MEANINGFUL:
            return


def _places(keys: Sequence[str], phrase: Sequence[str]) -> Iterator[int]:
    for at in range(len(keys) - len(phrase) + 1):
        if keys[at] == phrase[0] and keys[at : at + len(phrase)] == phrase:
            yield at


def _replaced(
    heard: Words, first: int, before: Sequence[str], after: Sequence[str]
) -> Iterator[range]:
    """Words ahead of a correction that stand between two others, or begin the text."""
    for start in range(first - 1, max(0, first - _REACH) - 1, -1):
        if after and heard.keys[:start][-1:] == before:
            for stop in range(start + 1, first):
                if heard.keys[stop] == after[0]:
                    yield range(start, stop)
