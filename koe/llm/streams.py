"""Replies that come as events, though a request says that it wants none. Pure.

Some gateways always stream. What they send is put together to the document that the protocol has
for a reply at once, so that only this module knows of it. A stream without its end is no reply: the
end of the text would be missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from koe.errors import LlmReplyError
from koe.llm.exchange import at, read_json, text_at

# Not str.splitlines, which also takes U+2028 for the end of a line, and that may be in a text.
_LINE_END = re.compile(r"\r\n|\n|\r")

# What ends a stream of Chat Completions; other gateways send it too.
_DONE = "[DONE]"

Join = Callable[[Sequence[object]], object]


def read_reply(body: bytes, join: Join) -> object:
    """Read a reply: a document, perhaps with comments around it, or events.

    Args:
        body: The whole of it.
        join: Makes a document of events: ``join_chat``, ``join_responses`` or ``join_messages``.

    Raises:
        LlmReplyError: It is neither, an event is an error, or the end is missing.
    """
    try:
        return read_json(body)
    except LlmReplyError:
        events, rest = _split(body)
        if not events:
            return read_json(rest.encode()) if rest else read_json(body)
    return join(events)


def join_chat(events: Sequence[object]) -> object:
    """Make a reply of the chunks of Chat Completions."""
    _check(events)
    message: dict[str, object] = {}
    finish_reason = None
    for event in events:
        if text_at(event, "choices", 0, "message", "content") is not None:
            return event  # the whole document, as the only event or as the last
        for choice in _items(event, "choices"):
            if _field(choice, "index") in (None, 0):
                _merge(message, _field(choice, "delta"))
                finish_reason = text_at(choice, "finish_reason") or finish_reason
    _check_end(finish_reason is not None or _DONE in events)
    return {"choices": [{"message": message, "finish_reason": finish_reason}]}


def join_responses(events: Sequence[object]) -> object:
    """Make a reply of the events of Responses, of which the last has it all, or should."""
    _check(events)
    said = "".join(
        text_at(event, "delta") or ""
        for event in events
        if text_at(event, "type") == "response.output_text.delta"
    )
    ends = ("response.completed", "response.incomplete", "response.failed")
    document: dict[str, object] | None = {} if _DONE in events else None
    for event in events:
        whole = _field(event, "response") if text_at(event, "type") in ends else event
        if isinstance(whole, dict) and ("output" in whole or whole is not event):
            document = whole
    _check_end(document is not None)
    assert document is not None
    if said and not any(text_at(it, "type") == "message" for it in _items(document, "output")):
        return {**document, "output_text": text_at(document, "output_text") or said}
    return document


def join_messages(events: Sequence[object]) -> object:
    """Make a reply of the events of Messages."""
    _check(events)
    message: dict[str, object] = {}
    blocks: dict[object, dict[str, object]] = {}
    has_ended = _DONE in events
    for event in events:
        match text_at(event, "type"):
            case "message":
                return event
            case "content_block_start":
                _merge(
                    blocks.setdefault(_field(event, "index"), {}), _field(event, "content_block")
                )
            case "content_block_delta" if text_at(event, "delta", "type") == "text_delta":
                block = blocks.setdefault(_field(event, "index"), {"type": "text"})
                _merge(block, {"text": text_at(event, "delta", "text") or ""})
            case "message_delta":
                _merge(message, _field(event, "delta"))
            case "message_stop":
                has_ended = True
            case _:
                pass  # of those that begin, count, and keep the connection alive nothing is needed
    _check_end(has_ended or text_at(message, "stop_reason") is not None)
    return {**message, "content": list(blocks.values())}


def _split(body: bytes) -> tuple[list[object], str]:
    """Return the events in a body, and what is in it besides events and comments.

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
    return _DONE if text.strip() == _DONE else read_json(text.encode())


def _check(events: Sequence[object]) -> None:
    """Raise LlmReplyError if an event says that the service failed."""
    for event in events:
        error = _field(event, "error")
        is_error = text_at(event, "type") == "error"
        if error or is_error:
            said = text_at(error, "message") or (error if isinstance(error, str) else None)
            raise LlmReplyError(said or text_at(event, "message") or "the service reports an error")


def _check_end(is_there: bool) -> None:
    if not is_there:
        raise LlmReplyError("the model's answer broke off before its end")


def _merge(whole: dict[str, object], part: object) -> None:
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


def _field(value: object, name: str) -> object:
    try:
        return at(value, name)
    except LookupError:
        return None


def _items(value: object, name: str) -> list[object]:
    items = _field(value, name)
    return items if isinstance(items, list) else []
