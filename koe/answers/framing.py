"""Taking off what a model says before and after the text: preambles, labels, notes. Pure.

A frame stands in a line or in brackets of its own, or before a colon, and says nothing of what was
heard, unless the rest says it, too. "Note: the door is open" may be what was dictated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from koe.answers.heard import Heard

# Where a preamble may end, and where a note may begin.
_LEAD_ENDS = re.compile(
    r"[:：】\]\n→⇒➡>(（](?:(?<=[:：])(?!//)(?=\D|\Z)|(?<=[】\]\n])|(?<=[→⇒➡])\ufe0f?|(?<=[-=]>)"
    r"|(?<=\A[(（])[^()（）\n]+[)）])\s*"
)
_NOTE_BEGINS = re.compile(r"\n\s*|(?<=[^\w\s])[ \t]*(?=[(（\[【])|\s+(?=[(（\[【])")
_NOTE_MARK = re.compile(r"[\n(（\[【]")

# Hardly any frame has more places where it may end.
_MOST_PLACES = 8


def without_lead(text: str, heard: Heard) -> str:
    """The text without what stands before it."""
    ends = [end.end() for end in islice(_LEAD_ENDS.finditer(text), _MOST_PLACES)]
    return _rest(text, heard, ((text[:end], text[end:]) for end in reversed(ends)))


def without_note(text: str, heard: Heard) -> str:
    """The text without what stands behind it."""
    if not _NOTE_MARK.search(text):
        return text  # most have none, and this is quick
    begins = [begin.start() for begin in _NOTE_BEGINS.finditer(text)][-_MOST_PLACES:]
    return _rest(text, heard, ((text[begin:], text[:begin]) for begin in begins))


def _rest(text: str, heard: Heard, parts: Iterable[tuple[str, str]]) -> str:
    return next(
        (rest for frame, rest in parts if rest.strip() and heard.is_framed_by(frame, text)), text
    )
