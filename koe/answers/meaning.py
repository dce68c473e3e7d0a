"""Find small changes that alter the meaning: negations, numbers, persons, questions. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, repeat

from koe.answers import speech
from koe.answers.alignment import is_opposite
from koe.answers.differences import Differences, Side
from koe.answers.flaws import Flaw
from koe.answers.numbers import AFTERNOON, MINUS, UNITS
from koe.answers.words import PERSONS, Words

# The largest number of words of the subject after the verb that begins a question.
_LONGEST_SUBJECT = 3

# Missing words of at most this weight, such as 元 or 块, cannot have been a misheard number.
_NO_WORD = 0.2

_MONEY = frozenset("$€£¥₩")

# The first ideographs of Chinese reports (正在, 已经).
_REPORTED = "正已"


def changed_meaning(found: Differences) -> Flaw | None:
    """Find a small change that alters the meaning; None if there is none."""
    if _changes_negation(found):
        return Flaw.NEGATION
    if _joins_what_was_wrong(found):
        return Flaw.WORD
    if _changes_number(found.gone, found.new):
        return Flaw.NUMBER
    lost, added = _classes(found.gone, PERSONS), _classes(found.new, PERSONS)
    changes_person = lost and added and lost != added
    return Flaw.REPLY if changes_person or _answers(found) or _carries_out(found) else None


def changes_certainty(found: Differences) -> bool:
    """Whether the missing and the new words express different certainty, time or limits."""
    return _classes(found.gone, speech.DEGREES) != _classes(found.new, speech.DEGREES) or (
        _limits(found.gone) != _limits(found.new)
    )


def _limits(side: Side) -> set[str]:
    """The kinds of limits of numbers, such as "at most", that the other text lacks."""
    if speech.LIMIT_PHRASES.keys().isdisjoint(side.texts):
        return set()  # a quick exit for most answers
    words = side.words
    return {
        speech.LIMITS[tuple(words.texts[start:end])]
        for start, end in speech.find(words.texts, speech.LIMIT_PHRASES)
        if all(side.flags[start:end])
        and (_is_number(words, end) or (start > 0 and _is_number(words, start - 1)))
    }


def _is_number(words: Words, at: int) -> bool:
    """Whether a word belongs to a number, or is a currency sign before a number."""
    return any(number >= 0 for number in words.numbers[at : at + 1]) or (
        not _MONEY.isdisjoint(words.texts[at : at + 1])
        and any(number >= 0 for number in words.numbers[at + 1 : at + 2])
    )


def is_question(texts: Sequence[str]) -> bool:
    """Whether words look like a question: by their first word, or by a Chinese question word."""
    first = texts[_first(texts) :][:1]
    return not speech.QUESTION_BEGINNINGS.isdisjoint(first) or not (
        speech.QUESTION_IDEOGRAPHS.isdisjoint(texts)
    )


def _classes(side: Side, classes: Mapping[str, str]) -> set[str]:
    return {classes[word] for word in side.texts if word in classes}


def _changes_negation(found: Differences) -> bool:
    lost, added = set(found.gone.texts), set(found.new.texts)
    return _negations(found.gone.texts) != _negations(found.new.texts) or any(
        is_opposite(word, other)
        for word in lost - speech.NEGATIONS
        for other in added - speech.NEGATIONS
    )


def _joins_what_was_wrong(found: Differences) -> bool:
    """Whether an "and" or "or" replaces a phrase by which the speaker corrected something."""
    heard, answer = found.gone.words.texts, found.new.words.texts
    return any(
        not speech.JOINING.isdisjoint(answer[gap.answered.start : gap.answered.stop])
        and speech.find_loose(heard, speech.ALL_CORRECTIONS, gap.heard.start, gap.heard.stop)
        for gap in found.gaps
    )


def _negations(words: Sequence[str]) -> int:
    return sum(word in speech.NEGATIONS for word in words)


def _changes_number(gone: Side, new: Side) -> bool:
    lost, added = _numbers(gone), _numbers(new)
    # A single 1 is an article in many languages. If no number is missing, a new number may be the
    # correct form of a missing word that was misheard.
    return (
        any((sign in gone.texts) != (sign in new.texts) for sign in (MINUS, AFTERNOON))
        or _moves_point(gone.words, new.words)
        or _moves_point(new.words, gone.words)
        or _invents_version(gone.words, new.words)
        or bool((lost and added) or (_has_unit(gone) and _has_unit(new)))
        or any(number != "1" for number in lost)
        or (bool(added) and gone.weight <= _NO_WORD and added != ["1"])
    )


def _moves_point(words: Words, others: Words) -> bool:
    """Whether a number with a decimal point has the same digits without it in the other text."""
    points = words.decimals - others.decimals
    return bool(points) and not points.isdisjoint(_digits(others, repeat(1)).values())


def _invents_version(heard: Words, answer: Words) -> bool:
    """Whether a number with several points has other digits than were said: 2.11.1 for 2.11."""
    if not answer.versions:
        return False
    said = "".join(text for text in heard.texts if text.isdecimal())
    return not all(version in said for version in answer.versions)


def _has_unit(side: Side) -> bool:
    """Whether the other text lacks a unit."""
    return not UNITS.isdisjoint(side.texts)


def _numbers(side: Side) -> list[str]:
    """For each number, the digits that the other text lacks."""
    digits = _digits(side.words, side.flags)
    # A missing 1 that is only a part of a number is no article, so it gets another form.
    sizes = Counter(side.words.numbers) if digits else {}
    return [
        missing if sizes[number] == len(missing) else f"{missing} of {sizes[number]}"
        for number, missing in digits.items()
    ]


def _digits(words: Words, flags: Iterable[object]) -> dict[int, str]:
    """The flagged digits, by the position of their number."""
    digits: dict[int, str] = {}
    for number, text in compress(zip(words.numbers, words.texts, strict=True), flags):
        if number >= 0:
            digits[number] = digits.get(number, "") + text
    return digits


def _answers(found: Differences) -> bool:
    """Whether a question became a statement: its first verb or a question word is gone or moved."""
    if not found.gone.texts:
        return False
    texts, gone = found.gone.words.texts, found.gone.flags
    first = _first(texts)
    return _is_turned_round(found) or any(
        word in speech.QUESTION_IDEOGRAPHS
        or (at == first and word in speech.QUESTION_BEGINNINGS)
        or _is_choice(texts, at)
        for at, word in compress(enumerate(texts), gone)
    )


def _is_turned_round(found: Differences) -> bool:
    """Whether the verb of a question moved after its subject ("is he here", "he is here").

    A verb after another question word ("I know where is he") does not count.
    """
    heard, answer = found.gone.words, found.new.words
    first = _first(heard.texts)
    lost = set(compress(range(len(heard)), found.gone.flags))
    asked = [
        at
        for at in lost | {place - 1 for place in lost if place}
        if heard.texts[at] in speech.QUESTION_BEGINNINGS
        and not (at > first + 1 and heard.texts[at - 1] in speech.QUESTION_BEGINNINGS)
    ]
    turned = {
        (*heard.keys[at + 1 : at + 1 + size], heard.keys[at])
        for at in asked
        for size in range(1, _LONGEST_SUBJECT + 1)
    }
    return bool(turned) and any(
        tuple(answer.keys[end - size : end]) in turned and any(found.new.flags[end - size : end])
        for end in range(len(answer) + 1)
        for size in range(2, _LONGEST_SUBJECT + 2)
    )


def _is_choice(texts: Sequence[str], at: int) -> bool:
    """Whether a word is the first or the last one of a question like 有没有."""
    return any(
        start >= 0
        and texts[start + 2 : start + 3] == texts[start : start + 1]
        and texts[start + 1] in "不没沒"
        for start in (at, at - 2)
    )


def _carries_out(found: Differences) -> bool:
    """Whether a request became a report: open the window, opening the window; 打开空调, 已打开."""
    texts, others = found.gone.words.texts, found.new.words.texts
    if any(found.new.flags[:1]) and others[0] in _REPORTED:
        return True
    order, report = texts[_first(texts) :][:1], others[_first(others) :][:1]
    return any(
        other in (f"{word}ing", f"{word[:-1]}ing")
        for word, other in zip(order, report, strict=False)
    )


def _first(texts: Sequence[str]) -> int:
    """The position of the first word that is no filler; 0 if all are fillers."""
    return next((at for at, word in enumerate(texts) if word not in speech.SINGLE_FILLERS), 0)
