"""The parts of questions and answers that are common to all protocols. Pure.

Services do not always keep to their protocol. Some gateways always stream, although the request
asks for no events. Each protocol joins the events into the document that a whole answer would have.
A stream without its end is not an answer, because the end of the text is missing.
`koe.llm.refusals` reads refusals.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field

from koe.errors import LlmReplyError
from koe.prompts import UserPrompt

# The first half of an escaped surrogate pair, or the second.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

# The words of services for a normal end.
_NORMAL_ENDS = frozenset({
    "stop", "end_turn", "stop_sequence", "eos", "eos_token", "eos_found", "end", "complete",
    "completed", "finished", "finish", "success", "null", "none",
})  # fmt: skip

# The words of services for an earlier end, by meaning; the first match counts.
_TOO_LONG = re.compile("context|model_length")
_AT_THE_LIMIT = re.compile(r"length|max_(?:output_|completion_|new_)?tokens|token_limit|incomplete")
_DECLINED = re.compile(
    "filter|safety|refus|block|prohibit|recitation|spii|sensitive|moderat|policy|harm|guardrail"
    "|flagged"
)
_BROKE_OFF = re.compile("error|resource|abort|cancel|fail|interrupt|time_?out|unavailable|overload")
_TOOL = re.compile("tool|function")

# Not str.splitlines, which also takes U+2028 for the end of a line, and that may be in a text.
_LINE_END = re.compile(r"\r\n|\n|\r")

# The end mark of a stream of Chat Completions; gateways of other protocols send it, too.
DONE = "[DONE]"

Join = Callable[[Sequence[object]], object]


class LlmFormatError(LlmReplyError):
    """The reply breaks the protocol; the address may not be that of a model."""


@dataclass(frozen=True, slots=True)
class LlmRequest:
    """One question to a model, independent of the protocol; protocols omit unknown parameters.

    Attributes:
        model: The server's name for it.
        system: The instruction.
        user: The rest of the prompt, with the text.
        max_output_tokens: The most tokens of the answer.
        temperature: 0 for the most likely answer.
        top_p: The share of the probability from which words are chosen (nucleus sampling).
        max_token_parameter: The server's name of the limit: ``max_tokens`` or
            ``max_completion_tokens``.
        no_reasoning_control: The parameter that turns reasoning off: ``reasoning_effort``,
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
    """The answer of a model, as it was sent.

    Attributes:
        text: Not cleaned; may be empty.
        stop: The service's word for why the model stopped, as it is; empty for a normal end, and
            where the service does not say. After any other end, text may be missing.
    """

    text: str = field(repr=False)
    stop: str = ""


# --- answers ---


def stop_of(*words: str | None) -> str:
    """The first stop reason that is not a normal end; empty if there is none."""
    ends = (word for word in words if word and word.casefold() not in _NORMAL_ENDS)
    return next(ends, "")


def explain_stop(stop: str, limit: int) -> str:
    """Explain an early end, as a clause, with a remedy.

    Args:
        stop: The service's word.
        limit: The most tokens that the answer was allowed.
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
        value = json.loads(text, parse_constant=_nothing)
        if _SURROGATE.search(text):
            # JSON may have lone surrogates, which can't be encoded.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as exc:  # RecursionError: it is nested too deeply
        raise LlmFormatError(f"parse {what}: error decoding response body") from exc
    return value


def _nothing(constant: str) -> object:
    """Read NaN and infinities, which are not JSON, as null: some servers write them for speeds."""
    return None


def at(value: object, *path: str | int) -> object:
    """The value at a path of keys and positions; JSON's null is None.

    Raises:
        LookupError: The path does not exist.
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


def value_at(value: object, *path: str | int) -> object:
    """The value at a place, as `at` finds it; None when there is none."""
    try:
        return at(value, *path)
    except LookupError:
        return None


def text_at(value: object, *path: str | int) -> str | None:
    """The text at a place; None when there is none."""
    found = value_at(value, *path)
    return found if isinstance(found, str) else None


def items_at(value: object, *path: str | int) -> list[object]:
    """The items of the list at a place; none when there is no list."""
    found = value_at(value, *path)
    return found if isinstance(found, list) else []


def collect_text(content: object, types: Container[str]) -> str:
    """The text of a message: content that is text, or the text parts of a list (spec llm §3.6).

    Args:
        content: Any value; the text is empty if the value has none.
        types: The types of parts that count. Parts without a type count, too.
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


def is_page(body: bytes) -> bool:
    """Whether a reply is a web page."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


# --- answers that come as events ---


def read_reply(body: bytes, join: Join) -> object:
    """Read a reply: a document, perhaps with comments around it, or events.

    Args:
        body: The whole of it.
        join: Makes a document of the events, or raises LlmReplyError if their end is missing.

    Raises:
        LlmReplyError: It is neither, reports an error, or lacks its end.
    """
    try:
        return read_json(body)
    except LlmReplyError:
        events, rest = _split(body)
        if rest and all(event == DONE for event in events):
            return read_json(rest.encode())
        if not events:
            raise
    _check(events)
    return join(events)


def _split(body: bytes) -> tuple[list[object], str]:
    """Return the events of a body, and the rest without comments.

    Lines of JSON without anything else are events too.
    """
    events: list[object] = []
    data: list[str] = []
    rest: list[str] = []
    for line in [*_LINE_END.split(body.decode("utf-8-sig", "replace")), ""]:
        name, colon, value = line.partition(":")
        if not line:
            events += _events(data)
            data = []
        elif name == "data":
            data.append(value.removeprefix(" "))
        elif not (colon and name in ("", "event", "id", "retry")):
            rest.append(line)
    text = "\n".join(rest)
    if events or len(rest) < 2 or not all(line.startswith("{") for line in rest):
        return events, text
    return [event for line in rest for event in _events([line])], text


def _events(data: Sequence[str]) -> Iterator[object]:
    """The value of one event; of several, where no empty line is between them."""
    if not "".join(data).strip():
        return
    try:
        yield _value("\n".join(data))
    except LlmReplyError:
        if len(data) == 1:
            raise
        yield from (_value(line) for line in data if line.strip())


def _value(text: str) -> object:
    return DONE if text.strip().upper() == DONE else read_json(text.encode())


def _check(events: Sequence[object]) -> None:
    """Raise LlmReplyError if an event reports a failure."""
    for event in events:
        error = value_at(event, "error")
        is_error = text_at(event, "type") == "error"
        if error or is_error:
            said = text_at(error, "message") or (error if isinstance(error, str) else None)
            raise LlmReplyError(said or text_at(event, "message") or "the service reports an error")


def check_end(is_there: bool) -> None:
    """Raise LlmReplyError if the end of a stream is missing."""
    if not is_there:
        raise LlmReplyError("the model's answer broke off before its end")


def merge(whole: dict[str, object], part: object) -> None:
    """Add a part of a message: texts and lists grow, other values are replaced."""
    for name, value in part.items() if isinstance(part, dict) else ():
        before = whole.get(name)
        if name in ("role", "type"):
            whole[name] = value
        elif isinstance(before, str) and isinstance(value, str):
            whole[name] = before + value
        elif isinstance(before, list) and isinstance(value, list):
            whole[name] = [*before, *value]
        elif value is not None or name not in whole:
            whole[name] = value
