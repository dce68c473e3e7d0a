"""Reorder the words of a transcript as an answer may have them. Pure.

An editor turns "meet monday at ten no wait tuesday" into "Meet Tuesday at ten": the right words
take the place of the wrong ones. The same can happen to words around an "and", which may change
places. Each function here proposes orders of the words in which the texts can be compared again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, islice

from koe.answers import speech
from koe.answers.words import MEANINGFUL, PERSONS, Words

# The largest number of words that are said again, and the largest weight of those they replace.
_LONGEST = 6
_MOST_REPLACED = 1.6

# The number of words before a correction that are searched for the wrong ones, and the largest
# number of words between the correction and the right ones.
_REACH = 12
_LONGEST_LEAD = 6

# The largest weight of words between a correction and the right words.
_MOST_BETWEEN = 4.5

# The number of words by which the right words may be longer than the wrong ones.
_LONGER = 3

# The largest number of words on each side of an "and" that may change places.
_LONGEST_SWAPPED = 3

# A correction may end with one of these, which can also be the first of the right words:
# 准确说是三十二.
_COPULAS = ("是", "is")

# The largest number of proposed orders, since each is compared in full, and of corrections.
_MOST_REPAIRS = 4
_MOST_CUES = 16


def repairs(heard: Words, answer: Words) -> Iterator[Words]:
    """Propose other orders of the transcript, each with one correction applied.

    Args:
        heard: The words of the transcript.
        answer: The words of the answer.
    """
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
    """The phrases that announce a correction, joined if no meaningful word is between them."""
    cues: list[tuple[int, int]] = []
    for first, last in speech.find_loose(heard.texts, speech.ALL_CORRECTIONS):
        if cues and sum(heard.weights[cues[-1][1] : first]) < MEANINGFUL:
            first = cues.pop()[0]
        cues.append((first, last))
    return cues[:_MOST_CUES]


def _swaps(heard: Words, keys: Sequence[str]) -> Iterator[Sequence[int]]:
    """The orders in which the words around an "and" change places."""
    middles = set(zip(keys, keys[1:], keys[2:], strict=False))
    for at in (at for at, word in enumerate(heard.texts) if word in speech.JOINING):
        for start in range(max(0, at - _LONGEST_SWAPPED), at):
            for end in range(at + 2, min(len(heard), at + 1 + _LONGEST_SWAPPED) + 1):
                if (heard.keys[end - 1], heard.keys[at], heard.keys[start]) in middles:
                    yield (
                        *range(start),
                        *range(at + 1, end),
                        at,
                        *range(start, at),
                        *range(end, len(heard)),
                    )


def _moves(heard: Words, keys: Sequence[str], first: int, last: int) -> Iterator[Sequence[int]]:
    """The orders in which the right words take the place of the wrong ones.

    Args:
        heard: The words of the transcript.
        keys: The keys of the answer.
        first: Where the phrase that announces the correction begins.
        last: Where that phrase ends.
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
    """The orders without the wrong words and without all words up to the right ones.

    An explanation of the correction, or the repeated wrong words, may precede the right words.

    Args:
        heard: The words of the transcript.
        pairs: The pairs of adjacent keys of the answer; its first key is paired with an empty one.
        first: Where the phrase that announces the correction begins.
        last: Where that phrase ends.
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
    """Whether the wrong words, and those from `end` on, begin or end alike, and differ."""
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
    """Whether these places have a word again, another number, or a word of contrary meaning."""
    return heard.keys[at] in heard.keys[places.start : places.stop] or any(
        heard.numbers[at] >= 0 <= heard.numbers[other]
        or frozenset((heard.texts[at], heard.texts[other])) in speech.CONTRARIES
        for other in places
    )


def is_meaningful(heard: Words, at: int) -> bool:
    """Whether a word is more than a function word."""
    return heard.numbers[at] >= 0 or heard.weights[at] >= MEANINGFUL


def _said_again(heard: Words, last: int) -> Iterator[tuple[int, int]]:
    """The ranges that may be the right words; the longest one at each beginning comes first.

    Only words without meaning, or words that were said before, may precede them.
    """
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
    """The ranges before a correction that follow the key `before` and precede the key `after`.

    An empty `before` stands for the beginning of the text.
    """
    for start in range(first - 1, max(0, first - _REACH) - 1, -1):
        if after and heard.keys[:start][-1:] == before:
            for stop in range(start + 1, first):
                if heard.keys[stop] == after[0]:
                    yield range(start, stop)
