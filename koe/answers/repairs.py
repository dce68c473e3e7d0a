"""Words that an answer has in another order: self-corrections, and what an "and" joins. Pure.

Of "meet monday at ten no wait tuesday" an editor makes "Meet Tuesday at ten". The words that were
said again then stand between those that were around what was wrong, so the text can be compared as
if it had been said like that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, islice

from koe.answers import speech
from koe.answers.words import MEANINGFUL, PERSONS, Words

# How many words may be said again, and what the other words that were wrong may weigh.
_LONGEST = 6
_MOST_REPLACED = 1.6

# Words before a correction among which the wrong ones are, and words that lead to the right ones.
_REACH = 12
_LONGEST_LEAD = 6

# What words may weigh that stand between a correction and what is right.
_MOST_BETWEEN = 4.5

# Words by which what is right may be longer than what was wrong.
_LONGER = 3

# Words on each side of an "and" that may change places.
_LONGEST_SWAPPED = 3

# A correction may end with one, which may be of the right words, too: 准确说是三十二.
_COPULAS = ("是", "is")

# Each is compared in full, and hardly any answer moves more than one.
_MOST_REPAIRS = 4
_MOST_CUES = 16


def repairs(heard: Words, answer: Words) -> Iterator[Words]:
    """What was heard, each time with one correction where the answer has it."""
    pairs = {("", *answer.keys[:1]), *zip(answer.keys, answer.keys[1:], strict=False)}
    orders = chain(
        *(
            chain(
                islice(_moves(heard, answer.keys, first, last), 1),
                islice(_skips(heard, pairs, first, last), 1),
            )
            for first, last in _cues(heard)
        ),
        _swaps(heard, answer.keys),
    )
    return map(heard.picked, islice(orders, _MOST_REPAIRS))


def _cues(heard: Words) -> Sequence[tuple[int, int]]:
    """Where words say that something was wrong; those with hardly a word between them are one."""
    cues: list[tuple[int, int]] = []
    for first, last in speech.find_loose(heard.texts, speech.ALL_CORRECTIONS):
        if cues and sum(heard.weights[cues[-1][1] : first]) < MEANINGFUL:
            first = cues.pop()[0]
        cues.append((first, last))
    return cues[:_MOST_CUES]


def _swaps(heard: Words, keys: Sequence[str]) -> Iterator[Sequence[int]]:
    """The order of the words if those around an "and" change places."""
    middles = set(zip(keys, keys[1:], keys[2:], strict=False))
    for at in (at for at, word in enumerate(heard.texts) if word in speech.JOINING):
        for start in range(max(0, at - _LONGEST_SWAPPED), at):
            for end in range(at + 2, min(len(heard), at + 1 + _LONGEST_SWAPPED) + 1):
                order = (*range(at + 1, end), at, *range(start, at))
                swapped = [heard.keys[index] for index in order]
                if (swapped[end - at - 2], heard.keys[at], heard.keys[start]) in middles:
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
                said = heard.keys[wrong.start : wrong.stop]
                other = [index for index in wrong if heard.keys[index] not in again]
                more = [index for index in range(start, end) if heard.keys[index] not in said]
                if 0 < sum(heard.weights[index] for index in other) <= _MOST_REPLACED and (
                    sum(heard.weights[index] for index in more) <= _MOST_REPLACED
                ):
                    yield (
                        *range(wrong.start),
                        *range(start, end),
                        *range(wrong.stop, first),
                        *range(end, len(heard)),
                    )


def _skips(
    heard: Words, pairs: Collection[Sequence[str]], first: int, last: int
) -> Iterator[Sequence[int]]:
    """Likewise, if what is right stands behind, and begins or ends like what was wrong.

    Between them may be why it was wrong, or the wrong words once more.

    Args:
        heard: The text.
        pairs: The keys that stand side by side in the answer; an empty one begins it.
        first: Where the words begin that say that something was wrong.
        last: Where they end.
    """
    begin = last - (heard.texts[last - 1] in _COPULAS)
    for end in range(begin, min(last + _REACH, len(heard))):
        if sum(heard.weights[last:end]) > _MOST_BETWEEN:
            return
        goes_on = end + 1 == len(heard) or tuple(heard.keys[end : end + 2]) in pairs
        for start in range(first - 1, max(0, first - _REACH) - 1, -1) if goes_on else ():
            before = heard.keys[start - 1] if start else ""
            if (before, heard.keys[end]) in pairs and _goes_on_alike(heard, start, first, end):
                yield (*range(start), *range(end, len(heard)))


def _goes_on_alike(heard: Words, start: int, first: int, end: int) -> bool:
    """Whether wrong words, and those from another place on, begin or end alike, and differ."""
    right = range(end, min(end + first - start + _LONGER, len(heard)))
    wrong = [at for at in range(start, first) if is_meaningful(heard, at)]
    again = [at for at in wrong if is_among(heard, at, right)]
    begins_alike = heard.keys[start] == heard.keys[end] or (
        heard.numbers[start] >= 0 <= heard.numbers[end]
    )
    return (
        (begins_alike or again[-1:] == wrong[-1:])
        and (
            any(heard.texts[at] not in PERSONS for at in again)
            or heard.keys[start : start + 2] == heard.keys[end : end + 2]
        )
        and not all(heard.keys[at] in heard.keys[right.start : right.stop] for at in wrong)
    )


def is_among(heard: Words, at: int, places: range) -> bool:
    """Whether a word is said again, or one of its kind: a number, or its contrary."""
    return heard.keys[at] in heard.keys[places.start : places.stop] or any(
        heard.numbers[at] >= 0 <= heard.numbers[other]
        or frozenset((heard.texts[at], heard.texts[other])) in speech.CONTRARIES
        for other in places
    )


def is_meaningful(heard: Words, at: int) -> bool:
    """Whether a word is more than grammar."""
    return heard.numbers[at] >= 0 or heard.weights[at] >= MEANINGFUL


def _said_again(heard: Words, last: int) -> Iterator[tuple[int, int]]:
    """What may be meant to be the right words, the longest first; light ones may lead to them."""
    for start in range(last, min(last + _LONGEST_LEAD + 1, len(heard))):
        for end in range(min(start + _LONGEST, len(heard)), start, -1):
            yield start, end
        was_said = heard.keys[start] in heard.keys[max(0, last - _REACH) : start]
        if is_meaningful(heard, start) and not was_said:
            return


def _places(keys: Sequence[str], phrase: Sequence[str]) -> Iterator[int]:
    at = -1
    for _ in range(keys.count(phrase[0])):
        at = keys.index(phrase[0], at + 1)
        if keys[at : at + len(phrase)] == phrase:
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
