"""Zhipu's service: spec asr §2.3, and the engine with a server on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.asr import Engine
from koe.asr.glm import build_upload, interpret, open_engine
from koe.asr.recording import wav
from koe.asr.reply import HeardSoFar, Refusal, UploadReply
from koe.config.engines import AsrConfig, GlmConfig
from koe.events import InterimHeard
from tests.asr.contract import EngineContract
from tests.servers.speech import API_KEY, SpeechServer, form_parts, speech_server, transcribe_glm

FOUR_SAMPLES = bytes.fromhex("00000100ffffff7f")

FORM = """\
--B\r
Content-Disposition: form-data; name="model"\r
Content-Type: text/plain\r
\r
glm-asr-2512\r
--B\r
Content-Disposition: form-data; name="file"; filename="audio.wav"\r
Content-Type: audio/wav\r
\r
<WAV>\r
--B\r
Content-Disposition: form-data; name="stream"\r
Content-Type: text/plain\r
\r
true\r
"""
PROMPT = """\
--B\r
Content-Disposition: form-data; name="prompt"\r
Content-Type: text/plain\r
\r
专有名词：Koe\r
"""


def test_upload_with_a_prompt() -> None:
    config = GlmConfig(api_key=f" {API_KEY}\n", prompt="专有名词：Koe")
    upload = build_upload(config, wav(FOUR_SAMPLES), "B")
    expected = f"{FORM}{PROMPT}--B--\r\n".encode().replace(b"<WAV>", wav(FOUR_SAMPLES))
    assert upload.body == expected
    assert dict(upload.headers) == {
        "Authorization": f"Bearer {API_KEY}",
        "Accept": "text/event-stream, application/json, text/plain",
        "Content-Type": "multipart/form-data; boundary=B",
    }


@pytest.mark.parametrize("prompt", [None, ""])
def test_upload_without_a_prompt(prompt: str | None) -> None:
    upload = build_upload(GlmConfig(prompt=prompt), wav(FOUR_SAMPLES), "B")
    assert upload.body == f"{FORM}--B--\r\n".encode().replace(b"<WAV>", wav(FOUR_SAMPLES))


def test_an_empty_model_is_the_default_one() -> None:
    assert build_upload(GlmConfig(model=""), b"", "B") == build_upload(GlmConfig(), b"", "B")


def test_no_secret_is_shown() -> None:
    config = GlmConfig(api_key=API_KEY)
    assert API_KEY not in repr(build_upload(config, b"", "B")) + repr(config)


def read(*chunks: bytes) -> tuple[list[InterimHeard], str | Refusal]:
    """The interims, and the text in the end, or the refusal."""
    reply = UploadReply(interpret)
    interims = [event for chunk in chunks for event in reply.receive(chunk)] + reply.end()
    assert reply.is_whole != bool(reply.refusal)
    return interims, reply.refusal or reply.text


def delta(text: str) -> dict[str, object]:
    return {"id": "1", "model": "m", "type": "transcript.text.delta", "delta": text}


def done(text: str | None) -> dict[str, object]:
    about: dict[str, object] = {"type": "transcript.text.done"}
    return about if text is None else {**about, "text": text}


def sent(*documents: object, mark: bool = True) -> bytes:
    lines = [f"data: {json.dumps(it, ensure_ascii=False)}\n\n" for it in documents]
    return "".join([*lines, "data: [DONE]\n\n" * mark]).encode()


def interims(*texts: str) -> list[InterimHeard]:
    return [InterimHeard(text) for text in texts]


G5 = sent(done("你好"))


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (
            [sent(delta("这里的"), delta("天气"), delta("怎么样"), done("这里的天气怎么样"))],
            (interims("这里的", "这里的天气", "这里的天气怎么样"), "这里的天气怎么样"),
        ),
        (
            [sent(delta("这里的"), delta("天气"), done(None))],
            (interims("这里的", "这里的天气"), "这里的天气"),
        ),
        (['{"text":"你好"}'.encode()], (interims("你好"), "你好")),
        (['{"text":"你好"}\n'.encode()], (interims("你好"), "你好")),
        (
            [sent({"error": {"code": "1113", "message": "余额不足"}}, mark=False)],
            ([], Refusal("余额不足", "1113")),
        ),
        ([G5[: G5.index("好".encode()) + 1], G5[G5.index("好".encode()) + 1 :]],
         (interims("你好"), "你好")),
        ([sent(delta("好"), delta("好"))], (interims("好", "好好"), "好好")),
    ],
    ids=["G1", "G2", "G3", "G3b", "G4", "G5", "G6"],
)  # fmt: skip
def test_vectors(chunks: list[bytes], expected: tuple[list[InterimHeard], str | Refusal]) -> None:
    assert read(*chunks) == expected


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"results":[{"text":"a"}]}', interims("a")),
        ("event: message", []),
        (": ping", []),
        ('{"text":"","delta":"x"}', interims("x")),
        ('"str"', []),
        ('{"text":"a","error":{"message":"no"}}', interims("a")),
    ],
)
def test_single_lines(line: str, said: list[InterimHeard]) -> None:
    """One document each (spec asr §2.3.5)."""
    assert UploadReply(interpret).receive(f"{line}\n".encode()) == said


@pytest.mark.parametrize(
    ("document", "heard", "said"),
    [
        ({"type": "transcript.begun"}, "a", None),
        ({"type": "transcript.text.delta"}, "a", None),
        ({"type": "transcript.text.delta", "delta": None}, "a", None),
        ({"type": "transcript.text.delta", "delta": ""}, "a", HeardSoFar("a")),
        ({"type": "transcript.text.delta", "delta": "b"}, "a", HeardSoFar("ab")),
        ({"type": "transcript.text.done", "text": ""}, "a", HeardSoFar("a", is_whole=True)),
        ({"type": "transcript.text.done"}, "a", HeardSoFar("a", is_whole=True)),
        ({"text": ""}, "a", HeardSoFar("a", is_whole=True)),
        ({"results": [{"text": ""}]}, "", HeardSoFar("", is_whole=True)),
        ({"results": []}, "", None),
        ({"error": None}, "", None),
        ({"error": None, "text": "b"}, "a", HeardSoFar("b", is_whole=True)),
        ({"error": {"message": "no"}}, "a", Refusal("no")),
        ({"code": 401, "msg": "令牌已过期"}, "", None),
        ({"transcript": "b"}, "a", HeardSoFar("b", is_whole=True)),
        ({"delta": "b"}, "a", HeardSoFar("ab")),
        ({"content": [1]}, "a", None),
    ],
)
def test_documents(document: dict[str, object], heard: str, said: object) -> None:
    assert interpret(document, heard) == said


@given(
    st.dictionaries(
        st.sampled_from(["type", "text", "delta", "results", "error", "content"]),
        st.none() | st.text() | st.integers() | st.lists(st.none() | st.text()) | st.just({}),
    ),
    st.text(),
)
def test_any_document(document: dict[str, object], heard: str) -> None:
    assert isinstance(interpret(document, heard), HeardSoFar | Refusal | None)


def test_which_errors_stay() -> None:
    """An empty account comes with the status of a service that is busy."""
    stay = build_upload(GlmConfig(), b"", "B").permanent_errors
    assert {"1000", "1113", "1210", "1301", "1304"} <= stay
    assert not {"500", "1200", "1234", "1302", "1303", "1305", "1312"} & stay


@pytest.fixture(scope="module")
def server() -> Iterator[SpeechServer]:
    with speech_server(transcribe_glm) as server:
        yield server


class TestGlm(EngineContract):
    @pytest.fixture(autouse=True)
    def _server(self, server: SpeechServer) -> None:
        self.server = server

    def open(self) -> Engine:
        url = f"{self.server.url}/api/paas/v4/audio/transcriptions"
        config = AsrConfig(glm=GlmConfig(url=url, api_key=API_KEY, prompt="专有名词：Koe"))
        return open_engine(config, ())

    @pytest.fixture
    def speech(self) -> bytes:
        return b"\1\2" * 80_000

    def is_right(self, text: str) -> bool:
        return text == "80000 samples"

    def test_what_the_server_got(self, speech: bytes, server: SpeechServer) -> None:
        self.test_order_of_events(speech)
        received = server.received[-1]
        assert received.target == "/api/paas/v4/audio/transcriptions"
        assert received.headers["user-agent"].startswith("koe/")
        assert received.headers["accept-encoding"] == "identity"
        names = [part.get_param("name", header="content-disposition")
                 for part in form_parts(received)]  # fmt: skip
        assert names == ["model", "file", "stream", "prompt"]
