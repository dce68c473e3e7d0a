"""Refusals as services write them: what is shown of them, and what is changed after each."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.llm.refusals import (
    ParameterChange,
    apply,
    explanation,
    find_changes,
    is_about_store,
    is_out_of_quota,
    presentable,
    refusal,
)

# --- what is shown of them is short, and without the key ---


KEY = "k-0123456789abcdef"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "No such model", "type": "t", "code": "c"}}, "No such model (c)"),
        ({"error": {"message": "Slow down", "type": "t", "code": None}}, "Slow down (t)"),
        ({"error": {"message": "Slow down", "code": 429}}, "Slow down"),
        ({"type": "error", "error": {"type": "t", "message": "Overloaded"}}, "Overloaded (t)"),
        ({"error": "model 'x' not found"}, "model 'x' not found"),
        ({"message": "denied", "code": "7"}, "denied (7)"),
        ({"detail": "Not Found"}, "Not Found"),
        ({"detail": [{"loc": ["body"], "msg": "field required"}]}, "field required"),
        ([{"error": {"message": "as Google does"}}], "as Google does"),
        ({"error": {"type": "only_a_type"}}, "only_a_type"),
        ({"other": 1}, '{"other": 1}'),
        ({}, "{}"),
        ([], "[]"),
        ("text", '"text"'),
    ],
)
def test_json(body: object, message: str) -> None:
    assert refusal(json.dumps(body).encode(), (KEY,)) == message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"oops", "oops"),
        (b"", ""),
        (b" \n two\r\n\tlines\x00\x1b ", "two lines"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"<html><h1>502 Bad Gateway</h1></html>", ""),
        (b"\n<!DOCTYPE html>", ""),
        ("很长".encode() * 500, "很长" * 149 + "很…"),
    ],
)
def test_other_bodies(body: bytes, message: str) -> None:
    assert refusal(body, (KEY,)) == message


def test_a_key_is_masked_in_a_sentence_and_in_its_code() -> None:
    assert presentable(f"bad key {KEY}", (KEY,), "k-0123") == "bad key *** (***)"


TEXT = st.text(alphabet="abk-0123 \n词", max_size=40)


@given(before=TEXT, after=TEXT, key=st.text(alphabet="abk-0123", min_size=6), code=TEXT)
def test_no_part_of_a_key_is_shown(before: str, after: str, key: str, code: str) -> None:
    shown = refusal(json.dumps({"error": {"message": before + key + after}}).encode(), (key,))
    shown += presentable(code + key, (key,), code=key + code)
    assert not any(key[start : start + 6] in shown for start in range(len(key) - 5))


@given(st.binary())
def test_any_body(body: bytes) -> None:
    shown = refusal(body, (KEY,))
    assert len(shown) <= 400
    assert shown.isprintable()


def test_an_explanation_comes_in_json_only() -> None:
    assert explanation(b'{"error": {"message": "limit reached"}}', (KEY,)) == "limit reached"
    assert explanation(b"plain", (KEY,)) == ""
    assert explanation(b'{"choices": []}', (KEY,)) == ""


@pytest.mark.parametrize(
    ("body", "is_out"),
    [
        (b'{"error": {"message": "Add credit", "code": "insufficient_quota"}}', True),
        (b'{"error": {"message": "Add credit", "type": "insufficient_quota"}}', True),
        (b'{"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}', False),
        (b"insufficient_quota", False),
    ],
)
def test_a_quota(body: bytes, is_out: bool) -> None:
    assert is_out_of_quota(body) == is_out


# --- what is changed after them ---


OLD: dict[str, object] = {
    "model": "m", "messages": [], "max_tokens": 9, "temperature": 0.0, "top_p": 1.0,
    "stream": False, "thinking": {"type": "disabled"},
}  # fmt: skip
NEW: dict[str, object] = {
    "model": "m", "messages": [], "max_completion_tokens": 9, "reasoning_effort": "none",
    "stream": False,
}  # fmt: skip
RESPONSES: dict[str, object] = {
    "model": "m", "input": "", "max_output_tokens": 9, "reasoning": {"effort": "none"},
    "store": False, "stream": False,
}  # fmt: skip

WITHOUT_SAMPLING = (ParameterChange("temperature"), ParameterChange("top_p"))


def refused(message: object) -> bytes:
    return json.dumps({"error": {"message": message, "type": "invalid_request_error"}}).encode()


def changes(
    body: dict[str, object], message: str, *made: ParameterChange
) -> tuple[ParameterChange, ...]:
    return find_changes(400, refused(message), apply(body, made), made)


@pytest.mark.parametrize(
    ("body", "message", "found"),
    [
        (OLD, "Unsupported value: 'temperature' does not support 0.0 with this model.",
         WITHOUT_SAMPLING),
        (OLD, "`top_p` is deprecated for this model.", WITHOUT_SAMPLING),
        (OLD, "`temperature` and `top_p` cannot both be specified", WITHOUT_SAMPLING),
        (OLD, "Unsupported parameter: 'max_tokens' is not supported with this model. "
              "Use 'max_completion_tokens' instead.",
         (ParameterChange("max_tokens", "max_completion_tokens"),)),
        (OLD, "Unsupported parameter: max_tokens. In this API, it has moved to max_output_tokens",
         (ParameterChange("max_tokens", "max_output_tokens"),)),
        (OLD, "max_tokens is too large: 9. This model supports at most 8.",
         (ParameterChange("max_tokens"),)),
        (NEW, "Extra inputs are not permitted: max_completion_tokens",
         (ParameterChange("max_completion_tokens", "max_tokens"),)),
        (NEW, "Unrecognized request argument supplied: reasoning_effort",
         (ParameterChange("reasoning_effort"),)),
        (NEW, "Unsupported value: 'reasoning_effort' does not support 'none'. Supported values "
              "are: 'minimal', 'low', 'medium', and 'high'.",
         (ParameterChange("reasoning_effort", "reasoning_effort", "minimal"),)),
        (NEW, "Reasoning is mandatory for this endpoint and cannot be disabled.",
         (ParameterChange("reasoning_effort"),)),
        (RESPONSES, "Unsupported value: 'reasoning.effort' supports 'low' and 'high'.",
         (ParameterChange("reasoning", "reasoning", {"effort": "low"}),)),
        (RESPONSES, "Unknown parameter: 'store'.", ()),
        (RESPONSES, "Unknown parameters: 'store', 'reasoning'.", (ParameterChange("reasoning"),)),
        (OLD, "thinking: Extra inputs are not permitted", (ParameterChange("thinking"),)),
        (OLD, "parameter.enable_thinking must be set to false for non-streaming calls",
         (ParameterChange("enable_thinking", "enable_thinking", False),)),
        (OLD, "The value of the enable_thinking parameter is restricted to True.",
         (ParameterChange("enable_thinking", "enable_thinking", True),)),
        (OLD, "Stream must be set to true", (ParameterChange("stream", "stream", True),)),
        (OLD, "This model only support stream mode, please enable the stream parameter",
         (ParameterChange("stream", "stream", True),)),
        (OLD, "Non-streaming requests are not supported",
         (ParameterChange("stream", "stream", True),)),
        (OLD, "Unrecognized request argument supplied: stream", (ParameterChange("stream"),)),
        (OLD, "该模型仅支持流式输出", (ParameterChange("stream", "stream", True),)),
        # No parameter is named, but what it does.
        (NEW, "Budget 0 is invalid. This model only works in thinking mode.",
         (ParameterChange("reasoning_effort"),)),
        (NEW, '"llama3.2" does not support thinking', (ParameterChange("reasoning_effort"),)),
        (RESPONSES, "Thinking can't be disabled.", (ParameterChange("reasoning"),)),
        (NEW, "当前模型不支持关闭思考模式", (ParameterChange("reasoning_effort"),)),
        # About something else.
        (OLD, "No such model", ()),
        (OLD, "The upstream temperatures are rising", ()),
        (NEW, "Unsupported value: 'temperature'", ()),
        (OLD, "reasoning_content is missing", ()),
    ],
)  # fmt: skip
def test_what_a_service_refuses(
    body: dict[str, object], message: str, found: tuple[ParameterChange, ...]
) -> None:
    assert changes(body, message) == found


@pytest.mark.parametrize(
    "reply",
    [
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "thinking"], "msg": "Extra"}]},
        {"message": {"detail": [{"loc": ["body", "thinking"], "input": OLD}]}},
        {"error": {"message": "Bad parameter", "param": "thinking", "code": None}},
        {"error": {"message": "Provider error", "metadata": {"raw": '{"error":"thinking?"}'}}},
        {"error": "thinking"},
        [{"error": {"message": "thinking"}}],
    ],
)
def test_where_services_say_it(reply: object) -> None:
    """Some repeat the request, in which all parameters are named."""
    encoded = json.dumps(reply).encode()
    for status in (400, 422):
        assert find_changes(status, encoded, OLD, ()) == (ParameterChange("thinking"),)
    assert find_changes(500, encoded, OLD, ()) == ()


def test_a_refusal_that_is_no_json() -> None:
    assert find_changes(400, b"Unknown field: thinking", OLD, ()) == (ParameterChange("thinking"),)


def test_each_change_is_made_once() -> None:
    """A service that goes on refusing is asked with less and less, and then not any more."""
    message = "Use max_tokens or max_completion_tokens, as the documentation says"
    made: tuple[ParameterChange, ...] = ()
    while more := changes(OLD, message, *made):
        made += more
    assert made == (
        ParameterChange("max_tokens", "max_completion_tokens"),
        ParameterChange("max_completion_tokens", "max_tokens"),
        ParameterChange("max_tokens"),
    )


def test_changes_are_made_in_order() -> None:
    made = (
        ParameterChange("max_tokens", "max_completion_tokens"),
        ParameterChange("gone", "found"),
        ParameterChange("stream", "stream", True),
        ParameterChange("temperature"),
    )
    changed = apply(OLD, made)
    assert changed["max_completion_tokens"] == 9
    assert changed["stream"] is True
    assert not changed.keys() & {"max_tokens", "gone", "found", "temperature"}
    assert OLD["stream"] is False


@given(st.binary() | st.from_regex(rb"(max_tokens|stream|thinking|true|false|low| )*"))
def test_every_refusal_comes_to_an_end(reply: bytes) -> None:
    for body in (OLD, NEW, RESPONSES):
        made: tuple[ParameterChange, ...] = ()
        while more := find_changes(400, reply, apply(body, made), made):
            assert not set(map(repr, more)) & set(map(repr, made))
            made += more
        assert apply(body, made)["model"] == "m"


@pytest.mark.parametrize(
    ("status", "message", "is_about"),
    [
        (400, "Unknown parameter: 'store'.", True),
        (422, "body.store: Extra inputs are not permitted", True),
        (400, "Unknown parameter: 'storey'.", False),
        (500, "Unknown parameter: 'store'.", False),
    ],
)
def test_a_service_that_wants_to_keep_what_was_said(
    status: int, message: str, is_about: bool
) -> None:
    assert is_about_store(status, refused(message)) is is_about
