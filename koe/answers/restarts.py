"""Find where a speaker begins again with other words. Pure.

Examples are 三十页的哦三十一页的 and "boston not boston baltimore". Such a restart has wrong words,
a sign that they were wrong, and the right words. The sign is an interjection, a single "no", the
wrong words once more beside a negation, or a part of the right words.
"""

from __future__ import annotations

from koe.answers import speech
from koe.answers.alignment import Alignment
from koe.answers.repairs import is_among, is_meaningful
from koe.answers.words import PERSONS, Words

# The largest number of wrong words, and the largest weight of those that are not said again.
_LONGEST = 12
_MOST_REPLACED = 1.6

# The largest weight of the words between the wrong and the right ones.
_MOST_BETWEEN = 4.5

# The number of words by which the right words may be longer than the wrong ones.
_LONGER = 3

# The number of words before the repeated wrong words that are searched for a negation.
_NEAR = 2

# A negation that by itself corrects the words before it: on monday no tuesday.
_LONE = frozenset({"不", "no"})


def shifted(heard: Words, alignment: Alignment) -> list[bool]:
    """Move each run of missing words as close to the beginning of the text as possible.

    If "on may on june" became "on june", the comparison finds that "may on" is gone. The result
    here is "on may".
    """
    gone = list(alignment.gone)
    for gap in reversed(alignment.gaps):
        start, end = gap.heard.start, gap.heard.stop
        while (
            start < end
            and not gap.answered
            and start
            and not gone[start - 1]
            and heard.keys[start - 1] == heard.keys[end - 1]
        ):
            start, end = start - 1, end - 1
            gone[start], gone[end] = True, False
    return gone


def is_restart(heard: Words, start: int, end: int) -> bool:
    """Whether missing words can be wrong words and the sign that they were wrong.

    Args:
        heard: The words of the transcript.
        start: Where the missing words begin.
        end: Where they end, and the right words begin.
    """
    if end == len(heard):
        return False
    if end == start + 1:
        return _is_cut(heard.texts[start], heard.texts[end])
    if _parts_number(heard, start) or _parts_number(heard, end):
        return False
    return _grows(heard, start, end) or any(
        _is_named_again(heard, start, first, end)
        or (_interrupts(heard, start, first, end) and _is_parallel(heard, start, first, end))
        for first in range(start + 1, min(end, start + _LONGEST))
    )


def _grows(heard: Words, start: int, end: int) -> bool:
    """Whether missing words are several beginnings of the right ones, as in 我先我先去我先去开会.

    The last word of a beginning may be cut off: the pre the presentation.
    """
    right = heard.texts[end : end + end - start]
    while start < end:
        begun = 0
        for word, other in zip(heard.texts[start:end], right, strict=False):
            begun += word == other or _is_cut(word, other)
            if word != other:
                break
        if not begun:
            return False
        start += begun
    return True


def _is_cut(word: str, other: str) -> bool:
    """Whether a word is the beginning of another one: pro, probably. But "no north" is not."""
    is_beginning = len(word) > 1 and word.isascii() and other.startswith(word)
    return is_beginning and word != other and word not in speech.UNMOVABLE


def _parts_number(heard: Words, at: int) -> bool:
    return 0 < at < len(heard) and 0 <= heard.numbers[at] == heard.numbers[at - 1]


def _interrupts(heard: Words, start: int, first: int, end: int) -> bool:
    """Whether the words from `first` on are a sign that those before them were wrong.

    A single negation is not such a sign if it can belong to the verb of another clause:
    要红的不要绿的.
    """
    between = heard.texts[first:end]
    if speech.INTERJECTIONS.issuperset(between):
        return True
    if len(between) == 1 and between[0] in _LONE:
        return heard.keys[start] != heard.keys[end] or heard.numbers[first - 1] >= 0
    right = heard.keys[end : end + first - start]
    return any(right[at : at + end - first] == heard.keys[first:end] for at in range(len(right)))


def _is_parallel(heard: Words, start: int, first: int, end: int) -> bool:
    """Whether wrong and right words end alike or are of one kind, and differ in few words."""
    right = range(end, min(end + first - start + _LONGER, len(heard)))
    wrong = [at for at in range(start, first) if is_meaningful(heard, at)]
    replaced = [at for at in wrong if heard.keys[at] not in heard.keys[right.start : right.stop]]
    return (
        bool(replaced)
        and is_among(heard, wrong[-1], right)
        and sum(heard.weights[at] for at in replaced) <= _MOST_REPLACED
    )


def _is_named_again(heard: Words, start: int, first: int, end: int) -> bool:
    """Whether the wrong words are repeated beside a negation, before the right ones.

    In Chinese, a word on both sides of a negation and nothing else is a question: 能不能.
    """
    wrong, size = heard.keys[start:first], first - start
    return (
        wrong != heard.keys[end : end + size]
        and any(is_meaningful(heard, at) for at in range(start, first))
        and not (heard.texts[first] in "不没沒" and heard.keys[first + 1 : end] == wrong)
        and speech.NEGATIONS.isdisjoint(heard.texts[start:first])
        and PERSONS.keys().isdisjoint(heard.texts[first:end])
        and sum(heard.weights[start:first]) <= _MOST_REPLACED
        and sum(heard.weights[first:end]) <= _MOST_BETWEEN
        and any(
            heard.keys[at : at + size] == wrong
            and not speech.NEGATIONS.isdisjoint(
                (*heard.texts[max(first, at - _NEAR) : at], *heard.texts[at + size : end][:1])
            )
            for at in range(first, end - size + 1)
        )
    )
