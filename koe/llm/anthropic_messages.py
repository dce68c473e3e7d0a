"""Anthropic's Messages (spec llm §3.5). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from koe.llm.exchange import (
    DONE,
    LlmFormatError,
    LlmRequest,
    Reply,
    at,
    check_end,
    collect_text,
    merge,
    read_reply,
    stop_of,
    text_at,
    value_at,
)
from koe.prompts import UserPrompt

# The service lists twenty models by default (spec llm §4.1).
MODELS_QUERY = "?limit=1000"

_VERSION = "2023-06-01"


def headers(api_key: str) -> dict[str, str]:
    """The headers with the protocol's version and the key; an empty key is not sent."""
    version = {"anthropic-version": _VERSION}
    return version | ({"x-api-key": api_key} if api_key else {})


def build_body(request: LlmRequest) -> dict[str, object]:
    """The request as JSON. The server is asked to cache the instruction and the stable part.

    A temperature that only other protocols allow is left out, and ``top_p`` is not sent.
    """
    body: dict[str, object] = {
        "model": request.model,
        "system": [_cached(request.system)],
        "messages": [{"role": "user", "content": _content(request.user)}],
        "max_tokens": request.max_output_tokens,
        "stream": False,
    }
    if 0.0 <= request.temperature <= 1.0:
        body["temperature"] = float(request.temperature)
    return body


def parse_reply(body: bytes) -> Reply:
    """The text, without the model's reasoning.

    Raises:
        LlmReplyError: The body breaks the protocol.
    """
    reply = read_reply(body, _join)
    try:
        content = at(reply, "content")
    except LookupError:
        raise LlmFormatError("missing content in Anthropic response") from None
    return Reply(collect_text(content, {"text"}), stop_of(text_at(reply, "stop_reason")))


def _join(events: Sequence[object]) -> object:
    """Make a reply of the events of Messages."""
    message: dict[str, object] = {}
    blocks: dict[object, dict[str, object]] = {}
    has_ended = DONE in events
    for event in events:
        match text_at(event, "type"):
            case "message":
                return event
            case "content_block_start":
                merge(
                    blocks.setdefault(value_at(event, "index"), {}),
                    value_at(event, "content_block"),
                )
            case "content_block_delta" if text_at(event, "delta", "type") == "text_delta":
                block = blocks.setdefault(value_at(event, "index"), {"type": "text"})
                merge(block, {"text": text_at(event, "delta", "text") or ""})
            case "message_delta":
                merge(message, value_at(event, "delta"))
            case "message_stop":
                has_ended = True
            case _:
                pass  # the other kinds of events have no text
    check_end(has_ended or text_at(message, "stop_reason") is not None)
    return {**message, "content": list(blocks.values())}


def _content(user: UserPrompt) -> object:
    if not user.stable or not user.varying:
        return user.text
    return [_cached(user.stable), {"type": "text", "text": user.varying}]


def _cached(text: str) -> dict[str, object]:
    return {"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}
