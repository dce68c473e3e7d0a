"""Remove what a model writes before and after the text: preambles, labels, notes. Pure.

Such a frame is a line or a pair of brackets of its own, ends with a colon, or is a sentence with
which models begin. It contains no words of the transcript that the rest lacks: "Note: the door is
open" may have been dictated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from koe.answers import lexicon
from koe.answers.heard import Heard
from koe.text import trim

# Where a preamble can end, and where a note can begin. The first set of characters makes the search
# quick; the look-behinds repeat which of them was found.
_LEAD_ENDS = re.compile(
    r"[:：】\]\n→⇒➡>(（](?:(?<=[:：])(?!//)(?=\D|\Z)|(?<=[】\]\n])|(?<=[→⇒➡])\ufe0f?|(?<=[-=]>)"
    r"|(?<=\A[(（])[^()（）\n]+[)）])\s*"
)
_NOTE_BEGINS = re.compile(r"\n\s*|(?<=[^\w\s])[ \t]*(?=[(（\[【])|\s+(?=[(（\[【])")
_NOTE_MARK = re.compile(r"[\n(（\[【]")

# Sentences before the text: "Sure.", "Okay, I've cleaned that up for you." The verbs after "I've"
# and 已为您 are those for editing a text.
_ACKNOWLEDGEMENT = "|".join(map(re.escape, lexicon.phrases("acknowledgements")))
_ANNOUNCEMENT = (
    r"here(?:['’]s| is) (?:the|your) [^.!\n]{0,60}"
    r"|i(?:['’]ve| have) (?:cleaned|corrected|edited|fixed|polished|tidied|revised)\b[^.!\n]{0,60}"
    r"|已经?(?:[为為帮幫][您你])?(?:修正|校对|校對|整理|润色|潤色|修改)[^。！\n]{0,12}"
    r"|以下是?(?:修正|校对|校對|整理|润色|潤色|修改)[^。！\n]{0,12}"
)
_OPENING = re.compile(
    rf"(?i)(?:(?:{_ACKNOWLEDGEMENT})[.!,。！，]\s*|(?:{_ANNOUNCEMENT})[.!。！]\s*)+"
)

# Where a preamble may also end, and the sentences with which models end their answers. Both count
# only if the rest is an edit.
_DASH = re.compile(r"\s[-–—]\s")
_CLOSING = re.compile(
    r"(?i)(?:(?<=[.!?])|(?<=[.!?][\"”]))\s+(?://|(?:i )?hope (?:this|that|it) helps"
    r"|i(?:['’]ve| have)? (?:added|changed|cleaned|corrected|fixed|kept|left|made|removed)\b)"
    r"|(?<=[。！？”])\s*(?:注[:：]|以上(?:就)?是|希望(?:对|這|这|能|以上)|已(?:去除|修正|删除|添加|保留))"
)

# At most this many places are tried.
_MOST_PLACES = 8


def without_lead(text: str, heard: Heard) -> str:
    """Remove a preamble or label before the text."""
    ends = [end.end() for end in islice(_LEAD_ENDS.finditer(text), _MOST_PLACES)]
    rest = _rest(text, heard, ((text[:end], text[end:]) for end in reversed(ends)))
    return rest if rest != text else _without_opening(text, heard.is_opened_by)


def _without_opening(text: str, is_opening: Callable[[str, str], bool]) -> str:
    opening = _OPENING.match(text)
    if opening is None or opening[0] == text:
        return text
    rest = text[opening.end() :]
    if not is_opening(opening[0], rest):
        return text
    # After a comma the sentence goes on in lower case, so it gets a capital letter here, unless its
    # first word has characters other than letters, as a web address does.
    goes_on = opening[0].rstrip().endswith(",") and rest.split(maxsplit=1)[0].isalpha()
    return rest[:1].upper() + rest[1:] if goes_on else rest


def without_note(text: str, heard: Heard) -> str:
    """Remove a note after the text."""
    if not _NOTE_MARK.search(text):
        return text  # a quick exit: most texts have none of these characters
    begins = [begin.start() for begin in _NOTE_BEGINS.finditer(text)][-_MOST_PLACES:]
    return _rest(text, heard, ((text[begin:], text[:begin]) for begin in begins))


def without_acknowledgement(text: str, heard: Heard) -> str:
    """Remove sentences with which models begin, if they contain nothing of the transcript.

    The rest need not contain most of the transcript, so the caller must judge the rest.
    """
    return _without_opening(text, heard.is_foreign)


def inner_texts(text: str, heard: Heard) -> Iterator[str]:
    """For each part of a text that may be a frame, yield the text without that part.

    Only the place of a part decides, except that a part with the first or the last words of the
    transcript is not a frame if the rest lacks these words.
    """
    ends = [end.end() for end in islice(_LEAD_ENDS.finditer(text), _MOST_PLACES)]
    ends += [end.end() for end in (_OPENING.match(text), _DASH.search(text)) if end]
    begins = [begin.start() for begin in _NOTE_BEGINS.finditer(text)][-_MOST_PLACES:]
    if closing := _CLOSING.search(text):
        begins.append(closing.start())
    parts = [(text[:end], text[end:]) for end in ends]
    parts += [(text[begin:], text[:begin]) for begin in begins]
    for frame, rest in parts:
        if (less := trim(rest)) and not heard.is_edge(frame, less):
            yield less


def _rest(text: str, heard: Heard, parts: Iterable[tuple[str, str]]) -> str:
    # If the rest is the transcript itself, the answer quotes it, and has the edit in another place.
    return next(
        (
            rest
            for frame, rest in parts
            if rest.strip() not in ("", heard.text) and heard.is_framed_by(frame, text)
        ),
        text,
    )
