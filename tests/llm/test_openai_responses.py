"""Responses: spec llm §§3.2, 3.4."""

from __future__ import annotations

import json

import pytest

from koe.errors import LlmReplyError
from koe.llm.exchange import Reply
from koe.llm.openai_responses import build_body, headers, parse_reply
from tests.llm.questions import question


def message(*texts: str) -> dict[str, object]:
    content = [{"type": "output_text", "text": text} for text in texts]
    return {"type": "message", "content": content}


@pytest.mark.parametrize("parameter", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize(
    ("reasoning", "settings"),
    [("reasoning_effort", {"reasoning": {"effort": "none"}}), ("thinking", {}), ("none", {})],
)
def test_the_body(parameter: str, reasoning: str, settings: dict[str, object]) -> None:
    asked = question("st", "able", limit=2048, parameter=parameter, reasoning=reasoning)
    assert build_body(asked) == {
        "model": "test-model",
        "instructions": "system",
        "input": "stable",
        "max_output_tokens": 2048,
        "store": False,
        "stream": False,
        **settings,
    }


def test_the_key() -> None:
    assert headers("secret") == {"Authorization": "Bearer secret"}
    assert headers("") == {}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"status": "completed", "output": [{"type": "reasoning"}, message("text")]}, "text"),
        ({"output_text": "A", "output": [message("B")]}, "A"),
        ({"output_text": "", "output": [message("B")]}, "B"),
        ({"output_text": 5, "output": [message("B ", "C"), message("D")]}, "B CD"),
        ({"output": []}, ""),
        ({"output": [{"content": [{"text": "no type"}]}, None, "x"]}, ""),
        ({"output": [{"type": "message", "content": "no list"}, {"type": "message"}]}, ""),
        ({"output_text": "A"}, "A"),
    ],
)
def test_the_reply(body: object, text: str) -> None:
    assert parse_reply(json.dumps(body).encode()) == Reply(text)


@pytest.mark.parametrize(
    ("body", "stop"),
    [
        ({"status": "incomplete", "output": [message("a")]}, "incomplete"),
        (
            {
                "status": "incomplete",
                "incomplete_details": {"reason": "content_filter"},
                "output": [message("a")],
            },
            "content_filter",
        ),
        ({"status": "cancelled", "output_text": "a", "output": []}, "cancelled"),
        ({"output": [message("a") | {"status": "incomplete"}]}, "incomplete"),
        (
            {"output": [message("a"), {"type": "message", "content": [{"type": "refusal"}]}]},
            "refusal",
        ),
    ],
)
def test_how_it_ended(body: object, stop: str) -> None:
    assert parse_reply(json.dumps(body).encode()) == Reply("a", stop)


@pytest.mark.parametrize("body", ["{}", "[]", '{"output": null}', '{"output": {"type": "x"}}'])
def test_a_reply_without_output(body: str) -> None:
    with pytest.raises(LlmReplyError, match=r": missing output in Responses response$"):
        parse_reply(body.encode())


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ({"message": "boom"}, "LLM correction failed: boom"),
        ({"message": ""}, "LLM correction failed: Responses API returned failed status"),
        ({"message": 5}, "LLM correction failed: Responses API returned failed status"),
        (None, "LLM correction failed: Responses API returned failed status"),
    ],
)
def test_a_failure(error: object, sentence: str) -> None:
    with pytest.raises(LlmReplyError) as caught:
        parse_reply(json.dumps({"status": "failed", "error": error, "output_text": "x"}).encode())
    assert str(caught.value) == sentence
