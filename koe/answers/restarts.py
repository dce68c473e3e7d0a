"""Where a speaker begins again with other words: 三十页的哦三十一页的, boston not boston baltimore.

It is what was wrong, what shows that it was, and what is right. What shows it is an interjection, a
lone "no", the wrong words once more beside a negation, or a part of the right ones. Pure.
"""

from __future__ import annotations

from koe.answers import speech
from koe.answers.alignment import Alignment
from koe.answers.repairs import is_among, is_meaningful
from koe.answers.words import PERSONS, Words

# Words that may be wrong, and what those of them may weigh that are not said again.
_LONGEST = 12
_MOST_REPLACED = 1.6

# What words may weigh that show that others were wrong.
_MOST_BETWEEN = 4.5

# Words by which what is right may be longer than what was wrong.
_LONGER = 3

# Words ahead of what is named again among which the negation is.
_NEAR = 2

# A negation that says by itself that the words before it were wrong: on monday no tuesday.
_LONE = frozenset({"不", "no"})


def shifted(heard: Words, alignment: Alignment) -> list[bool]:
    """Which words are gone if they are those as far ahead as can be.

    Of "on may on june" that became "on june", a comparison finds "may on" gone; this is "on may".
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
    """Whether words that are gone may be wrong ones, and what shows that they were.

    Args:
        heard: The text.
        start: Where the words begin.
        end: Where they end, and the right ones begin.
    """
    if end == start + 1 or end == len(heard):
        return False
    if _parts_number(heard, start) or _parts_number(heard, end):
        return False
    return any(
        _is_named_again(heard, start, first, end)
        or (_interrupts(heard, start, first, end) and _is_parallel(heard, start, first, end))
        for first in range(start + 1, min(end, start + _LONGEST))
    )


def _parts_number(heard: Words, at: int) -> bool:
    return 0 < at < len(heard) and 0 <= heard.numbers[at] == heard.numbers[at - 1]


def _interrupts(heard: Words, start: int, first: int, end: int) -> bool:
    """Whether the words from one on show that those before them were wrong.

    A lone negation does not if it may belong to the verb of another clause: 要红的不要绿的.
    """
    between = heard.texts[first:end]
    if speech.INTERJECTIONS.issuperset(between):
        return True
    if len(between) == 1 and between[0] in _LONE:
        return heard.keys[start] != heard.keys[end] or heard.numbers[first - 1] >= 0
    right = heard.keys[end : end + first - start]
    return any(right[at : at + end - first] == heard.keys[first:end] for at in range(len(right)))


def _is_parallel(heard: Words, start: int, first: int, end: int) -> bool:
    """Whether wrong words and right ones end alike or are of one kind, and differ in little."""
    right = range(end, min(end + first - start + _LONGER, len(heard)))
    wrong = [at for at in range(start, first) if is_meaningful(heard, at)]
    replaced = [at for at in wrong if heard.keys[at] not in heard.keys[right.start : right.stop]]
    return (
        bool(replaced)
        and is_among(heard, wrong[-1], right)
        and sum(heard.weights[at] for at in replaced) <= _MOST_REPLACED
    )


def _is_named_again(heard: Words, start: int, first: int, end: int) -> bool:
    """Whether wrong words are said once more beside a negation, before the right ones.

    In Chinese they are a question if that is all that is between: 能不能.
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
