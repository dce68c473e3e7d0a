"""OpenAI's Responses (spec llm §3.4). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koe.errors import LlmReplyError
from koe.llm.exchange import (
    DONE,
    LlmFormatError,
    LlmRequest,
    Reply,
    at,
    check_end,
    collect_text,
    items_at,
    read_reply,
    stop_of,
    text_at,
    value_at,
)

MODELS_QUERY = ""


def headers(api_key: str) -> dict[str, str]:
    """The headers with the key; an empty key is not sent."""
    return {"Authorization": f"Bearer {api_key}"} if api_key else {}


def build_body(request: LlmRequest) -> dict[str, object]:
    """The request as JSON. The server is asked to keep nothing."""
    body: dict[str, object] = {
        "model": request.model,
        "instructions": request.system,
        "input": request.user.text,
        "max_output_tokens": request.max_output_tokens,
        "store": False,
        "stream": False,
    }
    if request.no_reasoning_control == "reasoning_effort":
        body["reasoning"] = {"effort": "none"}
    return body


def parse_reply(body: bytes) -> Reply:
    """The text of all messages.

    Raises:
        LlmReplyError: The model failed, or the body breaks the protocol.
    """
    reply = read_reply(body, _join)
    status = text_at(reply, "status")
    if status == "failed":
        reason = text_at(reply, "error", "message")
        raise LlmReplyError(reason or "Responses API returned failed status")
    text = text_at(reply, "output_text") or _text_of_messages(reply)
    detail = text_at(reply, "incomplete_details", "reason") if status == "incomplete" else None
    return Reply(text, stop_of(detail, status, *_stops_of_messages(reply)))


def _join(events: Sequence[object]) -> object:
    """Make a reply of the events of Responses.

    The last event should contain the whole reply; if its text is missing, the text of the events
    before it is used.
    """
    said = "".join(
        text_at(event, "delta") or ""
        for event in events
        if text_at(event, "type") == "response.output_text.delta"
    )
    ends = ("response.completed", "response.incomplete", "response.failed")
    document: dict[str, object] | None = {} if DONE in events else None
    for event in events:
        whole = value_at(event, "response") if text_at(event, "type") in ends else event
        if isinstance(whole, dict) and ("output" in whole or whole is not event):
            document = whole
    check_end(document is not None)
    assert document is not None
    if said and not any(text_at(it, "type") == "message" for it in items_at(document, "output")):
        return {**document, "output_text": text_at(document, "output_text") or said}
    return document


def _stops_of_messages(reply: object) -> Iterator[str | None]:
    """How each message ended; a message may be a refusal."""
    for item in _messages(reply):
        yield text_at(item, "status")
        parts = item.get("content")
        if isinstance(parts, list) and any(text_at(part, "type") == "refusal" for part in parts):
            yield "refusal"


def _text_of_messages(reply: object) -> str:
    try:
        output = at(reply, "output")
    except LookupError:
        output = None
    if not isinstance(output, list):
        raise LlmFormatError("missing output in Responses response")
    return "".join(
        collect_text(message["content"], {"output_text", "text"})
        for message in _messages(reply)
        if isinstance(message.get("content"), list)
    )


def _messages(reply: object) -> list[dict[str, object]]:
    output = reply.get("output") if isinstance(reply, dict) else None
    items = output if isinstance(output, list) else []
    return [item for item in items if isinstance(item, dict) and text_at(item, "type") == "message"]
