"""Reading JSON of which nothing is certain (spec llm §3.6)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.errors import LlmReplyError
from koe.llm.reply import Reply, at, collect_text, read_json, text_at

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
