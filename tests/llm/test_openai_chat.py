"""Chat Completions: spec llm §§3.2, 3.3."""

from __future__ import annotations

import json

import pytest

from koe.errors import LlmReplyError
from koe.llm.exchange import Reply
from koe.llm.openai_chat import build_body, headers, parse_reply
from tests.llm.questions import question


def reply(message: object, finish_reason: str = "stop") -> bytes:
    choices = [{"message": message, "finish_reason": finish_reason}, {"message": {"content": "b"}}]
    return json.dumps({"choices": choices}).encode()


@pytest.mark.parametrize(
    ("parameter", "reasoning", "settings"),
    [
        ("max_tokens", "none", {"max_tokens": 9, "temperature": 0.5, "top_p": 1.0}),
        ("max_tokens", "reasoning_effort", {"max_tokens": 9, "temperature": 0.5, "top_p": 1.0}),
        (
            "max_tokens",
            "thinking",
            {
                "max_tokens": 9,
                "temperature": 0.5,
                "top_p": 1.0,
                "thinking": {"type": "disabled"},
            },
        ),
        ("max_completion_tokens", "none", {"max_completion_tokens": 9}),
        (
            "max_completion_tokens",
            "reasoning_effort",
            {"max_completion_tokens": 9, "reasoning_effort": "none"},
        ),
        (
            "max_completion_tokens",
            "thinking",
            {"max_completion_tokens": 9, "thinking": {"type": "disabled"}},
        ),
    ],
)
def test_the_body(parameter: str, reasoning: str, settings: dict[str, object]) -> None:
    asked = question(
        "stable ", "varying", parameter=parameter, reasoning=reasoning, limit=9, temperature=0.5
    )
    assert build_body(asked) == {
        "model": "test-model",
        "stream": False,
        "messages": [
            {"role": "system", "content": "system"},
            {"role": "user", "content": "stable varying"},
        ],
        **settings,
    }


def test_sampling_is_sent_as_decimal_numbers() -> None:
    sent = json.dumps(build_body(question(parameter="max_tokens")))
    assert '"temperature": 0.0' in sent
    assert '"top_p": 1.0' in sent


def test_the_key() -> None:
    assert headers("secret") == {"Authorization": "Bearer secret"}
    assert headers("") == {}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (" corrected ", " corrected "),
        ([{"type": "text", "text": "a "}, {"type": "output_text", "text": "b"}], "a b"),
        ([{"type": "reasoning", "text": "a"}, {"type": "refusal", "refusal": "b"}], ""),
        ([], ""),
        (None, ""),
        (5, ""),
        ({}, ""),
    ],
)
def test_the_reply(content: object, text: str) -> None:
    body = reply({"content": content, "reasoning_content": "x", "refusal": "y"})
    assert parse_reply(body) == Reply(text, "" if text else "refusal")


@pytest.mark.parametrize("error", [{"code": 502, "message": "idle too long"}, "idle too long"])
def test_a_failure_beside_the_text(error: object) -> None:
    choice = {"message": {"content": "half of"}, "finish_reason": "error"}
    for failed in ({"choices": [choice | {"error": error}]}, {"choices": [choice], "error": error}):
        with pytest.raises(LlmReplyError, match=r"^LLM correction failed: idle too long$"):
            parse_reply(json.dumps(failed).encode())


def test_a_reply_that_is_cut_off() -> None:
    assert parse_reply(reply({"content": "a"}, "length")) == Reply("a", "length")


@pytest.mark.parametrize(
    "body",
    [b"{}", b"[]", b'{"choices": []}', b'{"choices": {}}', b'{"choices": [{}]}',
     b'{"choices": [{"message": {}}]}', b'{"choices": [{"message": null}]}', b"null", b'"text"'],
)  # fmt: skip
def test_a_reply_without_content(body: bytes) -> None:
    with pytest.raises(LlmReplyError, match=r"^LLM .*: missing content in Chat response$"):
        parse_reply(body)


def test_a_reply_that_is_no_json() -> None:
    with pytest.raises(LlmReplyError, match="parse response"):
        parse_reply(b"<html>")
