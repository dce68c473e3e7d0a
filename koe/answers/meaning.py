"""Small changes that turn the meaning round: negations, numbers, persons, questions. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import compress

from koe.answers import speech
from koe.answers.alignment import is_opposite
from koe.answers.differences import Differences
from koe.answers.flaws import Flaw
from koe.answers.numbers import AFTERNOON, MINUS, UNITS
from koe.answers.words import Words

# Words between the verb that begins a question and the rest.
_LONGEST_SUBJECT = 3

# How reports begin in Chinese: 正在, 已经.
_REPORTED = "正已"


def changed_meaning(found: Differences) -> Flaw | None:
    """Tell what small change turns the meaning round; None for none."""
    if _changes_negation(found):
        return Flaw.NEGATION
    if _changes_number(found):
        return Flaw.NUMBER
    if _changes_person(found) or _answers_question(found) or _carries_out(found):
        return Flaw.REPLY
    return None


def _changes_negation(found: Differences) -> bool:
    lost, added = found.lost_words, found.added_words
    # Of two negations that mean one, the second becomes a word like "anything".
    is_double = any(word in speech.NEGATIONS for word in found.kept_words)
    less = sum(word in speech.AFFIRMED for word in added) if is_double else 0
    if not 0 <= _negations(lost) - _negations(added) <= less:
        return True
    others = set(added) - speech.NEGATIONS
    return any(
        is_opposite(word, other) for word in set(lost) - speech.NEGATIONS for other in others
    )


def changes_certainty(found: Differences) -> bool:
    """Whether what a text says of how sure something is, or of when, is lost or new."""
    return _classes(found.lost_words, speech.DEGREES) != _classes(found.added_words, speech.DEGREES)


def _negations(words: Sequence[str]) -> int:
    return sum(word in speech.NEGATIONS for word in words)


def _changes_number(found: Differences) -> bool:
    for sign in (MINUS, AFTERNOON):
        if (sign in found.lost_words) != (sign in found.added_words):
            return True
    if _moves_point(found.heard, found.answer) or _moves_point(found.answer, found.heard):
        return True
    if _units(found.heard, found.gone) and _units(found.answer, found.new):
        return True
    lost, added = _numbers(found.heard, found.gone), _numbers(found.answer, found.new)
    if lost and added:
        return True
    # A lone one is an article in many languages, and a number that is only new may have been a
    # word that is gone.
    is_new = bool(added) and not any(found.gone)
    return any(number != "1" for number in lost) or (is_new and added != ["1"])


def _moves_point(words: Words, others: Words) -> bool:
    """Whether a number with a decimal point is one without it in another text."""
    if not words.decimals:
        return False
    numbers = _numbers(others, [True] * len(others))
    return not (words.decimals - others.decimals).isdisjoint(numbers)


def _units(words: Words, flags: Sequence[bool]) -> bool:
    """Whether a unit behind a number is flagged."""
    return any(
        text in UNITS and number >= 0
        for number, text in compress(zip((-1, *words.numbers), words.texts, strict=False), flags)
    )


def _numbers(words: Words, flags: Sequence[bool]) -> list[str]:
    """The digits that are flagged, of each number."""
    digits: dict[int, str] = {}
    for number, text in compress(zip(words.numbers, words.texts, strict=True), flags):
        if number >= 0:
            digits[number] = digits.get(number, "") + text
    if not digits:
        return []
    # A one that is half of a number is no article.
    sizes = Counter(words.numbers)
    return [
        flagged if sizes[number] == len(flagged) else f"{flagged} of {sizes[number]}"
        for number, flagged in digits.items()
    ]


def _changes_person(found: Differences) -> bool:
    lost = _classes(found.lost_words, speech.PERSONS)
    added = _classes(found.added_words, speech.PERSONS)
    return bool(lost and added and lost != added)


def _classes(words: Sequence[str], classes: Mapping[str, str]) -> set[str]:
    return {classes[word] for word in words if word in classes}


def _answers_question(found: Differences) -> bool:
    """Whether what made it a question is gone: its first word, or a word or form of Chinese."""
    texts = found.heard.texts
    first = _first(texts)
    if _begins_question(texts, first) and found.gone[first]:
        return True
    return _is_turned_round(found) or any(
        word in speech.QUESTION_IDEOGRAPHS or _is_choice(texts, at)
        for at, word in compress(enumerate(texts), found.gone)
    )


def is_question(texts: Sequence[str]) -> bool:
    """Whether words are a question, as far as one of them says."""
    return _begins_question(texts, _first(texts)) or not speech.QUESTION_IDEOGRAPHS.isdisjoint(
        texts
    )


def _begins_question(texts: Sequence[str], first: int) -> bool:
    return first < len(texts) and texts[first] in speech.QUESTION_BEGINNINGS


def _is_turned_round(found: Differences) -> bool:
    """Whether the verb that begins a question is behind who does it: is he here, he is here."""
    heard, answer = found.heard, found.answer
    asked = [
        at
        for at, word in enumerate(heard.texts)
        if word in speech.QUESTION_BEGINNINGS and any(found.gone[at : at + 2])
    ]
    if not asked:
        return False
    verbs = {heard.keys[at] for at in asked}
    said = {
        tuple(answer.keys[at - size : at + 1])
        for at, key in enumerate(answer.keys)
        if key in verbs
        for size in range(1, min(_LONGEST_SUBJECT, at) + 1)
        if any(found.new[at - size : at + 1])
    }
    return any(
        (*heard.keys[at + 1 : at + 1 + size], heard.keys[at]) in said
        for at in asked
        for size in range(1, _LONGEST_SUBJECT + 1)
    )


def _carries_out(found: Differences) -> bool:
    """Whether an order became a report: open the window, opening the window; 打开空调, 已打开."""
    if found.answer.texts[:1] and found.new[0] and found.answer.texts[0] in _REPORTED:
        return True
    texts, others = found.heard.texts, found.answer.texts
    order, report = texts[_first(texts) :][:1], others[_first(others) :][:1]
    return any(
        word.isascii() and not word.endswith("ing") and other in (f"{word}ing", f"{word[:-1]}ing")
        for word, other in zip(order, report, strict=False)
    )


def _first(texts: Sequence[str]) -> int:
    """The position of the first word that is no filler; that of the first if all are."""
    return next((at for at, word in enumerate(texts) if word not in speech.SINGLE_FILLERS), 0)


def _is_choice(texts: Sequence[str], at: int) -> bool:
    """Whether a word is one half of a question like 有没有."""
    return any(
        start >= 0
        and texts[start + 2 : start + 3] == texts[start : start + 1]
        and texts[start + 1] in "不没沒"
        for start in (at, at - 2)
    )
