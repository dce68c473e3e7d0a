"""An exchange with a model: what is asked, and how answers are read, whole or as events."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.errors import LlmReplyError
from koe.llm import anthropic_messages, openai_chat, openai_responses
from koe.llm.exchange import Reply, at, collect_text, explain_stop, read_json, text_at
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


# --- answers that come as events, in the three protocols, whole and broken ---


Parse = Callable[[bytes], Reply]

TEXT = "Let’s meet\u2028at three."
PARTS = ("Let’s meet\u2028", "at three.")


def stream(*events: object, end: str = "\n\n") -> bytes:
    """Events as gateways write them, with their types, which are in the data too."""
    lines = []
    for event in events:
        kind = event.get("type") if isinstance(event, dict) else None
        data = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
        lines.append((f"event: {kind}\n" if kind else "") + f"data: {data}{end}")
    return "".join(lines).encode()


def chunk(finish_reason: str | None = None, **delta: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}


def chat(finish_reason: str = "stop") -> list[object]:
    parts = [chunk(content=part) for part in PARTS]
    usage: dict[str, object] = {"choices": [], "usage": {"total_tokens": 1}, "error": None}
    return [chunk(role="assistant", content=""), *parts, chunk(finish_reason), usage, "[DONE]"]


def responses(status: str = "completed", output: object = None) -> list[object]:
    deltas = [{"type": "response.output_text.delta", "delta": part} for part in PARTS]
    message = {"type": "message", "content": [{"type": "output_text", "text": TEXT}]}
    response = {"status": status, "output": [message] if output is None else output}
    created = {"type": "response.created", "response": {"status": "in_progress", "output": []}}
    return [created, *deltas, {"type": f"response.{status}", "response": response}]


def messages(stop_reason: str = "end_turn") -> list[object]:
    deltas = [
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": part}}
        for part in PARTS
    ]
    thought = {"type": "thinking_delta", "thinking": "Hm."}
    return [
        {"type": "message_start", "message": {"content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 0, "delta": thought},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        *deltas,
        {"type": "content_block_stop", "index": 1},
        {"type": "message_delta", "delta": {"stop_reason": stop_reason}},
        {"type": "message_stop"},
    ]


PROTOCOLS = [
    (openai_chat.parse_reply, chat),
    (openai_responses.parse_reply, responses),
    (anthropic_messages.parse_reply, messages),
]
both = pytest.mark.parametrize(("parse", "events"), PROTOCOLS)


@both
@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n", "\r\r", "\n"])
def test_a_stream(parse: Parse, events: Callable[[], list[object]], end: str) -> None:
    """Also one without empty lines between the events, which is no good stream."""
    assert parse(stream(*events(), end=end)).text == TEXT


@both
def test_how_a_stream_may_be_written(parse: Parse, events: Callable[[], list[object]]) -> None:
    plain = stream(*events())
    for body in (
        b"\xef\xbb\xbf" + plain,
        b": PROCESSING\n\nretry: 3\nid: 1\n\n" + plain,
        plain.replace(b"data: ", b"data:"),
        plain.rstrip(),
        plain.replace(b"[DONE]", b"[done]"),
        b"\n".join(line[6:] for line in plain.split(b"\n") if line.startswith(b"data: {")),
    ):
        assert parse(body).text == TEXT


@pytest.mark.parametrize(
    ("parse", "events"),
    [
        (openai_chat.parse_reply, chat("length")),
        (openai_responses.parse_reply, responses("incomplete")),
        (anthropic_messages.parse_reply, messages("max_tokens")),
    ],
)
def test_a_stream_that_is_cut_off(parse: Parse, events: list[object]) -> None:
    reply = parse(stream(*events))
    assert reply.text == TEXT
    assert "cut off" in explain_stop(reply.stop, 9)


@pytest.mark.parametrize(
    ("parse", "document"),
    [
        (openai_chat.parse_reply, {"choices": [{"message": {"content": TEXT}}]}),
        (openai_responses.parse_reply, {"object": "response", "output": [], "output_text": TEXT}),
        (
            anthropic_messages.parse_reply,
            {"type": "message", "content": [{"type": "text", "text": TEXT}]},
        ),
    ],
)
def test_the_whole_document_in_one_event(parse: Parse, document: dict[str, object]) -> None:
    assert parse(stream(document)).text == TEXT
    assert parse(stream(document, "[DONE]")).text == TEXT
    encoded = json.dumps(document, indent=1).encode()
    assert parse(b": PROCESSING\n\n: PROCESSING\n\n" + encoded).text == TEXT
    assert parse(encoded + b"\ndata: [DONE]\n").text == TEXT


@both
def test_a_stream_without_its_end(parse: Parse, events: Callable[[], list[object]]) -> None:
    """The end of the text may be missing."""
    has_delta = [n for n, event in enumerate(events()) if "delta" in json.dumps(event)]
    kept = [it for it in events()[: has_delta[-1]] if "stop" not in json.dumps(it)]
    kept = [it for it in kept if "completed" not in json.dumps(it)]
    with pytest.raises(LlmReplyError, match="broke off before its end"):
        parse(stream(*kept))


@both
@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ({"error": {"message": "boom"}}, "boom"),
        ({"type": "error", "error": {"type": "overloaded", "message": "boom"}}, "boom"),
        ({"error": "boom"}, "boom"),
        ({"type": "error", "message": "boom"}, "boom"),
        ({"error": {"code": 5}}, "the service reports an error"),
    ],
)
def test_an_error_in_mid_stream(
    parse: Parse, events: Callable[[], list[object]], error: object, sentence: str
) -> None:
    with pytest.raises(LlmReplyError) as caught:
        parse(stream(*events()[:2], error))
    assert caught.value.message == sentence


def test_a_failure_of_responses() -> None:
    response = {"status": "failed", "error": {"message": "boom"}}
    with pytest.raises(LlmReplyError, match="boom"):
        openai_responses.parse_reply(stream({"type": "response.failed", "response": response}))


def test_a_last_event_without_the_text() -> None:
    for output in ([], [{"type": "reasoning"}]):
        assert openai_responses.parse_reply(stream(*responses(output=output))).text == TEXT
    deltas = responses()[:-1]
    assert openai_responses.parse_reply(stream(*deltas, "[DONE]")).text == TEXT


def test_messages_instead_of_differences() -> None:
    parts = [{"choices": [{"message": {"content": part}}]} for part in PARTS]
    assert openai_chat.parse_reply(stream(*parts, "[DONE]")).text == TEXT


def test_only_the_first_choice_counts() -> None:
    other = {"choices": [{"index": 1, "delta": {"content": "other"}}]}
    assert openai_chat.parse_reply(stream(other, *chat())).text == TEXT


def test_content_in_parts() -> None:
    parts = [chunk(content=[{"type": "text", "text": part}]) for part in PARTS]
    assert openai_chat.parse_reply(stream(*parts, chunk("stop"))).text == TEXT


@both
@pytest.mark.parametrize(
    "body",
    [b"data: {", b"data: <html>\n\n", b"data:\n\n", b": comment\n\n", b"<html>\n</html>", b"{\n{"],
)
def test_what_is_no_stream(parse: Parse, events: object, body: bytes) -> None:
    with pytest.raises(LlmReplyError, match="parse response: error decoding"):
        parse(body)


@both
@given(body=st.binary() | st.from_regex(rb'(data: ?|\{"choices":\[|\{|\}|\]|"delta":|1|\n| )*'))
def test_every_reply_is_read_or_refused(parse: Parse, events: object, body: bytes) -> None:
    with suppress(LlmReplyError):
        parse(body)
