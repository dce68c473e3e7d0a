"""Find the text in an answer: remove what models write around it. Pure.

Wrappings can be nested, so all steps are tried again after each one that removed something. What
the user dictated stays: quotes, a code fence or "Note:" may be part of the text.
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

# These steps also run for answers that need not be an edit.
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

# NUL, since hosts get the text as a C string, and characters without width.
_INVISIBLE = re.compile("[\0\u200b\u2060\ufeff]")

# Upper limit for the number of steps that remove something, to bound the time.
_MOST_WRAPPINGS = 24


def clean(answer: str, heard: str = "", *, is_edit: bool = True) -> str:
    """Find the text in an answer.

    Args:
        answer: What the model answered.
        heard: The transcript that the model was given.
        is_edit: Whether the answer should be an edit of the transcript. A rewritten text may have
            any form, so only reasoning, tokens and quotes are removed from it.

    Raises:
        LlmReplyError: The answer contains no text.
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
