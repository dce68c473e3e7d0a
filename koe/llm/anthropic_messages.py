"""Anthropic's Messages (spec llm §3.5). Pure."""

from __future__ import annotations

from koe.llm.exchange import (
    LlmFormatError,
    LlmRequest,
    Reply,
    at,
    collect_text,
    join_messages,
    read_reply,
    stop_of,
    text_at,
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
    """The request as JSON. The server is asked to keep the instruction and the stable part.

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
    reply = read_reply(body, join_messages)
    try:
        content = at(reply, "content")
    except LookupError:
        raise LlmFormatError("missing content in Anthropic response") from None
    return Reply(collect_text(content, {"text"}), stop_of(text_at(reply, "stop_reason")))


def _content(user: UserPrompt) -> object:
    if not user.stable or not user.varying:
        return user.text
    return [_cached(user.stable), {"type": "text", "text": user.varying}]


def _cached(text: str) -> dict[str, object]:
    return {"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}
