"""Judge whether an answer is an edit of the transcript. Pure.

An edit keeps what was said. The words that it leaves out are no loss (fillers, stutters, words that
the speaker corrected), and the words that it adds have no meaning of their own. The weights of all
other missing and new words are limited.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

from koe.answers import speech
from koe.answers.clean import clean
from koe.answers.differences import Differences, compare
from koe.answers.flaws import Flaw
from koe.answers.framing import inner_texts, without_acknowledgement
from koe.answers.heard import Heard
from koe.answers.meaning import changed_meaning, changes_certainty, is_question
from koe.answers.repairs import repairs
from koe.answers.words import MEANINGFUL, fold, has_kana, script_of, split, weight
from koe.errors import LlmReplyError

# The largest weight of a run of missing or new words, and the largest share of the text that all
# missing or all new words may have. A meaningful word weighs about 1. Tuned with bench/guard.
HEAVIEST_RUN = 1.15
MOST_OF_TEXT = 0.2

# If neither missing nor new words have a larger share than this, the answer is close enough to the
# transcript for small changes of the meaning to be named as the reason.
_MOSTLY_KEPT = 0.4

# The largest weight of missing and of new words for the reason that a word was replaced.
HEAVIEST_EXCHANGE = 2.6

# A text with fewer kana than this is not Japanese: Chinese texts can contain a の, for example.
_FEWEST_KANA = 3

# The largest number of spoken corrections that are applied one after the other.
_MOST_REPAIRED = 3

# The largest number of texts that are judged in the place of an answer.
_MOST_TRIED = 8

_REFUSAL = speech.pattern("refusals")


def find_edit(answer: str, heard: str, candidates: Sequence[str] = ()) -> tuple[str, Flaw | None]:
    """Find the edit in an answer: the answer itself, or what is left of it without a frame.

    `clean` does not remove a frame that has words of the transcript, or that surrounds a text with
    few of its words. This function removes a part that may be a frame if the rest is an edit.

    Args:
        answer: The cleaned answer.
        heard: The transcript that the model was given.
        candidates: The terms of the dictionary that were in the prompt.

    Returns:
        The edit and None; or the answer, and the reason why it must not be used.
    """
    known = Heard(heard)
    less = without_acknowledgement(answer, known)
    if less != answer and find_flaw(less, heard, candidates) is None:
        return less, None
    flaw = find_flaw(answer, heard, candidates)
    if flaw is None:
        return answer, None
    # The transcript need not be tried, because it is used anyway if no edit is found.
    texts, tried = [answer], {answer, heard}
    for text in texts:
        for inner in inner_texts(text, known):
            if len(tried) > _MOST_TRIED:
                break
            try:
                less = clean(inner, heard)
            except LlmReplyError:  # nothing is left
                continue
            if less in tried:
                continue
            if find_flaw(less, heard, candidates) is None:
                return less, None
            tried.add(less)
            texts.append(less)
    return answer, flaw


def find_flaw(answer: str, heard: str, candidates: Sequence[str] = ()) -> Flaw | None:
    """Find the reason why an answer must not be used; None if it is an edit.

    Args:
        answer: The cleaned answer.
        heard: The transcript that the model was given.
        candidates: The terms of the dictionary that were in the prompt.
    """
    if answer == heard:
        return None
    terms = _split_terms(tuple(candidates))
    found = compare(heard, answer, terms)
    flaw = _flaw_in(found, answer, heard, candidates, terms)
    if flaw is None or found.is_other_text:
        return flaw
    said = split(heard)
    for _ in range(_MOST_REPAIRED):
        tried = []
        for repaired in repairs(said, split(answer)):
            tried.append(compare(heard, answer, terms, repaired=repaired))
            if _flaw_in(tried[-1], answer, heard, candidates, terms) is None:
                return None
        nearest = min(tried, key=_distance, default=found)
        if _distance(nearest) >= _distance(found):
            break
        found, said = nearest, nearest.gone.words
    return flaw


def _distance(found: Differences) -> float:
    return found.gone.weight + found.new.weight


def _flaw_in(
    found: Differences,
    answer: str,
    heard: str,
    candidates: Sequence[str],
    terms: frozenset[speech.Phrase],
) -> Flaw | None:
    gone, new = found.gone, found.new
    if _leaves_japanese(found):
        return Flaw.TRANSLATION
    is_close = max(gone.share, new.share) <= _MOSTLY_KEPT
    flaw = changed_meaning(found) if is_close else None
    if all(side.share <= MOST_OF_TEXT and side.heaviest <= HEAVIEST_RUN for side in (gone, new)):
        if flaw or found.drops_word:
            return flaw or Flaw.TRUNCATION
        return Flaw.WORD if found.is_invented or changes_certainty(found) else None
    if _are_terms(new.texts, terms) or is_recital(answer, heard, candidates):
        return Flaw.DUMP
    return flaw or _reason(found, answer)


def is_recital(answer: str, heard: str, candidates: Sequence[str]) -> bool:
    """Whether an answer lists terms of the dictionary that were not said (spec llm §5.6).

    It must contain many of them, or at least two and no other words.
    """
    answered, said = answer.casefold(), heard.casefold()
    terms = {candidate.casefold() for candidate in candidates}
    leaked = sorted((t for t in terms if t in answered and t not in said), key=len, reverse=True)
    fewest = 4 if len(terms) < 12 else 8
    if len(leaked) >= max(len(terms) // 2, fewest):
        return True
    rest = answered
    for term in leaked:
        rest = rest.replace(term, "")
    return len(leaked) > 1 and not split(rest).texts


@lru_cache(maxsize=8)
def _split_terms(candidates: tuple[str, ...]) -> frozenset[speech.Phrase]:
    return frozenset(tuple(split(candidate).texts) for candidate in candidates)


def _are_terms(words: Sequence[str], terms: frozenset[speech.Phrase]) -> bool:
    known = set(chain.from_iterable(terms))
    return any(weight(word) >= MEANINGFUL for word in words) and all(
        word in known for word in words if weight(word) >= MEANINGFUL
    )


def _reason(found: Differences, answer: str) -> Flaw:
    """Choose the reason for an answer that is certainly not an edit."""
    gone, new = found.gone, found.new
    if _is_loop(found):
        return Flaw.LOOP
    if gone.share > _MOSTLY_KEPT and _REFUSAL.search(fold(answer)):
        return Flaw.REFUSAL
    if _is_translation(found):
        return Flaw.TRANSLATION
    if gone.share > 0.5:
        return Flaw.COLLAPSE if new.weight <= HEAVIEST_RUN else Flaw.OTHER
    if gone.weight > 2 * new.weight:
        return Flaw.TRUNCATION
    if new.weight > 2 * gone.weight:
        return Flaw.ADDITION
    is_exchange = max(gone.weight, new.weight) <= HEAVIEST_EXCHANGE
    return Flaw.WORD if is_exchange and not is_question(gone.words.texts) else Flaw.REPLY


def _leaves_japanese(found: Differences) -> bool:
    """Whether the transcript has kana and ideographs, and the answer has no kana."""
    texts = found.gone.words.texts
    if not has_kana(texts):
        return False
    scripts = Counter(map(script_of, texts))
    if not scripts["ideograph"]:
        return False
    fillers = sum(end - start for start, end in speech.find_loose(texts, speech.FILLERS))
    return scripts["kana"] - fillers >= _FEWEST_KANA and "kana" not in map(
        script_of, found.new.words.texts
    )


def _is_translation(found: Differences) -> bool:
    """Whether the new words are in another script than the missing ones.

    In addition, the scripts of the whole texts must differ, or the answer must keep no word in the
    script of the missing words.
    """
    lost, added = _script(found.gone.texts), _script(found.new.texts)
    if not lost or not added or lost == added:
        return False
    heard, answer = found.gone.words.texts, found.new.words.texts
    return _script(heard) != _script(answer) or lost not in map(script_of, found.new.kept)


def _is_loop(found: Differences) -> bool:
    added, distinct = found.new.texts, set(found.new.texts)
    is_longer = len(found.new.words) > 1.5 * len(found.gone.words)
    return (len(added) > 2 and 2 * len(distinct) <= len(added)) or (
        len(added) > 1 and is_longer and distinct.issubset(found.gone.words.texts)
    )


def _script(words: Sequence[str]) -> str:
    """The script of most words, by weight; empty if there are only digits and signs."""
    weights: Counter[str] = Counter()
    for word in words:
        script = script_of(word)
        if script not in ("digit", "sign"):
            weights[script] += round(100 * weight(word))
    return weights.most_common(1)[0][0] if weights else ""
