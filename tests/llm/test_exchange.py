"""An exchange with a model: what is asked, and how answers and refusals are read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.errors import LlmReplyError
from koe.llm.exchange import (
    Reply,
    at,
    collect_text,
    explain_stop,
    explanation,
    is_out_of_quota,
    presentable,
    read_json,
    refusal,
    text_at,
)
from tests.llm.questions import question


def test_no_repr_shows_a_text() -> None:
    assert "hunter2" not in repr(question("hunter2", "hunter2"))


# --- answers (spec llm §3.6) ---


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON.filter(lambda value: value != float("inf")))
def test_json_is_read(value: object) -> None:
    try:
        body = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:  # infinite somewhere, or half of a surrogate pair
        return
    assert read_json(body) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"not json",
        b"{} {}",
        b'"\xff"',
        '{"a": 1}'.encode("utf-16"),
        b'{"a": "\\ud800"}',
        b'{"a": "\\uDC00 \\ud800"}',
        b'{"\\udfff": 1}',
        b"[" * 100_000,
        b"1" * 10_000,
    ],
)
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(LlmReplyError) as caught:
        read_json(body)
    sentence = "LLM correction failed: parse response: error decoding response body"
    assert str(caught.value) == sentence


def test_a_whole_surrogate_pair_and_a_byte_order_mark_are_fine() -> None:
    assert read_json(b'\xef\xbb\xbf["\\ud83d\\ude00", "\\\\ud800"]') == ["😀", "\\ud800"]


def test_numbers_that_are_none_are_nothing() -> None:
    assert read_json(b'{"a": NaN, "b": [Infinity, -Infinity], "c": "NaN"}') == {
        "a": None,
        "b": [None, None],
        "c": "NaN",
    }


def test_what_was_read_is_named() -> None:
    with pytest.raises(LlmReplyError, match="parse /models response: error decoding"):
        read_json(b"", what="/models response")


TREE = {"a": [{"b": "text"}, None], "1": True}


@pytest.mark.parametrize(
    ("path", "found"),
    [((), TREE), (("a", 0, "b"), "text"), (("a", 1), None), (("1",), True)],
)
def test_going_down(path: tuple[str | int, ...], found: object) -> None:
    assert at(TREE, *path) == found


@pytest.mark.parametrize("path", [("b",), ("a", 2), ("a", "b"), (1,), ("a", 1, "b"), ("1", 0)])
def test_where_nothing_is(path: tuple[str | int, ...]) -> None:
    with pytest.raises(LookupError):
        at(TREE, *path)
    assert text_at(TREE, *path) is None


def test_only_text_is_text() -> None:
    assert text_at(TREE, "a", 0, "b") == "text"
    assert text_at(TREE, "a", 1) is None
    assert text_at(TREE, "1") is None


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("as it is ", "as it is "),
        ([], ""),
        (None, ""),
        ({"text": "x"}, ""),
        (5, ""),
        ([{"type": "text", "text": "first "}, {"type": "output_text", "text": "second"}],
         "first second"),
        ([{"type": "thinking", "text": "no"}, {"type": "text", "text": "yes"}], "yes"),
        ([{"text": {"value": "v"}}], "v"),
        ([{"type": 5, "text": "a"}, {"type": None, "text": "b"}], "ab"),
        ([{"content": "c"}, {"text": 1, "content": "d"}], "cd"),
        ([{"text": "", "content": "hidden"}], ""),
        ([{"text": {"value": 5}}, {"content": []}, {}, "loose", None, ["x"]], ""),
    ],
)  # fmt: skip
def test_collecting_text(content: object, text: str) -> None:
    assert collect_text(content, {"text", "output_text"}) == text


@given(JSON)
def test_collecting_takes_anything(content: object) -> None:
    assert isinstance(collect_text(content, {"text"}), str)


def test_no_repr_shows_an_answer() -> None:
    assert repr(Reply("secret")) == "Reply(stop='')"


LIMIT = "the model's answer is cut off; raise llm.max_output_tokens (9)"


@pytest.mark.parametrize(
    ("stop", "clause"),
    [
        ("length", LIMIT),
        ("MAX_TOKENS", LIMIT),
        ("max-output-tokens", LIMIT),
        ("model_length", "the text is too long for the model (model_length); "
         "choose one with a larger context"),
        ("model_context_window_exceeded", "the text is too long for the model "
         "(model_context_window_exceeded); choose one with a larger context"),
        ("content_filter",
         "the model or its service declined to correct this text (content_filter)"),
        ("SAFETY", "the model or its service declined to correct this text (SAFETY)"),
        ("refusal", "the model or its service declined to correct this text (refusal)"),
        ("error", "the service broke the model's answer off (error)"),
        ("insufficient_system_resource",
         "the service broke the model's answer off (insufficient_system_resource)"),
        ("abort", "the service broke the model's answer off (abort)"),
        ("tool_calls", "the model asked for a tool instead of correcting the text (tool_calls)"),
        ("pause_turn", "the service says that the model's answer is not complete (pause_turn)"),
    ],
)  # fmt: skip
def test_stops(stop: str, clause: str) -> None:
    assert explain_stop(stop, 9) == clause


# --- refusals: what is shown of them is short, and without the key ---


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
