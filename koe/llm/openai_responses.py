"""OpenAI's Responses (spec llm §3.4). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from koe.errors import LlmReplyError
from koe.llm.exchange import (
    LlmFormatError,
    LlmRequest,
    Reply,
    at,
    collect_text,
    join_responses,
    read_reply,
    stop_of,
    text_at,
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
    reply = read_reply(body, join_responses)
    status = text_at(reply, "status")
    if status == "failed":
        reason = text_at(reply, "error", "message")
        raise LlmReplyError(reason or "Responses API returned failed status")
    text = text_at(reply, "output_text") or _text_of_messages(reply)
    detail = text_at(reply, "incomplete_details", "reason") if status == "incomplete" else None
    return Reply(text, stop_of(detail, status, *_stops_of_messages(reply)))


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
