"""Messages: spec llm §§3.2, 3.5."""

from __future__ import annotations

import json

import pytest

from koe.errors import LlmReplyError
from koe.llm.anthropic_messages import build_body, headers, parse_reply
from koe.llm.exchange import Reply
from tests.llm.questions import question

KEPT = {"type": "ephemeral"}


@pytest.mark.parametrize("reasoning", ["reasoning_effort", "thinking", "none"])
@pytest.mark.parametrize("parameter", ["max_tokens", "max_completion_tokens"])
def test_the_body(parameter: str, reasoning: str) -> None:
    asked = question(limit=2048, temperature=0.2, parameter=parameter, reasoning=reasoning)
    assert build_body(asked) == {
        "model": "test-model",
        "stream": False,
        "system": [{"type": "text", "text": "system", "cache_control": KEPT}],
        "messages": [{"role": "user", "content": "user"}],
        "max_tokens": 2048,
        "temperature": 0.2,
    }


@pytest.mark.parametrize(
    ("temperature", "sent"),
    [(0, 0.0), (1, 1.0), (1.5, None), (-0.1, None), (float("nan"), None), (float("inf"), None)],
)
def test_the_temperature(temperature: float, sent: float | None) -> None:
    body = build_body(question(temperature=temperature))
    assert body.get("temperature") == sent


@pytest.mark.parametrize(
    ("stable", "varying", "content"),
    [
        (
            "词典：\n飞书\n\n",
            "原文：你好",
            [
                {"type": "text", "text": "词典：\n飞书\n\n", "cache_control": KEPT},
                {"type": "text", "text": "原文：你好"},
            ],
        ),
        ("你好世界", "", "你好世界"),
        ("", "你好世界", "你好世界"),
    ],
)
def test_what_the_server_may_keep(stable: str, varying: str, content: object) -> None:
    body = build_body(question(stable, varying))
    assert body["messages"] == [{"role": "user", "content": content}]


def test_the_key() -> None:
    assert list(headers("secret").items()) == [
        ("anthropic-version", "2023-06-01"),
        ("x-api-key", "secret"),
    ]
    assert headers("") == {"anthropic-version": "2023-06-01"}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"type": "thinking", "thinking": "t"}, {"type": "text", "text": "a"}], "a"),
        ([{"type": "redacted_thinking", "data": "t"}, {"type": "tool_use", "text": "u"}], ""),
        ([{"type": "output_text", "text": "of another protocol"}], ""),
        ("as it is", "as it is"),
        (None, ""),
        ([], ""),
    ],
)
def test_the_reply(content: object, text: str) -> None:
    assert parse_reply(json.dumps({"content": content}).encode()) == Reply(text)


def test_a_reply_that_is_cut_off() -> None:
    body = json.dumps({"content": "a", "stop_reason": "max_tokens"}).encode()
    assert parse_reply(body) == Reply("a", "max_tokens")


@pytest.mark.parametrize("body", [b"{}", b'{"type": "error", "error": {"message": "m"}}', b"[]"])
def test_a_reply_without_content(body: bytes) -> None:
    with pytest.raises(LlmReplyError, match=r": missing content in Anthropic response$"):
        parse_reply(body)
