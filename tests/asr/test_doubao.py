"""Frames byte by byte (spec asr §2.1.2), the request, the headers; and the engine at a service."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.asr import Engine, open_engine
from koe.asr.doubao import DoubaoProtocol, parse
from koe.asr.protocol import Message
from koe.asr.streaming import StreamingEngine
from koe.config.engines import AsrConfig, DoubaoConfig
from koe.errors import AsrConnectionError, AsrProtocolError
from koe.events import DefiniteHeard, EngineClosed, Event, FinalHeard, InterimHeard
from tests.asr.contract import PATIENCE, SPEECH, StreamingContract, attempt, final_text
from tests.servers.clients import run_client
from tests.servers.doubao import LOG_ID, DoubaoService, error, response
from tests.servers.service import Service

KEY = "secret-key-of-the-user"

# 700 ms, which is what the worked examples are about.
SENT_BYTES = 700 * 32
SENT = SENT_BYTES // 2


class TestDoubao(StreamingContract):
    garbage = (b"", b"\x11\x91\x10", bytes.fromhex("11b110000000000100000000"))
    ignored = ("", "text", "{}")

    def serve(self) -> Service:
        service = DoubaoService()
        service.is_strict = True
        return service

    def engine_at(
        self, url: str, connect_timeout: float = PATIENCE, stall: float = PATIENCE
    ) -> Engine:
        section = DoubaoConfig(url=url, api_key=KEY, connect_timeout=connect_timeout)
        return open_engine(AsrConfig(provider="doubao", doubao=section, stall=stall))

    def is_the_end(self, message: Message) -> bool:
        return isinstance(message, bytes) and message.startswith(bytes.fromhex("11220100"))

    def error(self, message: str) -> tuple[Message, str]:
        reported = f'ASR protocol error: server error 45000001: {{"error":"{message}"}}'
        return error(45000001, message), reported

    def test_what_the_service_sees(self) -> None:
        """The whole of a conversation: the request, packets of 200 ms, the end."""
        samples = bytes.fromhex("00000100ffffff7f")
        asyncio.run(attempt(self.open(), [SPEECH[:13_000], samples[:3], samples[3:]]))
        conversation = self.service.conversation()
        assert conversation.path == "/api/v3/sauc/bigmodel_async"
        request, *packets, last = map(bytes_of, conversation.received)
        assert request.startswith(bytes.fromhex("11101100"))
        assert [packet[:4].hex() for packet in packets] == ["11200100"] * 3
        assert b"".join(map(payload_of, packets)) == SPEECH[:13_000] + samples
        assert [len(payload_of(packet)) for packet in packets] == [6400, 6400, 208]
        assert last == vector("end")


# --- the worked examples -----------------------------------------------------------------


VECTORS = {
    "request": """
        11 10 11 00 00 00 00 b2 1f 8b 08 00 00 00 00 00 00 ff 5d 8e b1 0e 83 30 0c 44 ff c5 33 95
        e8 d2 81 9f 41 26 31 25 6a e2 d0 c4 16 aa 10 ff 5e a7 55 3b b0 f9 9d 7d be db 01 d5 87 0c
        c3 0e 53 90 0a c3 f5 d6 81 5b 90 99 a2 81 cd d9 93 83 01 0a 6e d0 c1 9c 4b 42 31 5c 5d 32
        2c 28 d4 2c 7d df 1f 46 f4 54 aa d2 7e 11 e3 14 69 f4 de ac 52 94 ba 9f 12 84 4f 0a 67 ae
        52 08 d3 49 5f 95 ff e6 64 25 e2 c8 98 2c cd 7a de 3f dc f2 a9 6a 94 51 5e 6b 5b cc 1a 9b
        58 97 bc 8d 2a 42 05 d9 51 fd fe b0 7a 5a a9 b4 6e 1a bc 1d 3f 32 5d b0 16 38 8e 37 42 9a
        0e 44 03 01 00 00""",
    "request with hotwords": """
        11 10 11 00 00 00 00 f5 1f 8b 08 00 00 00 00 00 00 ff 5d 8f 31 4e c4 40 0c 45 ef e2 3a 48
        a1 a1 c8 15 38 02 41 91 37 e3 25 11 33 76 98 f1 28 a0 68 4a 4e c0 01 a8 28 11 05 3d b7 41
        5a 6e 81 87 95 56 68 bb ff fe b7 2d ff 0d 30 bb 59 a0 db 60 37 6b 82 ee f2 aa 81 71 42 66
        f2 06 a6 c5 d1 08 1d 44 5c a1 81 bd c4 80 6a b8 8c c1 30 a2 52 5d 69 db b6 18 d1 43 a6 a4
        f5 d6 28 71 c9 e9 a8 58 e9 b1 ae 6c 3d 4c a2 ab 44 97 7a e8 6e 0c ab 36 d9 c3 b5 50 0f a5
        f9 6f 1d 3e de 7f 5e 3f 0f 5f 2f df cf 6f 96 dd 16 cb 81 18 77 9e 06 e7 ec 23 8d 99 4e ce
        ac 7c e6 b0 70 d2 48 18 ce fc 25 f3 69 39 58 37 3f 30 06 2b 61 f5 ef fe b8 d6 a2 94 bd 0e
        fa b4 d4 60 9f 7d 35 d3 24 eb 90 55 29 22 8f 94 8e 37 ec a7 9c 28 d6 a2 79 76 36 7c 2f 74
        81 29 42 29 bf 8c 2e a9 e8 5a 01 00 00""",
    "audio": """
        11 20 01 00 00 00 00 1c 1f 8b 08 00 00 00 00 00 00 ff 63 60 60 64 f8 ff ff 7f 3d 00 0f af
        7d 9d 08 00 00 00""",
    "end": """
        11 22 01 00 00 00 00 14 1f 8b 08 00 00 00 00 00 00 ff 03 00 00 00 00 00 00 00 00 00""",
    "acknowledgement": """
        11 91 10 00 00 00 00 01 00 00 00 16 7b 22 72 65 73 75 6c 74 22 3a 7b 22 74 65 78 74 22 3a
        22 22 7d 7d""",
    "interim": """
        11 91 10 00 00 00 00 02 00 00 00 6c 7b 22 72 65 73 75 6c 74 22 3a 7b 22 74 65 78 74 22 3a
        22 e4 bd a0 e5 a5 bd 22 2c 22 75 74 74 65 72 61 6e 63 65 73 22 3a 5b 7b 22 64 65 66 69 6e
        69 74 65 22 3a 66 61 6c 73 65 2c 22 65 6e 64 5f 74 69 6d 65 22 3a 34 38 30 2c 22 73 74 61
        72 74 5f 74 69 6d 65 22 3a 30 2c 22 74 65 78 74 22 3a 22 e4 bd a0 e5 a5 bd 22 7d 5d 7d
        7d""",
    "definite": """
        11 91 11 00 00 00 00 03 00 00 00 6e 1f 8b 08 00 00 00 00 00 00 ff ab 56 2a 4a 2d 2e cd 29
        51 b2 aa 56 2a 49 ad 00 d2 4a 4f f6 2e 78 ba 74 ef e3 86 26 25 1d a5 d2 92 92 d4 a2 c4 bc
        e4 d4 62 25 ab e8 6a a5 94 d4 b4 cc bc cc 92 54 25 ab 92 a2 d2 54 1d a5 d4 bc 94 f8 92 cc
        5c 20 df cc c8 40 47 a9 b8 24 b1 a8 04 2a 00 e4 62 98 57 1b 5b 5b 0b 00 ec 6c 6b 46 71 00
        00 00""",
    "last": """
        11 93 10 00 ff ff ff fc 00 00 00 46 7b 22 61 75 64 69 6f 5f 69 6e 66 6f 22 3a 7b 22 64 75
        72 61 74 69 6f 6e 22 3a 37 30 30 7d 2c 22 72 65 73 75 6c 74 22 3a 7b 22 74 65 78 74 22 3a
        22 e4 bd a0 e5 a5 bd e3 80 82 e4 b8 96 e7 95 8c e3 80 82 22 7d 7d""",
    "last without a number": """
        11 92 10 00 00 00 00 18 7b 22 72 65 73 75 6c 74 22 3a 7b 22 74 65 78 74 22 3a 22 6f 6b 22
        7d 7d""",
    "error": """
        11 f0 10 00 02 ae a5 41 00 00 00 17 7b 22 65 72 72 6f 72 22 3a 22 62 61 64 20 72 65 71 75
        65 73 74 22 7d""",
}


def vector(name: str) -> bytes:
    return bytes.fromhex(VECTORS[name])


def bytes_of(message: Message) -> bytes:
    assert isinstance(message, bytes)
    return message


def payload_of(frame: bytes) -> bytes:
    assert int.from_bytes(frame[4:8], "big") == len(frame) - 8
    return gzip.decompress(frame[8:])


def session(*terms: str, **values: object) -> DoubaoProtocol:
    config = DoubaoConfig(api_key=KEY).replace(**values)
    return DoubaoProtocol(config, terms, "00000000-0000-4000-8000-000000000001")


def heard(*frames: bytes) -> list[Message | Event]:
    protocol = session()
    protocol.send(bytes(SENT_BYTES))
    protocol.finish()
    return [step for frame in frames for step in protocol.receive(frame)]


def request_of(protocol: DoubaoProtocol) -> dict[str, dict[str, object]]:
    (frame,) = protocol.begin()
    document: dict[str, dict[str, object]] = json.loads(payload_of(bytes_of(_message(frame))))
    return document


def _message(step: Message | Event) -> Message:
    assert not isinstance(step, Event)
    return step


def test_requests() -> None:
    """a and b; compressed by whatever, so what counts is what is in them, and all around it."""
    for name, protocol in (
        ("request", session()),
        ("request with hotwords", session("Koe", "语音输入")),
    ):
        (frame,) = protocol.begin()
        assert bytes_of(_message(frame))[:4] == vector(name)[:4]
        assert bytes_of(_message(frame))[8:18] == vector(name)[8:18]
        assert payload_of(bytes_of(_message(frame))) == payload_of(vector(name))


def test_audio_and_its_end() -> None:
    """c and d."""
    protocol = session()
    assert protocol.is_ready
    assert protocol.send(bytes.fromhex("00000100ffffff7f")) == [vector("audio")]
    assert protocol.finish() == [vector("end")]


def test_no_audio() -> None:
    """Nothing is asked: the service would answer with an error."""
    assert session().finish() == [FinalHeard("", 0), EngineClosed()]


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("acknowledgement", [InterimHeard("")]),
        ("interim", [InterimHeard("你好")]),
        ("definite", [DefiniteHeard("你好。", 620 * 16)]),
        ("last", [FinalHeard("你好。世界。", SENT), EngineClosed()]),
        ("last without a number", [FinalHeard("ok", SENT), EngineClosed()]),
    ],
)
def test_what_is_heard(name: str, steps: list[Event]) -> None:
    """e to i."""
    assert heard(vector(name)) == steps


def test_an_error() -> None:
    """j."""
    with pytest.raises(AsrProtocolError) as caught:
        heard(vector("error"))
    assert str(caught.value) == (
        'ASR protocol error: server error 45000001: {"error":"bad request"}'
    )


def test_a_packed_error() -> None:
    packed = gzip.compress("配额不足".encode())
    frame = bytes.fromhex("11f01100 00000007") + len(packed).to_bytes(4, "big") + packed
    with pytest.raises(AsrProtocolError, match="server error 7: 配额不足"):
        heard(frame)


@pytest.mark.parametrize(
    ("frame", "reported"),
    [
        ("11f01000", "server error 0: "),
        ("11f0100002aea541", "server error 45000001: "),
        ("11f0100002aea54100000005 6162", "server error 45000001: "),
        ("11f0100002aea54100000002 61ff62", "server error 45000001: a\ufffd"),
        ("11f01100 00000007 00000002 6162", "server error 7: ab"),
    ],
)
def test_half_an_error(frame: str, reported: str) -> None:
    with pytest.raises(AsrProtocolError) as caught:
        heard(bytes.fromhex(frame))
    assert caught.value.message == reported


@pytest.mark.parametrize(
    ("frame", "refusal"),
    [
        ("", "frame too short"),
        ("119110", "frame too short"),
        ("119110000000", "missing sequence"),
        ("119010000000", "missing payload size"),
        ("1190100000000005 7b7d", "incomplete payload"),
        ("11b110000000000100000000", "unknown message type: 0b1011"),
        ("111010000000000100000000", "unknown message type: 0b0001"),
        ("1f9110000000000000000000", "missing sequence"),
        ("1190100000000001 7b", "parse JSON: Expecting property name"),
        ("1190100000000002 5b5d", "parse JSON: it is not an object"),
        ("1190100000000002 ff7d", "parse JSON: 'utf-8' codec can't decode byte 0xff"),
        ("1190110000000002 7b7d", "gzip decompress: Error -3"),
        ("1190110000000000", "gzip decompress: it ends too early"),
    ],
)
def test_no_frame(frame: str, refusal: str) -> None:
    with pytest.raises(AsrProtocolError) as caught:
        heard(bytes.fromhex(frame))
    assert caught.value.message.startswith(refusal)


@pytest.mark.parametrize(
    ("document", "refusal"),
    [
        ({"result": []}, "parse JSON: 'result' is not an object"),
        ({"result": {"text": 7}}, "parse JSON: 'text' is not a text"),
        ({"result": {"utterances": {}}}, "parse JSON: 'utterances' is not a list of objects"),
        ({"result": {"utterances": [7]}}, "parse JSON: 'utterances' is not a list of objects"),
    ],
)
def test_a_result_of_the_wrong_shape(document: object, refusal: str) -> None:
    with pytest.raises(AsrProtocolError) as caught:
        heard(response(1, document))
    assert caught.value.message == refusal


@pytest.mark.parametrize("document", [{}, {"result": None}, {"result": {"text": None}}])
def test_nothing_is_no_text(document: object) -> None:
    assert heard(response(1, document)) == [InterimHeard("")]


def test_what_is_no_json_is_nothing() -> None:
    assert heard(bytes.fromhex("1190000000000002 7b7d")) == [InterimHeard("")]


def test_a_longer_header_and_more_than_announced() -> None:
    frame = bytes.fromhex("12901000 01020304 00000002 7b7d 7b7d")
    assert heard(frame) == [InterimHeard("")]


def result(text: str, *utterances: dict[str, object]) -> bytes:
    return response(2, {"result": {"text": text, "utterances": list(utterances)}})


def utterance(text: str, end_ms: object = None, *, definite: bool = True) -> dict[str, object]:
    return {"definite": definite, "end_time": end_ms, "text": text}


def test_two_passes() -> None:
    """What is definite stays so, and what follows it is a hypothesis."""
    first = utterance("你好。", 320)
    assert heard(
        result("你好", {"definite": "true"}),
        result("你好。", first),
        result("你好。世", first, utterance("世", definite=False)),
        result("你好。世界", first, utterance("世界", definite=False)),
        result("你好。世界。", first, utterance("世界。", 640)),
    ) == [
        InterimHeard("你好"),
        DefiniteHeard("你好。", 320 * 16),
        InterimHeard("你好。世"),
        InterimHeard("你好。世界"),
        DefiniteHeard("你好。世界。", 640 * 16),
    ]


def test_both_in_one_result() -> None:
    """With the spaces that the service has put between utterances."""
    assert heard(
        result("Hello there. How", utterance("Hello there.", 500), {"text": "How"}),
    ) == [DefiniteHeard("Hello there.", 500 * 16), InterimHeard("Hello there. How")]
    assert heard(
        result("One. Two. Th", utterance(" One. ", 200), utterance("Two.", 400), {"text": "Th"}),
    ) == [DefiniteHeard("One. Two.", 400 * 16), InterimHeard("One. Two. Th")]


def test_a_hypothesis_that_was_none() -> None:
    """It must not stand for ever, so what is definite is reported again."""
    first = utterance("你好。", 320)
    assert heard(
        result("你好。", first),
        result("你好。嗯", first, utterance("嗯", definite=False)),
        result("你好。", first),
    ) == [
        DefiniteHeard("你好。", 320 * 16),
        InterimHeard("你好。嗯"),
        DefiniteHeard("你好。", 320 * 16),
    ]


def test_what_follows_an_open_utterance_is_not_definite() -> None:
    assert heard(result("甲乙。", utterance("甲", definite=False), utterance("乙。", 500))) == [
        InterimHeard("甲乙。")
    ]


@pytest.mark.parametrize(
    "utterances",
    [
        [{"definite": True}],
        [utterance("", 300)],
        [utterance("Hi.", 300)],
        [utterance("世界。", 300)],
        [utterance("你好。", 300), utterance("再见。", 600)],
    ],
)
def test_utterances_that_are_not_those_of_the_text(utterances: list[dict[str, object]]) -> None:
    """All of the text counts as definite, as far as that may reach."""
    assert heard(result("你好。世界。", *utterances)) == [DefiniteHeard("你好。世界。")]


@pytest.mark.parametrize(
    ("end_ms", "upto"),
    [(0, 0), (699.9, 11198), (701, SENT), (-1, None), (60_000, None), (1e300, None),
     (10**400, None), (True, None), ("620", None), ({}, None), (None, None)],
)  # fmt: skip
def test_how_far_a_result_reaches(end_ms: object, upto: int | None) -> None:
    """The service is not believed what can't be."""
    assert heard(result("好。", utterance("好。", end_ms))) == [DefiniteHeard("好。", upto)]


def test_a_result_that_goes_back() -> None:
    assert heard(
        result("甲。", utterance("甲。", 600)), result("乙。", utterance("乙。", 500))
    ) == [
        DefiniteHeard("甲。", 600 * 16),
        DefiniteHeard("乙。"),
    ]


def test_an_end_before_the_audio_ended() -> None:
    """With how far it reaches: what follows is for another engine to hear."""
    assert session().receive(vector("last")) == [
        FinalHeard("你好。世界。"),
        EngineClosed("it ended the session early"),
    ]
    protocol = session()
    protocol.send(bytes(SENT_BYTES))
    document = {"result": {"text": "你好。", "utterances": [utterance("你好。", 320)]}}
    assert protocol.receive(response(-2, document, last=True)) == [
        FinalHeard("你好。", 320 * 16),
        EngineClosed("it ended the session early"),
    ]


def test_an_address_that_answers_late() -> None:
    """Its silence about speech says nothing."""
    url = "wss://openspeech.bytedance.com/api/v3/sauc/bigmodel"
    assert session().answers_speech
    assert session(url=url).answers_speech
    assert not session(url=f"{url}_nostream").answers_speech
    assert not session(url=f"{url}_nostream?a=b").answers_speech


@pytest.mark.parametrize(
    ("code", "is_permanent"),
    [(45000001, True), (45000002, True), (45000151, True), (45000081, False), (55000031, False),
     (55000000, False), (0, False)],
)  # fmt: skip
def test_which_errors_stay(code: int, is_permanent: bool) -> None:
    with pytest.raises(AsrProtocolError) as caught:
        heard(error(code, "no"))
    assert caught.value.is_permanent == is_permanent


def test_half_a_character() -> None:
    """A lone surrogate is no text that can be written down."""
    text = b'{"result":{"text":"\\ud83d!"}}'
    assert heard(b"\x11\x90\x10\0" + len(text).to_bytes(4, "big") + text) == [
        InterimHeard("\ufffd!")
    ]


def test_bombs() -> None:
    """A frame of 100 kB that would be 100 MB, and JSON that would be as deep."""
    bomb = zlib.compressobj(9, wbits=31)
    packed = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(100)) + bomb.flush()
    frame = bytes.fromhex("11901100") + len(packed).to_bytes(4, "big") + packed
    tracemalloc.start()
    with pytest.raises(AsrProtocolError, match="gzip decompress: more than 4 MiB"):
        heard(frame)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20
    deep = b'{"result":' * 100_000
    with pytest.raises(AsrProtocolError, match="parse JSON: it is nested too deeply"):
        heard(b"\x11\x90\x10\0" + len(deep).to_bytes(4, "big") + deep)


@given(st.binary(max_size=200))
def test_any_bytes(message: bytes) -> None:
    try:
        parse(message)
    except AsrProtocolError as exc:
        assert exc.message


@given(st.sampled_from(sorted(VECTORS)), st.integers(0, 300), st.binary(min_size=1, max_size=4))
def test_damaged_frames(name: str, position: int, damage: bytes) -> None:
    whole = vector(name)
    position %= len(whole)
    frame = whole[:position] + damage + whole[position + len(damage) :]
    for message in (frame, whole[:position]):
        try:
            heard(message)
        except AsrProtocolError as exc:
            assert exc.message


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["result", "text", "utterances", "definite"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(_JSON, st.booleans(), st.booleans())
def test_any_json(document: object, last: bool, packed: bool) -> None:
    try:
        steps = heard(response(1, document, last=last, packed=packed))
    except AsrProtocolError as exc:
        assert exc.message
    else:
        assert isinstance(steps[0], InterimHeard | DefiniteHeard | FinalHeard)


# --- the request -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("output_zh_variant", "tw"),
        ("end_window_size", 200),
        ("force_to_speech_time", 0),
        ("vad_segment_duration", 3000),
    ],
)
def test_optional_members(setting: str, value: object) -> None:
    assert setting not in request_of(session())["request"]
    assert request_of(session(**{setting: value}))["request"][setting] == value


def test_language() -> None:
    assert "language" not in request_of(session(language=None))["audio"]
    assert "language" not in request_of(session(language=""))["audio"]
    assert request_of(session(language="zh-CN"))["audio"]["language"] == "zh-CN"


def test_acceleration() -> None:
    """The score counts only with its switch."""
    off = request_of(session(accelerate_score=5))["request"]
    assert "enable_accelerate_text" not in off
    assert "accelerate_score" not in off
    on = request_of(session(enable_accelerate_text=True, accelerate_score=5))["request"]
    assert (on["enable_accelerate_text"], on["accelerate_score"]) == (True, 5)
    assert "accelerate_score" not in request_of(session(enable_accelerate_text=True))["request"]


@pytest.mark.parametrize("switch", ["ddc", "itn", "punc", "nonstream"])
def test_switches(switch: str) -> None:
    assert request_of(session())["request"][f"enable_{switch}"] is True
    assert (
        request_of(session(**{f"enable_{switch}": False}))["request"][f"enable_{switch}"] is False
    )


def test_hotwords_are_text_in_text() -> None:
    corpus = request_of(session('say "Koe"', "\udcff"))["request"]["corpus"]
    assert isinstance(corpus, dict)
    assert json.loads(corpus["context"]) == {
        "hotwords": [{"word": 'say "Koe"'}, {"word": "\ufffd"}]
    }


# --- the handshake -----------------------------------------------------------------------

RESOURCE = {
    "X-Api-Resource-Id": "volc.seedasr.sauc.duration",
    "X-Api-Connect-Id": "00000000-0000-4000-8000-000000000001",
    "X-Api-Request-Id": "00000000-0000-4000-8000-000000000001",
    "X-Api-Sequence": "-1",
}


def test_headers_with_one_key() -> None:
    handshake = session(app_key="app", access_key="token").handshake
    assert handshake.url == "wss://openspeech.bytedance.com/api/v3/sauc/bigmodel_async"
    assert handshake.headers == {"X-Api-Key": KEY, **RESOURCE}
    assert handshake.secrets == (KEY,)
    assert KEY not in repr(handshake)


def test_headers_with_two_keys() -> None:
    handshake = session(api_key="", app_key="app", access_key=KEY).handshake
    assert handshake.headers == {"X-Api-App-Key": "app", "X-Api-Access-Key": KEY, **RESOURCE}
    assert handshake.secrets == ("app", KEY)
    half = session(api_key="", app_key="app").handshake
    assert half.headers == {"X-Api-App-Key": "app", "X-Api-Access-Key": "", **RESOURCE}


def test_headers_of_the_user() -> None:
    """They take the place of all others; of equal names the last counts."""
    headers = {"x-token": "first", "Authorization": f"Bearer {KEY}", "X-Token": "second"}
    handshake = session(headers=headers).handshake
    assert handshake.headers == {"X-Token": "second", "Authorization": f"Bearer {KEY}"}
    assert handshake.secrets == (KEY,)


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"api_key": "a\nb"}, "invalid api_key"),
        ({"api_key": "", "app_key": "a\0b"}, "invalid app_key"),
        ({"api_key": "", "access_key": "a\x7fb"}, "invalid access_key"),
        ({"resource_id": "\r"}, "invalid resource_id"),
        ({"headers": {"a b": "c"}}, "invalid header name: a b"),
        ({"headers": {"": "c"}}, "invalid header name: "),
        ({"headers": {"a": "c\n"}}, "invalid header value for a"),
        ({"url": "ws://10.0.0.5/asr"}, "insecure endpoint ws://10.0.0.5/asr: use https:// or wss"),
        ({"url": "https://h/asr?key=k"}, "invalid URL: https://h/asr does not begin with wss://"),
        ({"url": "wss://h/#x"}, "invalid URL: wss://h/ has a fragment"),
    ],
)
def test_settings_that_cannot_be_used(values: dict[str, object], refusal: str) -> None:
    with pytest.raises(AsrConnectionError) as caught:
        session(**values)
    assert caught.value.message.startswith(refusal)
    assert KEY not in str(caught.value)


# --- the imitation of the service, and other people's clients ------------------------------


def test_the_imitation_says_what_the_service_says() -> None:
    """e to j."""
    utterance = {"definite": False, "end_time": 480, "start_time": 0, "text": "你好"}
    definite = {"definite": True, "end_time": 620, "start_time": 0, "text": "你好。"}
    last = {"audio_info": {"duration": 700}, "result": {"text": "你好。世界。"}}
    assert response(1, {"result": {"text": ""}}) == vector("acknowledgement")
    interim = {"result": {"text": "你好", "utterances": [utterance]}}
    assert response(2, interim) == vector("interim")
    packed = response(3, {"result": {"text": "你好。", "utterances": [definite]}}, packed=True)
    assert packed[:8] == vector("definite")[:8]
    assert gzip.decompress(packed[12:]) == gzip.decompress(vector("definite")[12:])
    assert response(-4, last, last=True) == vector("last")
    assert response(None, {"result": {"text": "ok"}}, last=True) == vector("last without a number")
    assert error(45000001, "bad request") == vector("error")


def test_the_imitation_is_strict() -> None:
    """It would not take another client for ours."""
    with DoubaoService() as service:
        service.is_strict = True
        wrong = gzip.compress(b"{}")
        config = DoubaoConfig(url=service.url, api_key=KEY)
        protocol = DoubaoProtocol(config, (), "id")
        protocol._request = bytes.fromhex("11101000") + len(wrong).to_bytes(4, "big") + wrong
        _, failure = asyncio.run(attempt(StreamingEngine(protocol, PATIENCE), [SPEECH]))
    assert "11101000 is not 11101100" in failure


@pytest.mark.parametrize(
    ("client", "arguments"),
    [
        ("run_doubao_speech", ()),
        ("run_volcengine_audio", ("v2",)),
        ("run_volcengine_audio", ("v3",)),
    ],
)
def test_other_clients_hear_what_we_hear(
    client: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    speech = tmp_path / "speech.pcm"
    speech.write_bytes(SPEECH)
    with DoubaoService() as service:
        theirs = run_client(client, *arguments, service.url, str(speech), directory=tmp_path)
        section = DoubaoConfig(url=service.url, api_key=KEY)
        events, _ = asyncio.run(
            attempt(open_engine(AsrConfig(provider="doubao", doubao=section)), [SPEECH])
        )
    texts = [result["text"] for result in theirs if result["text"]]
    ours = [
        event.text
        for event in events
        if isinstance(event, InterimHeard | DefiniteHeard | FinalHeard) and event.text
    ]
    # Less often than we, where the end comes with the last audio.
    assert texts == [text for text in ours if text in texts]
    assert texts[-1] == final_text(events)


def test_another_client_reads_our_request(tmp_path: Path) -> None:
    (request,) = session("Koe", "语音输入").begin()
    path = tmp_path / "request"
    path.write_bytes(bytes_of(_message(request)))
    (theirs,) = run_client("run_volcengine_audio", "parse", "-", str(path), directory=tmp_path)
    assert theirs == json.loads(payload_of(vector("request with hotwords")))


def test_the_service_s_name_for_a_session_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with DoubaoService() as service:
        section = DoubaoConfig(url=service.url, api_key=KEY)
        asyncio.run(attempt(open_engine(AsrConfig(provider="doubao", doubao=section)), [SPEECH]))
    assert f"doubao calls this session {LOG_ID}" in caplog.messages


def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with DoubaoService() as service:
        section = DoubaoConfig(url=service.url, api_key=KEY)
        asyncio.run(attempt(open_engine(AsrConfig(provider="doubao", doubao=section)), [SPEECH]))
    ours = [r.getMessage() for r in caplog.records if r.threadName == "MainThread"]
    assert not any(KEY in message for message in ours)
