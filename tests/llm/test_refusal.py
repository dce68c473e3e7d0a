"""What is shown of a server's refusal: short, and without the key."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.llm.refusal import explanation, is_out_of_quota, presentable, refusal

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
