"""Reads refusals: the message for people, and the parameters to change. Pure.

Services accept different parameters. When they refuse a request, most services name the parameter
that they do not accept. That parameter is then left out, renamed, or given another value. Only the
parameters that are listed here are changed, and never the prompt. ``store`` is not listed, because
it forbids the service to keep what was said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from koe.errors import LlmReplyError
from koe.llm.exchange import is_page, read_json, text_at, value_at
from koe.masking import one_line

# The longest name of an error, in characters.
_LONGEST_CODE = 75

# The paths of the message, and of its code; the first that exists counts.
_SENTENCES = (("error", "message"), ("error",), ("message",), ("detail",), ("detail", 0, "msg"))
_CODES = (("error", "code"), ("error", "type"), ("code",))

# Codes of temporary failures.
_PASSING = re.compile(
    r"overload|busy|unavailable|try.{1,20}(?:again|later)|rate.?limit|time.?out|timed out|capacity"
    "|繁忙|稍后|过载|重试"
)

# Refusals that may be about one parameter: RFC 9110 §§15.5.1, 15.5.21.
_STATUSES = frozenset({400, 422})

_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_SAMPLING = ("temperature", "top_p")
_DROPPED = (*_SAMPLING, "thinking", "enable_thinking")

# Other spellings of parameters in the messages of services.
_PATTERNS = {
    "reasoning_effort": r"reasoning([._ ]?effort)?",
    "reasoning": r"reasoning([._ ]?effort)?",
}

# The parameters that turn reasoning off, and words for it in refusals that name no parameter.
_CONTROLS = ("reasoning_effort", "reasoning", "thinking", "enable_thinking")
_ABOUT_THINKING = re.compile(r"\bthink(ing)?\b|思考|推理")
_ABOUT_STREAMS = re.compile(r"\bstream(ing)?\b|流式")

# The levels of reasoning, the lowest first.
_EFFORTS = ("minimal", "low")

_ABOUT_SIZE = re.compile(
    r"too (large|big|high|many)|exceed|at most|less than|greater than|maximum|range|between"
)
_UNKNOWN = re.compile(
    r"unknown|unrecogni[sz]ed|unexpected|extra|not permitted|unsupported (parameter|argument)"
)

# Under these keys servers repeat the request, which names every parameter.
_ECHOES = frozenset({"input", "ctx", "body", "request", "messages", "url"})

# The characters of a message that are searched.
_LONGEST = 4000


# --- what it says to people ---


def refusal(body: bytes, secrets: Sequence[str]) -> str:
    """The message for people in the body of a refusal; empty if there is none.

    Args:
        body: The body, which may have any content.
        secrets: The keys that were sent. No part of them is in the result.
    """
    # A proxy's web page has no more information than the status.
    text = "" if is_page(body) else body.decode("utf-8", "replace")
    return explanation(body, secrets) or presentable(text, secrets)


def explanation(body: bytes, secrets: Sequence[str] = ()) -> str:
    """The message in a JSON body; empty if there is none. See `refusal`."""
    try:
        value = read_json(body)
    except LlmReplyError:
        return ""
    if isinstance(value, list) and value:
        value = value[0]
    sentence, code = _first_text(value, _SENTENCES), _first_text(value, _CODES)
    return presentable(sentence or code, secrets, code if sentence else "")


def is_out_of_quota(body: bytes) -> bool:
    """Whether the user's quota is used up, so that a retry would fail, too."""
    return "insufficient_quota" in explanation(body)


def failed_status(body: bytes) -> int:
    """The HTTP status that a reply of status 200 should have had; 0 if it reports no failure.

    Args:
        body: The whole of it.
    """
    try:
        reply = read_json(body)
    except LlmReplyError:
        return 0
    for failure in (value_at(reply, "error"), value_at(reply, "choices", 0, "error")):
        if failure:
            code = str(value_at(failure, "code"))
            said = json.dumps(failure, ensure_ascii=False).lower()
            passing = 503 if _PASSING.search(said) else 400
            return int(code) if re.fullmatch("[45][0-9]{2}", code) else passing
    return 0


def presentable(text: str, secrets: Sequence[str] = (), code: str = "") -> str:
    """One line of a server's text, shortened, with everything like a key masked.

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


# --- what may be changed ---


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """One change of a request.

    Attributes:
        name: The parameter.
        to: Its new name; empty: it is left out.
        value: Its new value; None: unchanged.
    """

    name: str
    to: str = ""
    value: object = None


def apply(body: Mapping[str, object], changes: Sequence[ParameterChange]) -> dict[str, object]:
    """Return the parameters of a request with all changes made, in order."""
    changed = dict(body)
    for change in changes:
        value = changed.pop(change.name, None)
        value = value if change.value is None else change.value
        if change.to and value is not None:
            changed[change.to] = value
    return changed


def find_changes(
    status: int, reply: bytes, body: Mapping[str, object], made: Sequence[ParameterChange]
) -> tuple[ParameterChange, ...]:
    """Find the changes with which a refused request may be accepted.

    Args:
        status: The HTTP status of the refusal.
        reply: Its body.
        body: The parameters that were refused.
        made: The changes that were made before; none of them is made again.

    Returns:
        Empty when the refusal is about something else.
    """
    if status not in _STATUSES:
        return ()
    complaint = _complaint(reply)
    candidates = [_options(name, complaint, body) for name in _named(complaint, body)]
    if not candidates and _ABOUT_STREAMS.search(complaint):
        candidates = [_options("stream", complaint, body)]
    if not candidates and _ABOUT_THINKING.search(complaint):
        candidates = [_options(name, complaint, body) for name in _CONTROLS if name in body]
    untried = ([change for change in options if change not in made] for options in candidates)
    return tuple(options[0] for options in untried if options)


def is_about_store(status: int, reply: bytes) -> bool:
    """Whether a service refuses a request because the request has the parameter ``store``."""
    return status in _STATUSES and _names(_complaint(reply), "store")


def _named(complaint: str, body: Mapping[str, object]) -> Iterator[str]:
    """The parameters that a complaint is about."""
    for name in (*_LIMITS, "reasoning_effort", "reasoning", *_DROPPED, "stream"):
        if name in body and _names(complaint, name):
            yield name
        elif name in _SAMPLING and name in body and any(_names(complaint, it) for it in _SAMPLING):
            yield name  # a model that refuses one of these parameters refuses both
    if "enable_thinking" not in body and _names(complaint, "enable_thinking"):
        yield "enable_thinking"


def _names(complaint: str, name: str) -> bool:
    return re.search(rf"\b{_PATTERNS.get(name, name)}\b", complaint) is not None


def _options(name: str, complaint: str, body: Mapping[str, object]) -> list[ParameterChange]:
    """The possible changes of a parameter, the best first."""
    leave_out = ParameterChange(name)
    if name in _LIMITS:
        # The service may name the right parameter. Otherwise there are two names for the limit.
        others = [it for it in _LIMITS if it not in body and _names(complaint, it)]
        others += [it for it in _LIMITS[:2] if it != name]
        renamed = [] if _ABOUT_SIZE.search(complaint) else [ParameterChange(name, others[0])]
        return [*renamed, leave_out]
    if name in ("reasoning_effort", "reasoning"):
        efforts = [it for it in _EFFORTS if re.search(rf"\b{it}\b", complaint)]
        is_plain = name == "reasoning_effort"
        values: list[object] = [it if is_plain else {"effort": it} for it in efforts]
        return [*(ParameterChange(name, name, value) for value in values), leave_out]
    if name == "stream":
        is_unknown = _UNKNOWN.search(complaint) and "true" not in complaint
        return [leave_out] if is_unknown else [ParameterChange(name, name, True), leave_out]
    if name == "enable_thinking":
        said = re.findall(r"\b(true|false)\b", complaint)
        demanded = [ParameterChange(name, name, said[-1] == "true")] if said else []
        return [*demanded, *([leave_out] if name in body else [])]
    return [leave_out]


def _complaint(reply: bytes) -> str:
    """The text of a refusal, in lower case, without the request that it may repeat."""
    try:
        said = " ".join(_texts(read_json(reply)))
    except LlmReplyError:
        said = reply[:_LONGEST].decode("utf-8", "replace")
    return said[:_LONGEST].lower()


def _texts(value: object) -> Iterator[str]:
    """All texts in a value, without the request that a refusal may repeat."""
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            for key, item in value.items():
                if key not in _ECHOES:
                    yield from _texts(item)
