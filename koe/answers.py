"""What a model answered: taking its wrapping off, and telling when it is no correction. Pure.

Small models sometimes recite the dictionary, translate, or keep a fragment. Such an answer is
worse than none, so it is recognised by rules that need no model (spec llm §5.6).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from enum import StrEnum
from itertools import groupby

from koe.errors import LlmReplyError
from koe.text import remove_white_space, trim, trim_start

# Letters of ASCII only: U+212A lower-cases to k, and is none.
_THINK = re.compile("<think>", re.IGNORECASE | re.ASCII)
_END_OF_THINKING = re.compile("</think>", re.IGNORECASE | re.ASCII)

_QUOTES = (('"', '"'), ("“", "”"))

# Removed in this order, anywhere in a text.
_FILLERS = ("那个", "就是", "其实", "嗯", "啊", "哦", "额", "呃")

_SENTENCE_ENDS = "。.，,！!？?"


class Flaw(StrEnum):
    """Why an answer is no correction of what was heard, as a clause for people."""

    DUMP = "it recites the dictionary"
    TRANSLATION = "it is in another language"
    COLLAPSE = "it keeps only a fragment"
    TRUNCATION = "it leaves most of the text out"


def clean(answer: str) -> str:
    """The text in an answer, without a leading block of reasoning and without quotes around it.

    Quotes are taken off only when there are none inside: ``"A" and "B"`` is content.

    Raises:
        LlmReplyError: There is no text.
    """
    # Shells get texts as C strings, which can't hold a NUL; a text of nothing else is none.
    text = trim(_without_reasoning(answer.replace("\0", "")))
    for opening, closing in _QUOTES:
        inner = text[1:-1]
        is_quoted = len(text) > 1 and text[0] == opening and text[-1] == closing
        if is_quoted and opening not in inner and closing not in inner:
            text = inner
    if not trim(text):
        raise LlmReplyError("empty content in response")
    return text


def find_flaw(
    answer: str,
    heard: str,
    candidates: Sequence[str] = (),
    *,
    among: Collection[Flaw] = tuple(Flaw),
) -> Flaw | None:
    """Tell why an answer is not to be used; None when it is.

    Args:
        answer: The cleaned answer.
        heard: What the model was given.
        candidates: The terms that were in the prompt.
        among: What counts as a flaw. Text that was to be rewritten may well come back short, or
            in another language.
    """
    if Flaw.DUMP in among and _is_dump(answer, heard, candidates):
        return Flaw.DUMP
    heard_ideographs = _count_runs(filter(_is_ideograph, _without_fillers(heard)))
    ideographs = _count_runs(filter(_is_ideograph, _without_fillers(answer)))
    if Flaw.TRANSLATION in among and heard_ideographs >= 4 and 4 * ideographs < heard_ideographs:
        return Flaw.TRANSLATION

    core = remove_white_space(answer.lower()).rstrip(_SENTENCE_ENDS)
    heard_core = remove_white_space(heard.lower())
    kept, spoken = _count_words(core), _count_words(heard_core)
    lost = spoken - kept
    if kept == 0:
        return None
    if Flaw.COLLAPSE in among and core in heard_core and 2 * kept <= spoken and lost >= 8:
        return Flaw.COLLAPSE
    if Flaw.TRUNCATION in among and 3 * kept <= spoken and spoken >= 18 and lost >= 12:
        return Flaw.TRUNCATION
    return None


def _is_dump(answer: str, heard: str, candidates: Sequence[str]) -> bool:
    answered, said = answer.lower(), heard.lower()
    terms = [candidate.lower() for candidate in candidates]
    leaked = sum(term in answered and term not in said for term in terms)
    fewest = 4 if len(terms) < 12 else 8
    return leaked >= max(len(terms) // 2, fewest)


def _without_reasoning(answer: str) -> str:
    """Without the block of thinking that it begins with; one that never ends leaves nothing."""
    body = trim_start(answer)
    if not _THINK.match(body):
        return answer
    end = _END_OF_THINKING.search(body)
    return body[end.end() :] if end else ""


def _without_fillers(text: str) -> str:
    lowered = text.lower()
    for filler in _FILLERS:
        lowered = lowered.replace(filler, "")
    return lowered


def _is_ideograph(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


def _count_words(core: str) -> int:
    """Letters and digits, of which runs of the same one count once: people stutter."""
    return _count_runs(filter(str.isalnum, _without_fillers(core)))


def _count_runs(characters: filter[str]) -> int:
    return sum(1 for _ in groupby(characters))
