"""Answers, cut everywhere and broken in every way; what documents mean, the engines' tests say."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.asr.reply import (
    LIMIT_BYTES,
    HeardSoFar,
    Interpretation,
    Refusal,
    ReplyDocument,
    UploadReply,
    refusal_code,
    refusal_in,
)
from koe.errors import AsrProtocolError
from koe.events import InterimHeard


def replace(document: ReplyDocument, heard: str) -> Interpretation:
    """As simple as a service can be."""
    if refusal := refusal_in(document):
        return refusal
    text = document.get("text")
    add = document.get("add")
    stopped = document.get("stopped")
    if isinstance(add, str):
        return HeardSoFar(heard + add, stopped=stopped if isinstance(stopped, str) else "")
    return HeardSoFar(text, is_whole=True) if isinstance(text, str) else None


def reply_to(*chunks: bytes, secret: str = "") -> tuple[list[InterimHeard], UploadReply]:
    reply = UploadReply(replace, secret)
    return [event for chunk in chunks for event in reply.receive(chunk)] + reply.end(), reply


def read(*chunks: bytes) -> list[InterimHeard]:
    return reply_to(*chunks)[0]


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


def test_a_line_that_would_be_a_whole_answer() -> None:
    lines = b'{\n "text": "Hello there. Goodbye.",\n "parts": [\n'
    lines += b'{"id": 1, "text": "Goodbye."}\n ]\n}\n'
    assert read(lines) == [InterimHeard("Hello there. Goodbye.")]


def test_garbage_before_the_answer() -> None:
    assert read(b'<!-- slow -->\n{"text":"a"}\n[DONE]\n') == [InterimHeard("a")]


def test_one_event_over_many_lines() -> None:
    assert read(b'data: {"text":\ndata: "a"}\n\n') == [InterimHeard("a")]


def test_nothing_counts_after_the_end_mark() -> None:
    reply = UploadReply(replace)
    assert reply.receive(b'{"text":"a"}\n[DONE]\n{"text":"b"}\n') == [InterimHeard("a")]
    assert reply.over
    assert reply.refusal is None
    assert (reply.end(), reply.text) == ([], "a")


def test_nothing_counts_after_a_refusal() -> None:
    reply = UploadReply(replace)
    said = b'{"error":{"message":"no"}}\n{"text":"b"}\n'
    assert reply.receive(said) == []
    assert (reply.over, reply.refusal, reply.end()) == (True, Refusal("no"), [])


@pytest.mark.parametrize(
    ("body", "is_whole", "stopped"),
    [
        (b'{"text":"a"}', True, ""),
        (b'{"text":""}', True, ""),
        (b'data: {"add":"a"}\n\n', False, ""),
        (b'data: {"add":"a"}\n\ndata: {"add":"b"}', False, ""),
        (b'data: {"add":"a"}\n\ndata: [DONE]\n\n', True, ""),
        (b'data: {"add":"a"}\n\ndata: [DONE]', True, ""),
        (b'data: {"add":"a"}\n\ndata: {"text":"ab"}\n\n', True, ""),
        (b'data: {"text":"ab"}\n\ndata: {"add":""}\n\n', True, ""),
        (b'data: {"add":"a","stopped":"length"}\n\ndata: [DONE]\n\n', False, "length"),
        (b'data: {"add":"a","stopped":"le\\nngth"}\n\ndata: {"add":""}\n\n', False, "le ngth"),
    ],
)
def test_whether_the_text_is_whole(body: bytes, is_whole: bool, stopped: str) -> None:
    _, reply = reply_to(body)
    assert (reply.is_whole, reply.stopped) == (is_whole, stopped)


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        ({"message": "no"}, Refusal("no")),
        ({"message": "no", "code": "1113"}, Refusal("no", "1113")),
        ({"message": "no", "code": 1113}, Refusal("no", "1113")),
        ({"message": "no", "code": True}, Refusal("no")),
        ({"message": None, "code": None}, Refusal("Unknown error")),
        ({}, Refusal("Unknown error")),
        ("plain", Refusal("plain")),
        (False, Refusal("Unknown error")),
    ],
)
def test_refusals(error: object, refusal: Refusal) -> None:
    interims, reply = reply_to(json.dumps({"error": error}).encode())
    assert (interims, reply.refusal) == ([], refusal)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"error":{"code":"1113","message":"no"}}', "1113"),
        (b'{"error":"1113"}', ""),
        (b'{"code":"1113"}', ""),
        (b"[]", ""),
        (b"\xff", ""),
        (b"", ""),
    ],
)
def test_codes(body: bytes, code: str) -> None:
    assert refusal_code(body) == code


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
        (b"[" * 100_000, f"{'[' * 299}…"),
        (b"9" * 5000, f"{'9' * 299}…"),
    ],
)
def test_what_is_not_understood_is_reported(body: bytes, quoted: str) -> None:
    with pytest.raises(AsrProtocolError) as caught:
        read(body)
    assert str(caught.value) == (
        f"ASR protocol error: the service sent an unexpected reply ({quoted}); "
        "check the service's address"
    )


def test_halves_of_characters() -> None:
    """A service that counts in UTF-16 sends them apart; one that is lost must not break text."""
    assert read(b'{"add":"\\ud83d"}\n{"add":"\\ude00"}\n')[-1] == InterimHeard("😀")
    assert read(b'{"text":"a\\ud83d"}') == [InterimHeard("a\ufffd")]


def test_memory_is_bounded() -> None:
    reply = UploadReply(replace)
    piece = b"x" * 65536
    with pytest.raises(AsrProtocolError, match="the reply is longer than 4 MiB"):
        for _ in range(LIMIT_BYTES // len(piece) + 1):
            reply.receive(piece)


def test_a_secret_is_not_repeated() -> None:
    _, reply = reply_to(b'{"error":{"message":"bad key s3cret"}}', secret="s3cret")
    assert reply.refusal == Refusal("bad key ***")
    with pytest.raises(AsrProtocolError) as caught:
        reply_to(b"<p>s3cret", secret="s3cret")
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
    assert all(isinstance(event, InterimHeard) for event in said)
