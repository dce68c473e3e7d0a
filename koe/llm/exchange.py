"""One exchange with a model, in no protocol: what is asked, and how a reply is read. Pure.

A server replies with an answer or with a refusal. Nothing about either is certain.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from koe.errors import LlmReplyError
from koe.json_text import parse_json
from koe.masking import one_line
from koe.prompts import UserPrompt

# The first half of an escaped surrogate pair, or the second.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

# How services say that the model came to the end of what it wanted to say.
_NORMAL_ENDS = frozenset({
    "stop", "end_turn", "stop_sequence", "eos", "eos_token", "eos_found", "end", "complete",
    "completed", "finished", "finish", "success", "null", "none",
})  # fmt: skip

# How services name an earlier end, by what it means; the first that fits counts.
_TOO_LONG = re.compile("context|model_length")
_AT_THE_LIMIT = re.compile(r"length|max_(?:output_|completion_|new_)?tokens|token_limit|incomplete")
_DECLINED = re.compile(
    "filter|safety|refus|block|prohibit|recitation|spii|sensitive|moderat|policy|harm|guardrail"
    "|flagged"
)
_BROKE_OFF = re.compile("error|resource|abort|cancel|fail|interrupt|time_?out|unavailable|overload")
_TOOL = re.compile("tool|function")

# Characters of the name of an error.
_LONGEST_CODE = 75

# Where servers put the sentence, and its code; the first that is there counts.
_SENTENCES = (("error", "message"), ("error",), ("message",), ("detail",), ("detail", 0, "msg"))
_CODES = (("error", "code"), ("error", "type"), ("code",))


@dataclass(frozen=True, slots=True)
class LlmRequest:
    """One question to a model, in no protocol yet. Protocols leave out what they don't know.

    Attributes:
        model: The server's name for it.
        system: The instruction.
        user: The rest of the prompt, with the text.
        max_output_tokens: How long the answer may be.
        temperature: 0 for the most likely answer.
        top_p: Share of the likely words that are considered.
        max_token_parameter: What the server calls the limit: ``max_tokens`` or
            ``max_completion_tokens``.
        no_reasoning_control: What keeps the server from thinking first: ``reasoning_effort``,
            ``thinking`` or ``none``.
    """

    model: str
    system: str = field(repr=False)
    user: UserPrompt
    max_output_tokens: int = 1024
    temperature: float = 0.0
    top_p: float = 1.0
    max_token_parameter: str = "max_completion_tokens"
    no_reasoning_control: str = "none"


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


# --- answers ---


def stop_of(*words: str | None) -> str:
    """The first word for why a model stopped that is not one for a normal end; empty for none."""
    ends = (word for word in words if word and word.casefold() not in _NORMAL_ENDS)
    return next(ends, "")


def explain_stop(stop: str, limit: int) -> str:
    """Say what happened, as a clause, and what to do about it.

    Args:
        stop: The service's word.
        limit: Tokens that the answer was allowed.
    """
    word = re.sub("[ -]", "_", stop.casefold())
    if _TOO_LONG.search(word):
        return f"the text is too long for the model ({stop}); choose one with a larger context"
    if _AT_THE_LIMIT.search(word):
        return f"the model's answer is cut off; raise llm.max_output_tokens ({limit})"
    if _DECLINED.search(word):
        return f"the model or its service declined to correct this text ({stop})"
    if _BROKE_OFF.search(word):
        return f"the service broke the model's answer off ({stop})"
    if _TOOL.search(word):
        return f"the model asked for a tool instead of correcting the text ({stop})"
    return f"the service says that the model's answer is not complete ({stop})"


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
    """Read NaN and infinities, which are not JSON, as null: some servers write them for speeds."""
    return None


def at(value: object, *path: str | int) -> object:
    """The value at a path of keys and positions; it may be None, which is JSON's null.

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


# --- refusals ---


def refusal(body: bytes, secrets: Sequence[str]) -> str:
    """What the body of a refused request says, for people; empty when it says nothing to them.

    Args:
        body: JSON as servers have it, or anything else.
        secrets: The keys that were sent. No part of them is in the result.
    """
    # A page of some proxy says no more than the status does.
    text = "" if is_page(body) else body.decode("utf-8", "replace")
    return explanation(body, secrets) or presentable(text, secrets)


def is_page(body: bytes) -> bool:
    """Whether a server sent a page for browsers."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def explanation(body: bytes, secrets: Sequence[str]) -> str:
    """What a server says in JSON about a failure; empty when it does not. As `refusal`."""
    try:
        value = read_json(body)
    except LlmReplyError:
        return ""
    if isinstance(value, list) and value:
        value = value[0]
    sentence, code = _first_text(value, _SENTENCES), _first_text(value, _CODES)
    return presentable(sentence or code, secrets, code if sentence else "")


def is_out_of_quota(body: bytes) -> bool:
    """Whether a server refuses because the user's quota is used up: another try is in vain."""
    return "insufficient_quota" in explanation(body, ())


def presentable(text: str, secrets: Sequence[str] = (), code: str = "") -> str:
    """One line of a server's text, not too long, with everything like a key masked.

    Args:
        text: What it said.
        secrets: The keys that were sent.
        code: Added in parentheses; empty for none.
    """
    line = one_line(text, secrets)
    short_code = one_line(code, secrets, _LONGEST_CODE)
    return f"{line} ({short_code})" if short_code else line


def _first_text(value: object, places: tuple[tuple[str | int, ...], ...]) -> str:
    return next((text for place in places if (text := text_at(value, *place))), "")
