"""Remove what a model writes before and after the text: preambles, labels, notes. Pure.

Such a frame is a line or a pair of brackets of its own, ends with a colon, or is a sentence with
which models begin. It contains no words of the transcript that the rest lacks: "Note: the door is
open" may have been dictated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from koe.answers import lexicon
from koe.answers.heard import Heard

# Where a preamble can end, and where a note can begin. The first set of characters makes the search
# quick; the look-behinds repeat which of them was found.
_LEAD_ENDS = re.compile(
    r"[:：】\]\n→⇒➡>(（](?:(?<=[:：])(?!//)(?=\D|\Z)|(?<=[】\]\n])|(?<=[→⇒➡])\ufe0f?|(?<=[-=]>)"
    r"|(?<=\A[(（])[^()（）\n]+[)）])\s*"
)
_NOTE_BEGINS = re.compile(r"\n\s*|(?<=[^\w\s])[ \t]*(?=[(（\[【])|\s+(?=[(（\[【])")
_NOTE_MARK = re.compile(r"[\n(（\[【]")

# Sentences before the text: "Sure.", "Okay, I've cleaned that up for you." The words behind "I've"
# and 已为您 are those for work on a text.
_ACKNOWLEDGEMENT = "|".join(map(re.escape, lexicon.phrases("acknowledgements")))
_ANNOUNCEMENT = (
    r"here(?:['’]s| is) (?:the|your) [^.!\n]{0,60}"
    r"|i(?:['’]ve| have) (?:cleaned|corrected|edited|fixed|polished|tidied|revised)\b[^.!\n]{0,60}"
    r"|已经?(?:[为為帮幫][您你])?(?:修正|校对|校對|整理|润色|潤色|修改)[^。！\n]{0,12}"
    r"|以下是?(?:修正|校对|校對|整理|润色|潤色|修改)[^。！\n]{0,12}"
)
_OPENING = re.compile(
    rf"(?i)(?:(?:{_ACKNOWLEDGEMENT})(?:[.!。！]\s*|[,，]\s*(?=(?:{_ACKNOWLEDGEMENT}|{_ANNOUNCEMENT})"
    rf"[,.!，。！]))|(?:{_ANNOUNCEMENT})[.!。！]\s*)+"
)

# At most this many places are tried.
_MOST_PLACES = 8


def without_lead(text: str, heard: Heard) -> str:
    """Remove a preamble or label before the text."""
    ends = [end.end() for end in islice(_LEAD_ENDS.finditer(text), _MOST_PLACES)]
    rest = _rest(text, heard, ((text[:end], text[end:]) for end in reversed(ends)))
    return rest if rest != text else _without_opening(text, heard)


def _without_opening(text: str, heard: Heard) -> str:
    opening = _OPENING.match(text)
    if opening is None or opening[0] == text:
        return text
    rest = text[opening.end() :]
    return rest if heard.is_opened_by(opening[0], rest) else text


def without_note(text: str, heard: Heard) -> str:
    """Remove a note after the text."""
    if not _NOTE_MARK.search(text):
        return text  # a quick exit: most texts have none of these characters
    begins = [begin.start() for begin in _NOTE_BEGINS.finditer(text)][-_MOST_PLACES:]
    return _rest(text, heard, ((text[begin:], text[:begin]) for begin in begins))


def _rest(text: str, heard: Heard, parts: Iterable[tuple[str, str]]) -> str:
    return next(
        (rest for frame, rest in parts if rest.strip() and heard.is_framed_by(frame, text)), text
    )
