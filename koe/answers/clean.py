"""The text in an answer, without what models put around it. Pure.

Wrappings are inside of each other, so whenever one is off, all are tried again. What was heard
itself stays: quotes, a fence, "Note:" may be what was dictated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from koe.answers.framing import without_lead, without_note
from koe.answers.heard import Heard
from koe.answers.reasoning import without_reasoning, without_tokens
from koe.answers.wrapping import (
    without_brackets,
    without_command,
    without_entities,
    without_escapes,
    without_fence,
    without_json,
    without_lone_quote,
    without_markdown,
    without_picture,
    without_quotes,
    without_tags,
)
from koe.errors import LlmReplyError
from koe.text import trim

_Steps = Sequence[Callable[[str, Heard], str]]

# What no user wants in a text.
_NOISE: _Steps = (without_reasoning, without_tokens)
_WRAPPINGS: _Steps = (
    without_json,
    without_fence,
    without_tags,
    without_markdown,
    without_command,
    without_lead,
    without_note,
    without_quotes,
    without_lone_quote,
    without_brackets,
    without_picture,
    without_escapes,
    without_entities,
)

# Shells get texts as C strings, which can't hold a NUL; the others have no width.
_INVISIBLE = re.compile("[\0\u200b\u2060\ufeff]")

# More of them around one text are not worth the time.
_MOST_WRAPPINGS = 24


def clean(answer: str, heard: str = "", *, is_edit: bool = True) -> str:
    """The text in an answer.

    Args:
        answer: What the model said.
        heard: What it was given.
        is_edit: Whether the answer is to be what was heard. What was rewritten may be meant to have
            any form, so only reasoning, tokens and quotes are taken off it.

    Raises:
        LlmReplyError: There is no text.
    """
    known = Heard(heard)
    steps = (*_NOISE, *_WRAPPINGS) if is_edit else (*_NOISE, without_quotes)
    text = trim(_INVISIBLE.sub("", answer))
    for _ in range(_MOST_WRAPPINGS):
        tried = (trim(step(text, known)) for step in steps)
        unwrapped = next((less for less in tried if less != text), None)
        if unwrapped is None:
            break
        text = unwrapped
    if not text:
        raise LlmReplyError("empty content in response")
    return text
