"""Which of the words that are gone were no loss. Pure.

They are fillers, stutters, signs that were spoken, and what the speaker took back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from koe.answers import speech
from koe.answers.alignment import Alignment, runs
from koe.answers.repairs import is_among, is_meaningful
from koe.answers.restarts import is_restart, shifted
from koe.answers.words import PERSONS, Words

# The largest weight of words that a speaker corrects; the second one if the words of the correction
# have other uses and nothing is said again.
LONGEST_TAKEN_BACK = 5.0
LONGEST_REPLACED = 1.6

# How a spelling is explained: Marc with a c, Smyth with a y, S M Y T H.
_HINT = re.compile(r"(?:with an?|spelled|its spelled|that is)(?: [a-z])+")

_ITEM = re.compile(r"(?m)^[ \t]*(?:([0-9]+)[.)、](?!\d)|[-*•])[ \t]*(?=\S)")

# Up to so many words behind what was wrong, it may still be said that it was.
_LONGEST_RIGHT = 6

# So few words that are not next to themselves are a figure of speech: 有没有, time after time.
_LONGEST_FIGURE = 2

# Words before a correction among which its second half may begin again.
_REACH = 12


def excuse(
    heard: Words, alignment: Alignment, said: str, written: str, items: int = 0
) -> list[bool]:
    """For each word that was heard, whether it is gone without excuse.

    Args:
        heard: The words.
        alignment: What became of them.
        said: The text that they are of.
        written: The answer, for its signs.
        items: How many items its list has; 0 if there is none.
    """
    gone = list(alignment.gone)
    if alignment.is_other_text or not any(gone):
        return gone
    ahead = shifted(heard, alignment)
    restarts = [run for run in runs(ahead) if is_restart(heard, *run)]
    if restarts:
        alignment.gone, gone = ahead, list(ahead)
        for start, end in restarts:
            gone[start:end] = [False] * (end - start)
    new_signs = "".join(sorted(sign for sign in set(written) - set(said) if not sign.isalnum()))
    for start, end in runs(gone):
        if _is_taken_back(heard, start, end):
            gone[start:end] = [False] * (end - start)
            continue
        # A line break at the beginning or the end is trimmed.
        is_at_edge = start == 0 or end == len(gone)
        idle = speech.idle_beside(new_signs + "\n" if is_at_edge else new_signs)
        for first, last in speech.find_loose(heard.texts, idle, start, end):
            gone[first:last] = [False] * (last - first)
    for start, end in runs(gone):
        if (
            _is_repeated(heard, alignment.gone, start, end)
            or _is_corrected_behind(heard, alignment.gone, start, end)
            or _HINT.fullmatch(" ".join(heard.texts[start:end]))
            or (items and _begins_item(heard, start, end, items))
        ):
            gone[start:end] = [False] * (end - start)
            continue
        # What was said twice is lost once.
        for at in range(start + 1, end):
            gone[at] = heard.keys[at] != heard.keys[at - 1] or heard.numbers[at] >= 0
    return gone


def without_items(written: str) -> tuple[str, int]:
    """A text without the marks of its list, which were not said, and how many there were."""
    marks = _ITEM.findall(written)
    numbers = [mark for mark in marks if mark]
    is_list = len(marks) > 1 and numbers == list(map(str, range(1, len(numbers) + 1)))
    return (_ITEM.sub("", written), len(marks)) if is_list else (written, 0)


def _begins_item(heard: Words, start: int, end: int, items: int) -> bool:
    """Whether words do no more than say that an item of a list begins."""
    return all(
        text in speech.LIST_WORDS
        or (heard.numbers[at] == at and text in map(str, range(items + 1)))
        for at, text in enumerate(heard.texts[start:end], start)
    )


def _is_taken_back(heard: Words, start: int, end: int) -> bool:
    """Whether words are what was wrong, words that say so, and what is said again.

    What is right stands behind. It goes on with what was said before the correction, or it has a
    word of what was wrong, or is of the same kind: else it is another sentence.
    """
    if speech.ALL_CORRECTIONS.keys().isdisjoint(heard.texts[start:end]):
        return False  # most runs of words have none, and this is quick
    cues = speech.find_loose(heard.texts, speech.ALL_CORRECTIONS, start, end)
    if not cues or end == len(heard):
        return False
    is_certain = bool(speech.find_loose(heard.texts, speech.CORRECTIONS, start, end))
    first, last = cues[0][0], cues[-1][1]
    if start and _is_kept_number(heard, start, last):
        return False
    wrong = [at for at in range(start, first) if heard.texts[at] not in speech.SINGLE_FILLERS]
    again = [
        at
        for at in range(last, end)
        if is_meaningful(heard, at) and heard.texts[at] not in speech.NEGATIONS
    ]
    if not {heard.keys[at] for at in again}.issubset(heard.keys[max(0, start - _REACH) : first]):
        return False
    right = range(last, min(len(heard), last + _REACH))
    is_again = any(heard.texts[at] not in PERSONS for at in again) or (
        _is_parallel(heard, wrong, right)
    )
    begins_again = start > 0 and heard.keys[last:end] == heard.keys[start - 1 : start]
    if not (is_again or begins_again) and (not start or _is_grammar(heard, wrong)):
        return False
    longest = LONGEST_TAKEN_BACK if is_certain or is_again else LONGEST_REPLACED
    replaced = [at for at in wrong if heard.keys[at] not in heard.keys[right.start : right.stop]]
    return sum(heard.weights[at] for at in replaced) <= longest


def _is_kept_number(heard: Words, start: int, last: int) -> bool:
    """Whether a number that was wrong is kept beside the right one: 3楼不对4楼 became 3, 4楼."""
    if not heard.numbers[start - 1] >= 0 > heard.numbers[start] or heard.numbers[last] < 0:
        return False
    wrong = heard.keys[heard.numbers[start - 1] : start]
    return heard.keys[last : last + len(wrong)] != wrong


def _is_corrected_behind(heard: Words, was_gone: Sequence[bool], start: int, end: int) -> bool:
    """Whether what says that words were wrong stands behind the right ones: june, july actually."""
    behind = min(len(heard), end + _LONGEST_RIGHT)
    cues = speech.find_loose(heard.texts, speech.ALL_CORRECTIONS, end, behind)
    return any(
        all(was_gone[first:last])
        and not any(was_gone[end:first])
        and _is_parallel(heard, range(start, end), range(end, first))
        for first, last in cues
    )


def _is_grammar(heard: Words, wrong: Sequence[int]) -> bool:
    """Whether words are grammar alone, which is not replaced."""
    return not any(is_meaningful(heard, at) and heard.texts[at] not in PERSONS for at in wrong)


def _is_parallel(heard: Words, wrong: Sequence[int], right: range) -> bool:
    """Whether words behind a correction have a word of those before, or are of their kind."""
    return any(
        is_meaningful(heard, at) and heard.texts[at] not in PERSONS and is_among(heard, at, right)
        for at in wrong
    )


def _is_repeated(heard: Words, was_gone: Sequence[bool], start: int, end: int) -> bool:
    """Whether words were said twice, so that the answer has them once."""
    if _is_part_of_number(heard, start, end):
        return False
    keys = [key for key, _ in groupby(heard.keys[start:end])]
    is_figure = len(keys) <= _LONGEST_FIGURE
    if not is_figure:
        keys = [heard.keys[at] for at in range(start, end) if is_meaningful(heard, at)] or keys
    around = 2 * len(keys) + 4
    if keys[0] not in heard.keys[max(0, start - around) : start] and (
        keys[0] not in heard.keys[end : end + around]
    ):
        return False  # most are not, and this is quick
    before = [heard.keys[at] for at in range(max(0, start - around), start) if not was_gone[at]]
    after = [heard.keys[at] for at in range(end, min(len(heard), end + around)) if not was_gone[at]]
    if not is_figure:
        return _is_within(keys, before) or _is_within(keys, after)
    # Once more before them, behind them, or on both sides: we uh we need need.
    return any(
        keys[:at] == before[len(before) - at :] and keys[at:] == after[: len(keys) - at]
        for at in range(len(keys) + 1)
    )


def _is_part_of_number(heard: Words, start: int, end: int) -> bool:
    """Whether digits end before a run of words and go on in it, or go on after it."""
    return any(
        0 < at < len(heard) and heard.numbers[at - 1] >= 0 <= heard.numbers[at]
        for at in (start, end)
    )


def _is_within(keys: Sequence[str], others: Sequence[str]) -> bool:
    """Whether all keys are among others, in their order."""
    rest = iter(others)
    return all(key in rest for key in keys)
