"""Xiaomi's service: spec asr §2.4, and the engine with a server on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.asr import Engine
from koe.asr.mimo import LONGEST_SECONDS, build_upload, interpret, open_engine
from koe.asr.recording import wav
from koe.asr.reply import HeardSoFar, Refusal, UploadReply
from koe.config.engines import AsrConfig, MimoConfig
from koe.events import BYTES_PER_SECOND, InterimHeard
from tests.asr.contract import EngineContract
from tests.servers.speech import API_KEY, SpeechServer, speech_server, transcribe_mimo

FOUR_SAMPLES = bytes.fromhex("00000100ffffff7f")

BODY = (
    '{"asr_options":{"language":"auto"},"messages":[{"content":[{"input_audio":{"data":'
    '"data:audio/wav;base64,UklGRiwAAABXQVZFZm10IBAAAAABAAEAgD4AAAB9AAACABAAZGF0YQgAAAAAAAEA'
    '////fw=="},"type":"input_audio"}],"role":"user"}],"model":"mimo-v2.5-asr","stream":true}'
)


def test_upload() -> None:
    upload = build_upload(MimoConfig(api_key=f" {API_KEY}\n"), wav(FOUR_SAMPLES))
    assert upload.body.decode() == BODY
    assert dict(upload.headers) == {
        "api-key": API_KEY,
        "Accept": "text/event-stream, application/json, text/plain",
        "Content-Type": "application/json",
    }


def test_empty_settings_are_the_defaults() -> None:
    config = MimoConfig(model="", language="")
    assert build_upload(config, b"").body == build_upload(MimoConfig(), b"").body


def test_no_secret_is_shown() -> None:
    config = MimoConfig(api_key=API_KEY)
    assert API_KEY not in repr(build_upload(config, b"")) + repr(config)


def test_the_longest_recording_is_as_short_as_the_vendor_wants() -> None:
    assert 44 + LONGEST_SECONDS * BYTES_PER_SECOND < 10_000_000 * 3 / 4 - 1000


def read(*chunks: bytes) -> tuple[list[InterimHeard], str | Refusal]:
    """The interims, and the text in the end, or the refusal."""
    reply = UploadReply(interpret)
    interims = [event for chunk in chunks for event in reply.receive(chunk)] + reply.end()
    assert reply.is_whole != bool(reply.refusal)
    return interims, reply.refusal or reply.text


def interims(*texts: str) -> list[InterimHeard]:
    return [InterimHeard(text) for text in texts]


def chunk(content: str) -> str:
    return f"data: {json.dumps({'choices': [{'delta': {'content': content}}]})}\n\n"


ANSWER = {"choices": [{"message": {"role": "assistant", "content": "Good morning."}}]}
USAGE = 'data: {"choices":[],"usage":{"total_tokens":9}}\n\n'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            f"{chunk('Good ')}{chunk('morning.')}{chunk('')}{USAGE}data: [DONE]\n\n",
            (interims("Good ", "Good morning."), "Good morning."),
        ),
        (json.dumps(ANSWER), (interims("Good morning."), "Good morning.")),
        (json.dumps(ANSWER) + "\n", (interims("Good morning."), "Good morning.")),
        (json.dumps(ANSWER, indent=2), (interims("Good morning."), "Good morning.")),
        (
            'data: {"error":{"message":"Invalid API key"}}\n\n',
            ([], Refusal("Invalid API key")),
        ),
    ],
    ids=["M1", "M2", "M2b", "M2c", "M3"],
)
def test_vectors(body: str, expected: tuple[list[InterimHeard], str | Refusal]) -> None:
    assert read(body.encode()) == expected


@pytest.mark.parametrize(
    ("document", "heard", "said"),
    [
        ({"choices": [{"delta": {"content": "test"}}]}, "", HeardSoFar("test")),
        ({"choices": [{"message": {"content": "完整文本"}}]}, "",
         HeardSoFar("完整文本", is_whole=True)),
        ({"choices": [{"delta": {"content": ""}, "message": {"content": "x"}}]}, "",
         HeardSoFar("")),
        ({"choices": [{"delta": {"content": None}, "message": {"content": "x"}}]}, "",
         HeardSoFar("x", is_whole=True)),
        ({"choices": [{"delta": {"role": "assistant"}}]}, "a", HeardSoFar("a")),
        ({"choices": [{"message": {"content": ""}}]}, "", HeardSoFar("", is_whole=True)),
        ({"choices": []}, "a", HeardSoFar("a")),
        ({"choices": [None]}, "a", HeardSoFar("a")),
        ({"choices": None}, "a", None),
        ({}, "a", None),
        ({"error": None, "choices": [{"delta": {"content": "b"}}]}, "a", HeardSoFar("ab")),
        ({"error": {"message": "no"}, "choices": [{"delta": {"content": "b"}}]}, "a",
         Refusal("no")),
        ({"choices": [{"delta": {"content": "b"}, "finish_reason": None}]}, "a", HeardSoFar("ab")),
        ({"choices": [{"delta": {}, "finish_reason": "stop"}]}, "a",
         HeardSoFar("a", is_whole=True)),
        ({"choices": [{"delta": {"content": "b"}, "finish_reason": "length"}]}, "a",
         HeardSoFar("ab", stopped="length")),
        ({"choices": [{"message": {"content": "b"}, "finish_reason": "stop"}]}, "",
         HeardSoFar("b", is_whole=True)),
        ({"choices": [{"message": {"content": None}, "finish_reason": "content_filter"}]}, "",
         HeardSoFar("", stopped="content_filter")),
        ({"choices": [{"message": {"content": "b"}, "finish_reason": "length"}]}, "",
         HeardSoFar("b", stopped="length")),
    ],
)  # fmt: skip
def test_documents(document: dict[str, object], heard: str, said: object) -> None:
    assert interpret(document, heard) == said


JSON = st.recursive(
    st.none() | st.text() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "message", "content", "error"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["choices", "error"]), JSON), st.text())
def test_any_document(document: dict[str, object], heard: str) -> None:
    assert isinstance(interpret(document, heard), HeardSoFar | Refusal | None)


@pytest.fixture(scope="module")
def server() -> Iterator[SpeechServer]:
    with speech_server(transcribe_mimo) as server:
        yield server


class TestMimo(EngineContract):
    @pytest.fixture(autouse=True)
    def _server(self, server: SpeechServer) -> None:
        self.server = server

    def open(self) -> Engine:
        url = f"{self.server.url}/v1/chat/completions"
        return open_engine(AsrConfig(mimo=MimoConfig(url=url, api_key=API_KEY)), ())

    @pytest.fixture
    def speech(self) -> bytes:
        return b"\1\2" * 80_000

    def is_right(self, text: str) -> bool:
        return text == "80000 samples"
