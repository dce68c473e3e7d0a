"""Find missing words that an answer may leave out. Pure.

They are fillers, stutters, names of signs that the answer writes, and what the speaker corrected.
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

# The largest weight of words that a speaker corrects. HEAVIEST_REPLACED applies if the phrase that
# announces the correction has other uses, too, and no word is said again.
HEAVIEST_TAKEN_BACK = 5.0
HEAVIEST_REPLACED = 1.6

# Explanations of a spelling: Marc with a c, Smyth with a y.
_HINT = re.compile(r"(?:with an?|spelled|its spelled|that is)(?: [a-z])+")

_ITEM = re.compile(r"(?m)^[ \t]*(?:([0-9]+)[.)、](?!\d)|[-*•])[ \t]*(?=\S)")

# The largest number of words between a wrong word and a later phrase that corrects it.
_LONGEST_RIGHT = 6

# Repeated phrases of at most this many words must be next to each other: 有没有 and "time after
# time" are figures of speech.
_LONGEST_FIGURE = 2

# The number of words before a correction, and after it, that are searched for repeated words.
_REACH = 12


def excuse(
    heard: Words, alignment: Alignment, said: str, written: str, items: int = 0
) -> list[bool]:
    """Find for each word of the transcript whether it is gone and its loss is not excused.

    Args:
        heard: The words of the transcript.
        alignment: The words that are gone; changed if others are more likely to be gone.
        said: The transcript.
        written: The answer, for its signs.
        items: The number of items of the list in the answer; 0 for no list.
    """
    gone = list(alignment.gone)
    if alignment.is_other_text or not any(gone):
        return gone
    ahead, there = shifted(heard, alignment), set(runs(gone))
    restarts = [
        run
        for run in runs(ahead)
        if is_restart(heard, *run) or (run not in there and _is_idle(heard, *run))
    ]
    if restarts:
        alignment.gone, gone = ahead, list(ahead)
        for start, end in restarts:
            gone[start:end] = [False] * (end - start)
    new_signs = "".join(sorted(sign for sign in set(written) - set(said) if not sign.isalnum()))
    for start, end in runs(gone):
        if _is_taken_back(heard, start, end):
            gone[start:end] = [False] * (end - start)
            continue
        # A dictated line break at the beginning or the end is trimmed from the answer.
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
        # Of a word that is repeated within the run, only the first one counts as lost.
        for at in range(start + 1, end):
            gone[at] = heard.keys[at] != heard.keys[at - 1] or heard.numbers[at] >= 0
    return gone


def _is_idle(heard: Words, start: int, end: int) -> bool:
    """Whether words consist of fillers."""
    found = speech.find_loose(heard.texts, speech.FILLERS, start, end)
    return sum(last - first for first, last in found) == end - start


def without_items(written: str) -> tuple[str, int]:
    """Remove the marks of a list, which are not dictated, and count its items."""
    marks = _ITEM.findall(written)
    numbers = [mark for mark in marks if mark]
    is_list = len(marks) > 1 and numbers == list(map(str, range(1, len(numbers) + 1)))
    return (_ITEM.sub("", written), len(marks)) if is_list else (written, 0)


def _begins_item(heard: Words, start: int, end: int, items: int) -> bool:
    """Whether words only announce the next item of a list."""
    return all(
        text in speech.LIST_WORDS
        or (heard.numbers[at] == at and text in map(str, range(items + 1)))
        for at, text in enumerate(heard.texts[start:end], start)
    )


def _is_taken_back(heard: Words, start: int, end: int) -> bool:
    """Whether words are a part that the speaker corrected, up to the beginning of the right words.

    Such a run consists of wrong words, a phrase that announces the correction (such as "no wait"),
    and words that are said again. The right words follow the run. They repeat a word from before
    the correction, or have a word of the same kind as a wrong one; otherwise they are another
    sentence.
    """
    if speech.ALL_CORRECTIONS.keys().isdisjoint(heard.texts[start:end]):
        return False  # a quick exit for most runs
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
    heaviest = HEAVIEST_TAKEN_BACK if is_certain or is_again else HEAVIEST_REPLACED
    replaced = [at for at in wrong if heard.keys[at] not in heard.keys[right.start : right.stop]]
    return sum(heard.weights[at] for at in replaced) <= heaviest


def _is_kept_number(heard: Words, start: int, last: int) -> bool:
    """Whether the answer keeps the wrong number beside the right one: 3楼不对4楼 became 3, 4楼."""
    if not heard.numbers[start - 1] >= 0 > heard.numbers[start] or heard.numbers[last] < 0:
        return False
    wrong = heard.keys[heard.numbers[start - 1] : start]
    return heard.keys[last : last + len(wrong)] != wrong


def _is_corrected_behind(heard: Words, was_gone: Sequence[bool], start: int, end: int) -> bool:
    """Whether a phrase after the right words corrects the wrong ones: june, july actually."""
    behind = min(len(heard), end + _LONGEST_RIGHT)
    cues = speech.find_loose(heard.texts, speech.ALL_CORRECTIONS, end, behind)
    return any(
        all(was_gone[first:last])
        and not any(was_gone[end:first])
        and _is_parallel(heard, range(start, end), range(end, first))
        for first, last in cues
    )


def _is_grammar(heard: Words, wrong: Sequence[int]) -> bool:
    """Whether words are only function words; speakers rarely correct those."""
    return not any(is_meaningful(heard, at) and heard.texts[at] not in PERSONS for at in wrong)


def _is_parallel(heard: Words, wrong: Sequence[int], right: range) -> bool:
    """Whether the words after a correction repeat a wrong word, or have one of the same kind."""
    return any(
        is_meaningful(heard, at) and heard.texts[at] not in PERSONS and is_among(heard, at, right)
        for at in wrong
    )


def _is_repeated(heard: Words, was_gone: Sequence[bool], start: int, end: int) -> bool:
    """Whether words were said twice and the answer has them once."""
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
        return False  # a quick exit for most runs
    before = [heard.keys[at] for at in range(max(0, start - around), start) if not was_gone[at]]
    after = [heard.keys[at] for at in range(end, min(len(heard), end + around)) if not was_gone[at]]
    if not is_figure:
        return _is_within(keys, before) or _is_within(keys, after)
    # They are repeated before the run, after it, or partly on both sides: we uh we need need.
    return any(
        keys[:at] == before[len(before) - at :] and keys[at:] == after[: len(keys) - at]
        for at in range(len(keys) + 1)
    )


def _is_part_of_number(heard: Words, start: int, end: int) -> bool:
    """Whether a number begins before a run of words and continues in it, or continues after it."""
    return any(
        0 < at < len(heard) and heard.numbers[at - 1] >= 0 <= heard.numbers[at]
        for at in (start, end)
    )


def _is_within(keys: Sequence[str], others: Sequence[str]) -> bool:
    """Whether all keys occur among the others in the same order."""
    rest = iter(others)
    return all(key in rest for key in keys)
