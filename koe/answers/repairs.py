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
    found = (
        repaired
        for phrases in (speech.CORRECTIONS, speech.WEAK_CORRECTIONS)
        for first, last in islice(speech.find_loose(heard.texts, phrases), _MOST_CUES)
        for repaired in _repairs_at(heard, answer, first, last)
    )
    return islice(chain(found, _swaps(heard, answer)), _MOST_REPAIRS)


def _swaps(heard: Words, answer: Words) -> Iterator[Words]:
    """What was heard with the words around an "and" in the order of the answer."""
    keys = heard.keys
    middles = set(zip(answer.keys, answer.keys[1:], answer.keys[2:], strict=False))
    for at, word in enumerate(heard.texts):
        if word not in speech.JOINING:
            continue
        for start in range(max(0, at - _LONGEST_SWAPPED), at):
            for end in range(at + 2, min(len(heard), at + 1 + _LONGEST_SWAPPED) + 1):
                order = (*range(at + 1, end), at, *range(start, at))
                if (keys[end - 1], keys[at], keys[start]) in middles and any(
                    True for _ in _places(answer.keys, [keys[index] for index in order])
                ):
                    yield heard.picked((*range(start), *order, *range(end, len(heard))))


def _repairs_at(heard: Words, answer: Words, first: int, last: int) -> Iterator[Words]:
    """Likewise, for the words from one up to another that say that something was wrong."""
    for start, end in _said_again(heard, last):
        again = heard.keys[start:end]
        for at in _places(answer.keys, again):
            before, after = answer.keys[:at][-1:], answer.keys[at + len(again) :][:1]
            for wrong in _replaced(heard, first, before, after):
                if _is_exchange(heard, wrong, again):
                    order = (
                        *range(wrong.start),
                        *range(start, end),
                        *range(wrong.stop, first),
                        *range(end, len(heard)),
                    )
                    yield heard.picked(order)
                    return


def _said_again(heard: Words, last: int) -> Iterator[tuple[int, int]]:
    """What may be meant to be the right words, the longest first; light ones may lead to them."""
    starts = [last]
    while (
        len(starts) <= _LONGEST_LEAD
        and starts[-1] < len(heard)
        and heard.numbers[starts[-1]] < 0
        and heard.weights[starts[-1]] < MEANINGFUL
    ):
        starts.append(starts[-1] + 1)
    for start in starts:
        for end in range(min(start + _LONGEST, len(heard)), start, -1):
            yield start, end


def _places(keys: Sequence[str], phrase: Sequence[str]) -> Iterator[int]:
    for at in range(len(keys) - len(phrase) + 1):
        if keys[at : at + len(phrase)] == phrase:
            yield at


def _replaced(
    heard: Words, first: int, before: Sequence[str], after: Sequence[str]
) -> Iterator[range]:
    """Words ahead of a correction that stand between two others, or begin the text."""
    if not after:
        return  # at the end it was not moved
    earliest = max(0, first - _REACH)
    for start in range(first - 1, earliest - 1, -1):
        if heard.keys[:start][-1:] == before:
            for stop in range(start + 1, first):
                if heard.keys[stop : stop + 1] == after:
                    yield range(start, stop)


def _is_exchange(heard: Words, wrong: range, again: Sequence[str]) -> bool:
    """Whether the words are few enough to be what was taken back."""
    return 0 < sum(heard.weights[at] for at in wrong if heard.keys[at] not in again) <= (
        _MOST_REPLACED
    )
