"""Answers, cut everywhere and broken in every way; what documents mean, the engines' tests say."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.asr.reply import LIMIT_BYTES, Document, Interpretation, Reply, refusal_in
from koe.errors import AsrProtocolError
from koe.events import EngineErred, Event, InterimHeard


def replace(document: Document, heard: str) -> Interpretation:
    """As simple as a service can be."""
    if refusal := refusal_in(document):
        return refusal
    text = document.get("text")
    add = document.get("add")
    if isinstance(add, str):
        return heard + add
    return text if isinstance(text, str) else None


def read(*chunks: bytes, secret: str = "") -> list[Event]:
    reply = Reply(replace, secret)
    return [event for chunk in chunks for event in reply.receive(chunk)] + reply.end()


def test_events() -> None:
    assert read(b'data: {"text":"a"}\n\ndata:{"text":"b"}\n\ndata: [DONE]\n\n') == [
        InterimHeard("a"),
        InterimHeard("b"),
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_line_ends(end: bytes) -> None:
    lines = [b'data: {"text":"a"}', b'data: {"text":"b"}']
    assert read(end.join(lines)) == read(end.join([*lines, b""]))
    assert read(end.join(lines)) == [InterimHeard("a"), InterimHeard("b")]


def test_what_is_no_document_is_passed_over() -> None:
    lines = b'\xef\xbb\xbf: ping\nevent: message\nid: 1\nretry: 10\n"str"\n[1]\n{"text":"a"}\n'
    assert read(lines) == [InterimHeard("a")]


def test_a_repetition_is_no_news() -> None:
    assert read(b'{"text":"a"}\n{"text":"a"}\n') == [InterimHeard("a")]


def test_one_document_over_many_lines() -> None:
    """Even if one of the lines is a document by itself."""
    assert read(b'{\n "parts": [\n  {},\n  {}\n ],\n "text":\n  "a"\n}\n') == [InterimHeard("a")]


def test_one_event_over_many_lines() -> None:
    assert read(b'data: {"text":\ndata: "a"}\n\n') == [InterimHeard("a")]


def test_nothing_counts_after_the_end_mark() -> None:
    reply = Reply(replace)
    assert reply.receive(b'{"text":"a"}\n[DONE]\n{"text":"b"}\n') == [InterimHeard("a")]
    assert reply.over
    assert not reply.failed
    assert (reply.end(), reply.text) == ([], "a")


def test_nothing_counts_after_a_refusal() -> None:
    reply = Reply(replace)
    said = b'{"error":{"message":"no"}}\n{"text":"b"}\n'
    assert reply.receive(said) == [EngineErred("no")]
    assert (reply.over, reply.failed, reply.end()) == (True, True, [])


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ({"message": "no"}, "no"),
        ({"message": None}, "Unknown error"),
        ({}, "Unknown error"),
        ("plain", "plain"),
        (False, "Unknown error"),
    ],
)
def test_refusals(error: object, message: str) -> None:
    assert read(json.dumps({"error": error}).encode()) == [EngineErred(message)]


def test_no_refusal() -> None:
    assert refusal_in({"error": None}) is None
    assert refusal_in({}) is None


def test_silence() -> None:
    assert read(b'{"text":""}') == []
    assert read(b"data: [DONE]\n\n") == []


@pytest.mark.parametrize(
    ("body", "quoted"),
    [
        (b"<!DOCTYPE html>\n<html>Log in</html>", "<!DOCTYPE html> <html>Log in</html>"),
        (b'{"code":401,"msg":"expired"}', '{"code":401,"msg":"expired"}'),
        (b'["text"]', '["text"]'),
        (b"", "nothing"),
        (b"\n: ping\n", ": ping"),
        (b"\xff\x00\x80", "\ufffd \ufffd"),
        (b"[" * 100_000, f"{'[' * 300}…"),
        (b"9" * 5000, f"{'9' * 300}…"),
    ],
)
def test_what_is_not_understood_is_told(body: bytes, quoted: str) -> None:
    with pytest.raises(AsrProtocolError) as caught:
        read(body)
    assert str(caught.value) == (
        f"ASR protocol error: the reply is not what such a service says: {quoted}"
    )


def test_halves_of_characters() -> None:
    """A service that counts in UTF-16 sends them apart; one that is lost must not break text."""
    assert read(b'{"add":"\\ud83d"}\n{"add":"\\ude00"}\n')[-1] == InterimHeard("😀")
    assert read(b'{"text":"a\\ud83d"}') == [InterimHeard("a\ufffd")]


def test_memory_is_bounded() -> None:
    reply = Reply(replace)
    piece = b"x" * 65536
    with pytest.raises(AsrProtocolError, match="the reply is longer than 4 MiB"):
        for _ in range(LIMIT_BYTES // len(piece) + 1):
            reply.receive(piece)


def test_a_secret_is_not_repeated() -> None:
    assert read(b'{"error":{"message":"bad key s3cret"}}', secret="s3cret") == [
        EngineErred("bad key …")
    ]
    with pytest.raises(AsrProtocolError) as caught:
        read(b"<p>s3cret", secret="s3cret")
    assert "s3cret" not in str(caught.value)


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", "add", "error", "message"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.lists(DOCUMENTS, max_size=4), st.data())
def test_cuts_change_nothing(documents: list[object], data: st.DataObject) -> None:
    body = "\n".join(f"data: {json.dumps(it, ensure_ascii=False)}" for it in documents).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    chunks = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    try:
        whole = read(body)
    except AsrProtocolError as exc:
        with pytest.raises(AsrProtocolError) as caught:
            read(*chunks)
        assert str(caught.value) == str(exc)
    else:
        assert read(*chunks) == whole


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_garbage_is_read_or_refused(chunks: list[bytes]) -> None:
    try:
        said = read(*chunks)
    except AsrProtocolError:
        return
    assert all(isinstance(event, InterimHeard | EngineErred) for event in said)
