"""OpenAI's Chat Completions, which most other servers speak too (spec llm §3.3). Pure."""

from __future__ import annotations

from collections.abc import Sequence

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
    merge,
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
    """The request as JSON.

    The name of the limit distinguishes newer models from older ones. With ``max_completion_tokens``
    no sampling settings are sent, because models that reason refuse them. With ``max_tokens``
    ``reasoning_effort`` is not sent, because older models do not know it.
    """
    body: dict[str, object] = {
        "model": request.model,
        "messages": [
            {"role": "system", "content": request.system},
            {"role": "user", "content": request.user.text},
        ],
        request.max_token_parameter: request.max_output_tokens,
        "stream": False,
    }
    if request.max_token_parameter == "max_tokens":
        body |= {"temperature": float(request.temperature), "top_p": float(request.top_p)}
    elif request.no_reasoning_control == "reasoning_effort":
        body["reasoning_effort"] = "none"
    if request.no_reasoning_control == "thinking":
        body["thinking"] = {"type": "disabled"}
    return body


def parse_reply(body: bytes) -> Reply:
    """The first choice's text.

    Raises:
        LlmReplyError: The service failed, or the body breaks the protocol.
    """
    reply = read_reply(body, _join)
    try:
        content = at(reply, "choices", 0, "message", "content")
    except LookupError:
        raise LlmFormatError("missing content in Chat response") from None
    # Some services fail during an answer, and report that beside the incomplete text.
    for failure in (("choices", 0, "error"), ("error",)):
        if said := text_at(reply, *failure, "message") or text_at(reply, *failure):
            raise LlmReplyError(said)
    text = collect_text(content, {"text", "output_text"})
    refusal = text_at(reply, "choices", 0, "message", "refusal")
    stop = stop_of(text_at(reply, "choices", 0, "finish_reason"))
    return Reply(text, "refusal" if refusal and not text else stop)


def _join(events: Sequence[object]) -> object:
    """Make a reply of the chunks of Chat Completions."""
    message: dict[str, object] = {}
    finish_reason = None
    whole = [it for it in events if text_at(it, "choices", 0, "message", "content") is not None]
    if len(whole) == 1:
        return whole[0]  # the whole document, as the only event or as the last
    for event in events:
        for choice in items_at(event, "choices"):
            if value_at(choice, "index") in (None, 0):
                merge(message, value_at(choice, "delta"))
                merge(message, value_at(choice, "message"))
                finish_reason = text_at(choice, "finish_reason") or finish_reason
    check_end(finish_reason is not None or DONE in events)
    return {"choices": [{"message": message, "finish_reason": finish_reason}]}
