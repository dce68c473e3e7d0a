"""Taking off what a model says before and after the text: preambles, labels, notes. Pure.

Two things make a frame: it speaks of the text and the work on it, and without it nothing is missing
of what was heard. One of the two alone is not enough: "Note: the door is open" may be what was
dictated, and a sentence that was not heard is no frame but an addition, for the guard to find.
"""

from __future__ import annotations

import re
from itertools import islice

from koe.answers import speech
from koe.answers.heard import Heard

_OF_TEXTS = speech.pattern("of texts")
_REQUEST = speech.pattern("requests")

# Where a preamble may end, and where a note may begin.
_LEAD_ENDS = re.compile(r"[:：](?!//)(?=\D|\Z)\s*|[】\]]\s*|\n\s*")
_NOTE_BEGINS = re.compile(r"\n\s*|(?<=[^\w\s])[ \t]*(?=[(（\[【])|\s+(?=[(（\[【])")
_LONGEST_LEAD = 200

# Hardly any frame has more places where it may end; those that are likely are compared in full.
_MOST_PLACES = 40
_MOST_LIKELY = 8


def without_lead(text: str, heard: Heard) -> str:
    """The text without what stands before it."""
    ends = [end.end() for end in islice(_LEAD_ENDS.finditer(text), _MOST_PLACES)]
    likely = [end for end in ends if _is_lead(text[:end])]
    for end in reversed(likely[:_MOST_LIKELY]):
        rest = text[end:]
        if rest.strip() and heard.is_most_of(rest) and heard.loses_nothing(text, rest):
            return rest
    return text


def without_note(text: str, heard: Heard) -> str:
    """The text without what stands behind it."""
    begins = [begin.start() for begin in _NOTE_BEGINS.finditer(text)]
    likely = [begin for begin in begins[-_MOST_PLACES:] if _is_note(text[begin:])]
    for begin in likely[-_MOST_LIKELY:]:
        rest = text[:begin]
        if rest.strip() and heard.is_most_of(rest) and heard.loses_nothing(text, rest):
            return rest
    return text


def _is_lead(text: str) -> bool:
    # The last line of it is what counts: before a label, the original may be repeated.
    last = text.strip().rsplit("\n", 1)[-1]
    return len(last) <= _LONGEST_LEAD and bool(_OF_TEXTS.search(last)) and not _REQUEST.search(text)


def _is_note(text: str) -> bool:
    first = next((line for line in text.splitlines() if re.search(r"\w", line)), "")
    return bool(_OF_TEXTS.search(first)) and not _REQUEST.search(text)
