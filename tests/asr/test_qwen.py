"""Messages (spec asr §§2.2.3, 2.2.4), sentences, and the engine at a service."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.asr import Engine, open_engine
from koe.asr.protocol import Message
from koe.asr.qwen import QwenProtocol
from koe.config.engines import AsrConfig, QwenConfig
from koe.errors import AsrConnectionError, AsrError, AsrProtocolError
from koe.events import (
    DefiniteHeard,
    EngineClosed,
    EngineErred,
    Event,
    FinalHeard,
    InterimHeard,
)
from tests.asr.contract import PATIENCE, SPEECH, StreamingContract, attempt, final_text
from tests.servers.clients import run_client
from tests.servers.listener import spoken_in
from tests.servers.qwen import Events, QwenService
from tests.servers.service import Point, Service, close

KEY = "secret-key-of-the-user"
MODEL = "qwen3-asr-flash-realtime"

# Three seconds, in samples.
SENT = 3 * 16_000

HEARD = "conversation.item.input_audio_transcription."


class TestQwen(StreamingContract):
    garbage = ("", "{", "[]", '{"type":7}')
    ignored = (b"", b"binary", "{}", '{"type":"unheard.of"}')

    def serve(self) -> Service:
        return QwenService()

    def engine_at(
        self, url: str, connect_timeout: float = PATIENCE, stall: float = PATIENCE
    ) -> Engine:
        section = QwenConfig(url=url, api_key=KEY, connect_timeout=connect_timeout)
        return open_engine(AsrConfig(provider="qwen", qwen=section, stall=stall))

    def is_the_end(self, message: Message) -> bool:
        return isinstance(message, str) and '"type":"session.finish"' in message

    def error(self, message: str) -> tuple[Message, str]:
        return Events().error(message), message

    def test_what_the_service_sees(self) -> None:
        asyncio.run(attempt(self.open(), [SPEECH[:13_000]]))
        conversation = self.service.conversation()
        assert conversation.path == f"/api-ws/v1/realtime?model={MODEL}"
        assert ("Authorization", f"Bearer {KEY}") in conversation.headers
        types = [json.loads(message)["type"] for message in conversation.received]
        assert types == [
            "session.update",
            *["input_audio_buffer.append"] * 3,
            "session.finish",
        ]

    @pytest.mark.parametrize(
        ("point", "reported"),
        [
            (Point.OPENED, "connection closed unexpectedly"),
            (Point.SET_UP, "connection closed before session.updated"),
        ],
    )
    def test_an_end_before_it_is_ready(self, point: Point, reported: str) -> None:
        self.service.faults[point] = close(1008, "no")
        _, failure = asyncio.run(attempt(self.open(), [SPEECH]))
        assert failure == f'ASR connection failed: {reported}: code=1008, reason="no"'

    def test_events_out_of_order(self) -> None:
        """What was said to one packet, turned round: completed comes before what it completes."""

        def turned(messages: list[Message]) -> list[Message]:
            return messages if "session." in str(messages) else messages[::-1]

        self.service.rearrange = turned
        events, _ = asyncio.run(attempt(self.open(), [SPEECH]))
        assert self.is_right(final_text(events))

    def test_a_tail_after_a_complete_sentence(self) -> None:
        """The result of one sentence is not the last word of the session."""
        events, _ = asyncio.run(attempt(self.open(), [SPEECH]))
        assert [type(event) for event in events].count(FinalHeard) == 1
        assert events[-2:] == [FinalHeard(spoken_in(SPEECH), len(SPEECH) // 2), EngineClosed()]


# --- the worked example ------------------------------------------------------------------

CLIENT = """\
{"event_id":"event_00000000-0000-4000-8000-000000000001","type":"session.update","session":{"input_audio_format":"pcm","input_audio_transcription":{"language":"zh","model":"qwen3-asr-flash-realtime"},"modalities":["text"],"sample_rate":16000,"turn_detection":{"prefix_padding_ms":100,"silence_duration_ms":400,"threshold":0.5,"type":"server_vad"}}}
{"event_id":"event_00000000-0000-4000-8000-000000000002","type":"input_audio_buffer.append","audio":"AAABAP///38="}
{"event_id":"event_00000000-0000-4000-8000-000000000003","type":"session.finish"}
""".splitlines()

SERVER = """\
{"event_id":"event_1","type":"session.created","session":{"id":"sess_001","object":"realtime.session","model":"qwen3-asr-flash-realtime","modalities":["text"],"input_audio_format":"pcm16","input_audio_transcription":null,"turn_detection":{"type":"server_vad","threshold":0.2,"silence_duration_ms":800}}}
{"event_id":"event_2","type":"session.updated","session":{"id":"sess_001","object":"realtime.session","model":"qwen3-asr-flash-realtime","modalities":["text"]}}
{"event_id":"event_3","type":"input_audio_buffer.speech_started","audio_start_ms":0,"item_id":"item_1"}
{"event_id":"event_4","type":"conversation.item.input_audio_transcription.text","item_id":"item_1","content_index":0,"language":"zh","emotion":"neutral","text":"","stash":"今天"}
{"event_id":"event_5","type":"conversation.item.input_audio_transcription.text","item_id":"item_1","content_index":0,"language":"zh","emotion":"neutral","text":"今天","stash":"天气不错"}
{"event_id":"event_6","type":"input_audio_buffer.speech_stopped","audio_end_ms":1800,"item_id":"item_1"}
{"event_id":"event_7","type":"input_audio_buffer.committed","previous_item_id":"","item_id":"item_1"}
{"event_id":"event_8","type":"conversation.item.created","previous_item_id":"","item":{"id":"item_1","object":"realtime.item","type":"message","status":"completed","role":"user","content":[{"type":"input_audio","transcript":null}]}}
{"event_id":"event_9","type":"conversation.item.input_audio_transcription.completed","item_id":"item_1","content_index":0,"language":"zh","emotion":"neutral","transcript":"今天天气不错。"}
{"event_id":"event_10","type":"session.finished"}
""".splitlines()


def numbered() -> Callable[[], str]:
    """Names for messages that are those of the example."""
    numbers = itertools.count(1)
    return lambda: f"00000000-0000-4000-8000-{next(numbers):012}"


def fresh(*terms: str, **values: object) -> QwenProtocol:
    return QwenProtocol(QwenConfig(api_key=KEY).replace(**values), terms, numbered())


def ready() -> QwenProtocol:
    protocol = fresh()
    for message in SERVER[:2]:
        protocol.receive(message)
    return protocol


def said(kind: str, item: str | None = "item_1", /, **members: object) -> str:
    named = {} if item is None else {"item_id": item}
    return json.dumps({"type": HEARD + kind, **named, **members})


def stopped(item: str, end_ms: object) -> str:
    kind = "input_audio_buffer.speech_stopped"
    return json.dumps({"type": kind, "item_id": item, "audio_end_ms": end_ms})


def heard(*messages: str) -> list[Message | Event]:
    protocol = ready()
    protocol.send(bytes(2 * SENT))
    protocol.finish()
    return [step for message in messages for step in protocol.receive(message)]


def spoken(kind: str, item: str) -> str:
    return json.dumps({"type": f"input_audio_buffer.{kind}", "item_id": item})


@pytest.mark.parametrize("kind", ["speech_started", "speech_stopped", "committed"])
def test_a_text_that_overtakes_an_earlier_one(kind: str) -> None:
    steps = heard(
        spoken(kind, "item_1"),
        spoken(kind, "item_2"),
        said("text", "item_2", text="take the bus"),
        said("completed", "item_1", transcript="Don't."),
        said("completed", "item_2", transcript="Take the bus."),
    )
    assert steps[-1] == DefiniteHeard("Don't. Take the bus.")


def test_the_order_of_sentences_without_names() -> None:
    steps = heard(
        *(spoken("committed", "") for _ in range(3)),
        said("completed", None, transcript="One."),
        said("completed", None, transcript="Two."),
    )
    assert steps[-1] == DefiniteHeard("One. Two.")


def test_the_worked_example() -> None:
    protocol = fresh()
    assert protocol.begin() == []
    assert not protocol.is_ready
    assert protocol.receive(SERVER[0]) == [CLIENT[0]]
    assert not protocol.is_ready
    assert protocol.receive(SERVER[1]) == []
    assert protocol.is_ready
    assert protocol.send(bytes.fromhex("00000100ffffff7f")) == [CLIENT[1]]
    steps = [step for message in SERVER[2:9] for step in protocol.receive(message)]
    assert protocol.finish() == [CLIENT[2]]
    assert steps == [
        InterimHeard("今天"),
        InterimHeard("今天天气不错"),
        # Well after the end of the four samples.
        DefiniteHeard("今天天气不错。"),
    ]
    assert protocol.receive(SERVER[9]) == [FinalHeard("今天天气不错。", 4), EngineClosed()]


def test_the_imitation_says_what_the_service_says() -> None:
    events = Events()
    assert [
        events.created(MODEL),
        events.updated(MODEL),
        events.started("item_1", 0),
        events.revised("item_1", "", "今天"),
        events.revised("item_1", "今天", "天气不错"),
        *events.stopped("item_1", "", 1800),
        events.completed("item_1", "今天天气不错。"),
        events.event("session.finished"),
    ] == SERVER


def test_message_names_are_new() -> None:
    protocol = QwenProtocol(QwenConfig(api_key=KEY))
    names = {json.loads(str(protocol.send(b"\0\0")[0]))["event_id"] for _ in range(10)}
    assert len(names) == 10
    assert all(len(name) == len("event_") + 36 for name in names)


# --- setting up --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "refusal"),
    [
        (b"{}", "ASR connection failed: expected text message from server"),
        ("{", "ASR protocol error: parse session.created: Expecting property name"),
        ("[]", "ASR protocol error: parse session.created: it is not an object"),
        ("{}", "ASR connection failed: expected session.created event"),
        (
            '{"type":"error","error":{"message":"Access denied"}}',
            "ASR connection failed: Access denied",
        ),
        ('{"type":"session.updated"}', "ASR connection failed: expected session.created event"),
    ],
)
def test_what_is_no_session(message: Message, refusal: str) -> None:
    with pytest.raises(AsrError) as caught:
        fresh().receive(message)
    assert str(caught.value).startswith(refusal)


def test_a_session_that_is_not_updated() -> None:
    protocol = fresh()
    protocol.receive(SERVER[0])
    # Results of another session, or none at all: nothing of it counts yet.
    assert protocol.receive(SERVER[3]) == protocol.receive(b"") == protocol.receive("{}") == []
    with pytest.raises(AsrProtocolError, match=r"^ASR protocol error: no such model$"):
        protocol.receive('{"type":"error","error":{"message":"no such model"}}')


def test_language() -> None:
    assert "zh" in str(fresh(language="zh").receive(SERVER[0]))
    assert "language" not in str(fresh(language="").receive(SERVER[0]))


def test_the_dictionary() -> None:
    (update,) = fresh("Koe", "语音输入").receive(SERVER[0])
    transcription = json.loads(str(update))["session"]["input_audio_transcription"]
    assert transcription["corpus"] == {"text": "Koe\n语音输入"}


def test_a_long_dictionary() -> None:
    """Whole terms, from the first, as many as the service takes."""
    (update,) = fresh(*(f"term {number:04}" for number in range(1000))).receive(SERVER[0])
    transcription = json.loads(str(update))["session"]["input_audio_transcription"]
    terms = transcription["corpus"]["text"].split("\n")
    assert terms == [f"term {number:04}" for number in range(500)]


# --- sentences ---------------------------------------------------------------------------


def test_sentences_are_put_together() -> None:
    """With a space where the script wants one, and without taking repetitions for echoes."""
    assert heard(
        said("text", "a", text="Hello", stash=" the"),
        said("completed", "a", transcript="Hello there."),
        said("text", "b", text="", stash="there"),
        said("completed", "b", transcript="There."),
        said("completed", "c", transcript="你好。"),
        said("completed", "d", transcript="你好。"),
        '{"type":"session.finished"}',
    ) == [
        InterimHeard("Hello the"),
        DefiniteHeard("Hello there."),
        InterimHeard("Hello there. there"),
        DefiniteHeard("Hello there. There."),
        DefiniteHeard("Hello there. There. 你好。"),
        DefiniteHeard("Hello there. There. 你好。你好。"),
        FinalHeard("Hello there. There. 你好。你好。", SENT),
        EngineClosed(),
    ]


def test_sentences_that_overlap() -> None:
    """What follows an open sentence is not definite, whatever its own state."""
    assert heard(
        said("text", "a", text="甲", stash=""),
        said("completed", "b", transcript="乙。"),
        said("completed", "a", transcript="甲。"),
        said("text", "a", text="甲乙", stash=""),
        said("completed", "b", transcript="丙。"),
    ) == [
        InterimHeard("甲"),
        InterimHeard("甲乙。"),
        DefiniteHeard("甲。乙。"),
        DefiniteHeard("甲。丙。"),
    ]


def test_sentences_without_names() -> None:
    """Some services leave them out; then there is one at a time."""
    assert heard(
        said("text", None, text="甲"),
        said("completed", None, transcript="甲。"),
        said("text", None, stash="乙"),
        said("completed", None, item={"content": [{"transcript": "乙。"}]}),
    ) == [
        InterimHeard("甲"),
        DefiniteHeard("甲。"),
        InterimHeard("甲。乙"),
        DefiniteHeard("甲。乙。"),
    ]


def test_a_sentence_that_is_never_completed() -> None:
    assert heard(
        said("completed", "a", transcript="甲。"),
        said("text", "b", text="乙", stash="丙"),
        '{"type":"session.finished"}',
    )[-2:] == [FinalHeard("甲。乙丙", SENT), EngineClosed()]


def test_a_sentence_that_was_none() -> None:
    assert heard(
        said("completed", "a", transcript="甲。"),
        said("text", "b", stash="嗯"),
        said("completed", "b", transcript=""),
        said("completed", "c", transcript=None, item={"content": []}),
        '{"type":"session.finished"}',
    ) == [
        DefiniteHeard("甲。"),
        InterimHeard("甲。嗯"),
        DefiniteHeard("甲。"),
        FinalHeard("甲。", SENT),
        EngineClosed(),
    ]


def test_nothing_new_is_not_reported() -> None:
    message = said("text", text="", stash="")
    again = said("text", text="甲", stash="")
    assert heard(message, message, again, again) == [InterimHeard("甲")]


def test_silence() -> None:
    assert heard('{"type":"session.finished"}') == [FinalHeard("", SENT), EngineClosed()]


def test_an_end_before_the_audio_ended() -> None:
    """What it has to say was reported; how that goes on is not known."""
    protocol = ready()
    assert protocol.receive(said("text", stash="甲")) == [InterimHeard("甲")]
    assert protocol.receive('{"type":"session.finished"}') == [
        EngineClosed("it ended the session early")
    ]


@pytest.mark.parametrize(
    ("message", "reported"),
    [
        ('{"type":"error","error":{"message":"slow down"}}', "slow down"),
        ('{"type":"error"}', "Unknown error"),
        ('{"type":"error","error":null}', "Unknown error"),
        ('{"type":"error","error":{"code":7,"message":"slow down"}}', "slow down"),
        (Events().failed("item_1", "x", "no speech service"), "no speech service"),
    ],
)
def test_errors(message: str, reported: str) -> None:
    assert heard(message) == [EngineErred(reported)]


def an_error(code: str, kind: str = "invalid_request_error") -> str:
    return json.dumps({"type": "error", "error": {"type": kind, "code": code, "message": "no"}})


@pytest.mark.parametrize(
    ("message", "is_permanent"),
    [
        (an_error("InternalError", "server_error"), False),
        (an_error("InvalidApiKey"), True),
        (an_error("invalid_api_key", "server_error"), True),
        (an_error("Arrearage"), True),
        (an_error("Model.AccessDenied"), True),
        (an_error("AllocationQuota.FreeTierOnly"), True),
    ],
)
def test_errors_that_end_the_session(message: str, is_permanent: bool) -> None:
    with pytest.raises(AsrProtocolError) as caught:
        heard(message)
    assert (caught.value.message, caught.value.is_permanent) == ("no", is_permanent)


@pytest.mark.parametrize("code", ["Throttling", "Throttling.RateQuota", "invalid_value", ""])
def test_errors_that_pass(code: str) -> None:
    assert heard(an_error(code)) == [EngineErred("no")]


@pytest.mark.parametrize(
    ("code", "is_permanent"),
    [("InvalidApiKey", True), ("invalid_value", True), ("InvalidParameter.Language", True),
     ("Throttling.RateQuota", False), ("InternalError", False)],
)  # fmt: skip
def test_which_errors_of_setting_up_stay(code: str, is_permanent: bool) -> None:
    created = fresh()
    created.receive(SERVER[0])
    for protocol in (fresh(), created):
        with pytest.raises(AsrError) as caught:
            protocol.receive(an_error(code))
        assert (caught.value.message, caught.value.is_permanent) == ("no", is_permanent)


# --- how far results reach ---------------------------------------------------------------


def test_how_far_sentences_reach() -> None:
    assert heard(
        said("text", "a", stash="甲"),
        stopped("a", 1000),
        said("completed", "a", transcript="甲。"),
        stopped("b", 2000),
        said("text", "b", stash="乙"),
        said("text", "c", stash="丙"),
        said("completed", "b", transcript="乙。"),
        said("completed", "c", transcript="丙。"),
    ) == [
        InterimHeard("甲"),
        DefiniteHeard("甲。", 16_000),
        InterimHeard("甲。乙"),
        InterimHeard("甲。乙丙"),
        DefiniteHeard("甲。乙。", 32_000),
        InterimHeard("甲。乙。丙"),
        # The service did not say where the last one ends.
        DefiniteHeard("甲。乙。丙。"),
    ]


def test_a_sentence_without_words_reaches_as_far() -> None:
    assert heard(
        stopped("a", 1000),
        said("completed", "a", transcript="甲。"),
        stopped("b", 2000),
        said("completed", "b", transcript=""),
        said("text", "c", stash="丙"),
    ) == [
        DefiniteHeard("甲。", 16_000),
        DefiniteHeard("甲。", 32_000),
        InterimHeard("甲。丙"),
    ]


@pytest.mark.parametrize("end_ms", [None, "1000", -1, 10**9, True, {}])
def test_an_end_that_cannot_be(end_ms: object) -> None:
    assert heard(stopped("a", end_ms), said("completed", "a", transcript="甲。")) == [
        DefiniteHeard("甲。")
    ]


def test_nothing_is_definite_after_a_sentence_that_failed() -> None:
    """Its words are not known, so what was heard for certain ends before them."""
    assert heard(
        stopped("a", 1000),
        said("completed", "a", transcript="甲。"),
        said("failed", "b", error={"message": "no"}),
        said("failed", "c", error={"message": "no"}),
        stopped("d", 3000),
        said("completed", "d", transcript="丁。"),
        said("completed", "b", transcript="乙。"),
    ) == [
        DefiniteHeard("甲。", 16_000),
        EngineErred("no"),
        EngineErred("no"),
        InterimHeard("甲。丁。"),
        DefiniteHeard("甲。乙。丁。", 48_000),
    ]


def test_complete_sentences_before_an_error() -> None:
    """All is known, though the service does not end in order."""
    protocol = ready()
    protocol.send(bytes(2 * SENT))
    protocol.finish()
    protocol.receive(stopped("a", 2900))
    assert protocol.receive(said("completed", "a", transcript="甲。")) == [
        DefiniteHeard("甲。", 46_400)
    ]
    with pytest.raises(AsrProtocolError, match="no"):
        protocol.receive(an_error("InternalError", "server_error"))


@pytest.mark.parametrize(
    ("message", "refusal"),
    [
        ("", "parse server event: Expecting value"),
        ("[]", "parse server event: it is not an object"),
        ('{"type":[]}', "parse server event: 'type' is not a text"),
        ('{"type":"error","error":"no"}', "parse server event: 'error' is not an object"),
        (said("text", text=1), "parse server event: 'text' is not a text"),
        (said("text", item_id={}), "parse server event: 'item_id' is not a text"),
        (said("completed", item=[]), "parse server event: 'item' is not an object"),
        (
            said("completed", item={"content": [None]}),
            "parse server event: 'content' is not a list of objects",
        ),
        ("[" * 100_000, "parse server event: it is nested too deeply"),
        ("9" * 10_000, "parse server event: Exceeds the limit"),
    ],
)
def test_what_is_no_event(message: str, refusal: str) -> None:
    with pytest.raises(AsrProtocolError) as caught:
        ready().receive(message)
    assert caught.value.message.startswith(refusal)


def test_memory_is_bounded() -> None:
    protocol = ready()
    for number in range(1000):
        protocol.receive(said("text", f"empty {number}"))
        protocol.receive(said("completed", f"empty {number}"))
    for number in range(1000):
        protocol.receive(said("failed", f"failed {number}"))
        protocol.receive(stopped(f"stopped {number}", 0))
    assert len(protocol._sentences) == 1
    assert len(protocol._ends) == 64
    with pytest.raises(AsrProtocolError, match="more than 1000000 characters were recognised"):
        for number in range(11):
            protocol.receive(said("completed", f"long {number}", transcript="啊" * 100_000))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
_EVENTS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["error", "session.finished", *(HEARD + it for it in ("text", "completed", "failed"))]
        )
    },
    optional={
        name: st.text(max_size=3) | _VALUES
        for name in ("item_id", "text", "stash", "transcript", "item", "error")
    },
)


@given(st.lists(_EVENTS | _VALUES, max_size=6))
def test_any_events(events: list[object]) -> None:
    protocol = ready()
    try:
        steps = [step for event in events for step in protocol.receive(json.dumps(event))]
    except AsrProtocolError as exc:
        assert exc.message
    else:
        assert all(isinstance(step, Event) for step in steps)


@given(st.sampled_from(SERVER), st.integers(0, 400), st.text(min_size=1, max_size=3))
def test_damaged_messages(message: str, position: int, damage: str) -> None:
    position %= len(message)
    for damaged in (message[:position], message[:position] + damage + message[position + 1 :]):
        for protocol in (fresh(), ready()):
            try:
                protocol.receive(damaged)
            except AsrError as exc:
                assert exc.message


# --- the handshake -----------------------------------------------------------------------


def test_the_handshake() -> None:
    handshake = fresh(api_key=f" {KEY} ").handshake
    assert handshake.url == f"wss://dashscope.aliyuncs.com/api-ws/v1/realtime?model={MODEL}"
    assert handshake.headers == {"Authorization": f"Bearer {KEY}"}
    assert handshake.secrets == (KEY,)


def test_the_model_is_escaped() -> None:
    url = "wss://h/x?workspace=1"
    assert fresh(url=url, model="a b&c").handshake.url == "wss://h/x?workspace=1&model=a%20b%26c"


def test_headers_of_the_user() -> None:
    """With them no key is needed."""
    handshake = fresh(api_key="", headers={"X-Token": KEY}).handshake
    assert handshake.headers == {"X-Token": KEY}
    assert handshake.secrets == (KEY,)


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"api_key": "a\nb"}, "invalid api_key"),
        ({"headers": {"a:": "c"}}, "invalid header name: a:"),
        ({"url": "ws://example.com/"}, "insecure endpoint ws://example.com/: use https:// or wss"),
        ({"url": "http://localhost/"}, "invalid URL: http://localhost/ does not begin with wss"),
    ],
)
def test_settings_that_cannot_be_used(values: dict[str, object], refusal: str) -> None:
    with pytest.raises(AsrConnectionError) as caught:
        fresh(**values)
    assert caught.value.message.startswith(refusal)


# --- the vendor's own client -------------------------------------------------------------


def test_the_vendor_s_client_hears_what_we_hear(tmp_path: Path) -> None:
    speech = tmp_path / "speech.pcm"
    speech.write_bytes(SPEECH)
    with QwenService() as service:
        theirs = run_client("run_dashscope", service.url, str(speech), directory=tmp_path)
        section = QwenConfig(url=service.url, api_key=KEY)
        engine = open_engine(AsrConfig(provider="qwen", qwen=section), ("Koe",))
        events, _ = asyncio.run(attempt(engine, [SPEECH]))
    their_session, our_session = service.sessions
    for name in ("language", "corpus"):
        transcriptions = their_session, our_session
        assert len({str(it["input_audio_transcription"][name]) for it in transcriptions}) == 1  # type: ignore[index]
    assert [event["type"] for event in theirs][:2] == ["session.created", "session.updated"]
    assert theirs[-1]["type"] == "session.finished"
    protocol = ready()
    protocol.send(SPEECH)
    protocol.finish()
    steps = [step for event in theirs[2:] for step in protocol.receive(json.dumps(event))]
    ours = [event for event in events if isinstance(event, DefiniteHeard | FinalHeard)]
    assert ours == [step for step in steps if isinstance(step, DefiniteHeard | FinalHeard)]
