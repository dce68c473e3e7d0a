"""Reading what a server replied: JSON of which nothing is certain. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Container
from dataclasses import dataclass, field

from koe.errors import LlmReplyError
from koe.json_text import parse_json

# The first half of an escaped surrogate pair, or the second.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said, as it said it.

    Attributes:
        text: Not cleaned; may be empty.
        stop: The service's word for why the model stopped, as it is; empty for a normal end, and
            where the service does not say. After any other end, text may be missing.
    """

    text: str = field(repr=False)
    stop: str = ""


# How services say that the model came to the end of what it wanted to say.
_NORMAL_ENDS = frozenset({
    "stop", "end_turn", "stop_sequence", "eos", "eos_token", "eos_found", "end", "complete",
    "completed", "finished", "finish", "success", "null", "none",
})  # fmt: skip


def stop_of(*words: str | None) -> str:
    """The first word for why a model stopped that is not one for a normal end; empty for none."""
    ends = (word for word in words if word and word.casefold() not in _NORMAL_ENDS)
    return next(ends, "")


def read_json(body: bytes, what: str = "response") -> object:
    """The value in a body.

    Args:
        body: The whole of it.
        what: What it is, for the error.

    Raises:
        LlmReplyError: It is no JSON, or some text in it is not Unicode.
    """
    try:
        text = body.decode("utf-8-sig")
        value = parse_json(text, _nothing)
        if _SURROGATE.search(text):
            # Half a pair is accepted there, but can't be encoded again.
            json.dumps(value, ensure_ascii=False).encode()
    except ValueError as exc:
        raise LlmReplyError(f"parse {what}: error decoding response body") from exc
    return value


def _nothing(constant: str) -> object:
    """NaN and infinities, which are no JSON; servers write them beside the text, as speeds."""
    return None


def at(value: object, *path: str | int) -> object:
    """What is found by going down keys and positions; it may be None, which is JSON's null.

    Raises:
        LookupError: There is nothing of that name, or no container to look in.
    """
    for step in path:
        match value, step:
            case dict(), str():
                value = value[step]
            case list(), int():
                value = value[step]
            case _:
                raise LookupError(step)
    return value


def text_at(value: object, *path: str | int) -> str | None:
    """The text at a place, as `at` finds it; None when there is none."""
    try:
        found = at(value, *path)
    except LookupError:
        return None
    return found if isinstance(found, str) else None


def collect_text(content: object, types: Container[str]) -> str:
    """The text of a message: content that is text, or the text parts of a list (spec llm §3.6).

    Args:
        content: Anything; empty text comes of what has none.
        types: The parts that count. Those that don't say what they are count too.
    """
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(_text_of(part) for part in content if _is_one_of(part, types))


def _is_one_of(part: object, types: Container[str]) -> bool:
    kind = text_at(part, "type")
    return kind is None or kind in types


def _text_of(part: object) -> str:
    places = (("text",), ("text", "value"), ("content",))
    return next((text for place in places if (text := text_at(part, *place)) is not None), "")
