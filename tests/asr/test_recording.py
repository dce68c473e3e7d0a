"""What the two upload engines share; the services' own tests run the contract of engines."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import random
import struct
import tracemalloc
import wave
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.asr import WORKING_INTERVAL
from koe.asr.recording import (
    RecordingEngine,
    Service,
    cut,
    wav,
)
from koe.asr.reply import LIMIT_BYTES, HeardSoFar, Interpretation, ReplyDocument, refusal_in
from koe.asr.upload import Upload
from koe.config.engines import GlmConfig
from koe.errors import AsrConnectionError, AsrError, AsrProtocolError, AsrTimeoutError
from koe.events import (
    BYTES_PER_SECOND,
    DefiniteHeard,
    EngineClosed,
    EngineWorking,
    Event,
    FinalHeard,
    InterimHeard,
)
from tests.asr.contract import dictate, events_to_close
from tests.servers.speech import (
    API_KEY,
    PATIENCE,
    Drop,
    Received,
    Stall,
    Step,
    events,
    response,
    speech_server,
    stream,
)

SECOND = b"\1\2" * 16_000


def service(
    url: str,
    *,
    api_key: str = API_KEY,
    longest: float = 30.0,
    final_wait_timeout: float = 5.0,
) -> Service:
    def interpret(document: ReplyDocument, heard: str) -> Interpretation:
        text, add, stopped = (document.get(name) for name in ("text", "add", "stopped"))
        if isinstance(add, str):
            return HeardSoFar(heard + add, stopped=str(stopped or ""))
        return refusal_in(document) or (
            HeardSoFar(text, is_whole=True) if isinstance(text, str) else None
        )

    return Service(
        name="test",
        settings=GlmConfig(
            url=url,
            api_key=api_key,
            connect_timeout=PATIENCE,
            final_wait_timeout=final_wait_timeout,
        ),
        longest=longest,
        build_upload=lambda recording: Upload(
            (("api-key", api_key),), recording, frozenset({"1113"})
        ),
        interpret=interpret,
    )


def say(*steps: Step) -> Callable[[Received], list[Step]]:
    return lambda received: list(steps)


def said(engine_events: list[Event]) -> list[Event]:
    """Without the signs of life, of which there are as many as it takes."""
    return [event for event in engine_events if event != EngineWorking()]


@pytest.mark.parametrize("url", ["", " \n"])
def test_without_an_address_it_is_the_vendor_s(url: str) -> None:
    assert RecordingEngine(service(url))._url == GlmConfig.url


# --- what is reported ---------------------------------------------------------------------


def test_text_comes_as_it_is_sent() -> None:
    answer = stream(*(events({"text": text}).removesuffix(b"data: [DONE]\n\n")
                      for text in ("a", "a b")), events())  # fmt: skip
    with speech_server(say(*answer)) as server:
        reported = asyncio.run(dictate(RecordingEngine(service(server.url)), [SECOND]))
    assert said(reported) == [
        InterimHeard("a"), InterimHeard("a b"), FinalHeard("a b", 16_000), EngineClosed()
    ]  # fmt: skip


def test_the_recording_is_a_wav_file() -> None:
    with speech_server(say(response(b'{"text":"a"}'))) as server:
        asyncio.run(dictate(RecordingEngine(service(server.url)), [SECOND[:7], SECOND[7:], b"x"]))
    assert server.received[0].body == wav(SECOND)


def test_silence_is_not_sent() -> None:
    with speech_server(say(response(b'{"text":"a"}'))) as server:
        reported = asyncio.run(dictate(RecordingEngine(service(server.url)), [b"", b"x"]))
        assert said(reported) == [FinalHeard("", 0), EngineClosed()]
        assert server.connections == 0


# --- what goes wrong ---------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.asr.recording.RETRY_DELAYS", (0.0, 0.0, 0.0, 0.0))


async def attempt(engine: RecordingEngine, pcm: bytes) -> tuple[list[Event], AsrError | None]:
    """What is said until the engine closes or fails, and how it fails."""
    reported: list[Event] = []
    try:
        await engine.connect()
        await engine.send_audio(pcm)
        await engine.finish_input()
        async with asyncio.timeout(PATIENCE):
            while EngineClosed() not in reported:
                reported.append(await engine.next_event())
    except AsrError as exc:
        return said(reported), exc
    finally:
        await engine.close()
    return said(reported), None


def failure(engine: RecordingEngine, pcm: bytes = SECOND) -> AsrError:
    _, error = asyncio.run(attempt(engine, pcm))
    assert error is not None
    return error


WHOLE: list[Step] = [response(b'{"text":"a"}')]
CUT: list[Step] = [*stream(events({"text": "a"})[:-20], end=False), Drop()]


def adding(*texts: str, end: str = "data: [DONE]\n\n", stopped: str = "") -> list[Step]:
    """Increments."""
    documents = [{"add": text} for text in texts]
    documents[-1] |= {"stopped": stopped}
    lines = [f"data: {json.dumps(document)}\n\n" for document in documents]
    return stream("".join([*lines, end]).encode())


@pytest.mark.parametrize(
    ("steps", "kind", "message", "is_permanent"),
    [
        ([response(b"no", "401 Unauthorized")], AsrProtocolError, "HTTP 401 Unauthorized: no",
         True),
        ([response(b'{"error":{"code":"1113","message":"no"}}', "429 Too Many Requests")],
         AsrProtocolError, "HTTP 429 Too Many Requests: ", True),
        ([response(b'{"error":{"code":"1113","message":"no"}}')], AsrProtocolError, "no", True),
        (adding("a", stopped="content_filter"), AsrProtocolError,
         "the service stopped before the text was whole (content_filter)", True),
        ([response(b"slow down", "429 Too Many Requests")], AsrProtocolError,
         "HTTP 429 Too Many Requests: slow down", False),
        ([response(b"", "503 Service Unavailable")], AsrProtocolError,
         "HTTP 503 Service Unavailable", False),
        ([response(b"<p>hi", "200 OK")], AsrProtocolError,
         "the service sent an unexpected reply (<p>hi)", False),
        (CUT, AsrProtocolError, "stream error: ", False),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n", b'{"text":"a"}', Drop()],
         AsrProtocolError, "stream error: ", False),
        (adding("a", end=""), AsrProtocolError, "the reply ended before the text was whole",
         False),
        (adding("a", stopped="abort"), AsrProtocolError,
         "the service stopped before the text was whole (abort)", False),
        ([response(b'{"error":{"code":"1302","message":"busy"}}')], AsrProtocolError, "busy",
         False),
        ([Drop()], AsrConnectionError, "HTTP request failed: ", False),
    ],
)  # fmt: skip
def test_failures(
    steps: list[Step], kind: type[AsrError], message: str, is_permanent: bool
) -> None:
    """What passes is tried five times; and once is enough to mend it."""
    with speech_server(say(*steps)) as server:
        error = failure(RecordingEngine(service(server.url)))
        assert len(server.received) == (1 if is_permanent else 5)
    assert type(error) is kind
    assert error.message.startswith(message)
    assert error.is_permanent == is_permanent
    if is_permanent:
        return
    answers: Iterator[list[Step]] = iter([steps, WHOLE])
    with speech_server(lambda received: next(answers)) as server:
        reported, error_after_all = asyncio.run(
            attempt(RecordingEngine(service(server.url)), SECOND)
        )
    assert error_after_all is None
    assert reported[-2:] == [FinalHeard("a", 16_000), EngineClosed()]


def test_what_was_heard_of_a_piece_that_fails_is_reported() -> None:
    with speech_server(say(*adding("a", " b", end=""))) as server:
        reported, error = asyncio.run(attempt(RecordingEngine(service(server.url)), SECOND))
    assert reported[-1] == InterimHeard("a b")
    assert error is not None


def test_the_pauses_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of ours, or those of the service where they are longer."""
    slept: list[float] = []

    wait = asyncio.sleep

    async def sleep(seconds: float) -> None:
        is_pause = seconds not in (0, WORKING_INTERVAL)
        slept.extend([seconds] * is_pause)
        await wait(0 if is_pause else seconds)

    monkeypatch.setattr("koe.asr.recording.RETRY_DELAYS", (0.0, 0.5, 1.0, 2.0))
    busy = response(b"", "503 Service Unavailable", "Retry-After: 1")
    with speech_server(say(busy)) as server:
        monkeypatch.setattr(asyncio, "sleep", sleep)
        assert failure(RecordingEngine(service(server.url))).message == (
            "HTTP 503 Service Unavailable"
        )
    assert slept == [1.0, 1.0, 1.0, 2.0]


def test_a_service_that_wants_to_be_left_alone_for_too_long() -> None:
    """Its refusal is reported at once: another engine may hear the rest meanwhile."""
    busy = response(b"", "429 Too Many Requests", "Retry-After: 3600")
    with speech_server(say(busy)) as server:
        error = failure(RecordingEngine(service(server.url)))
        assert len(server.received) == 1
    assert (error.is_permanent, error.retry_after) == (False, 3600.0)


@pytest.mark.parametrize(
    "steps", [[Stall()], [*stream(b"data: {}\n\n", end=False), Stall()]], ids=["head", "body"]
)
def test_a_service_that_stalls(monkeypatch: pytest.MonkeyPatch, steps: list[Step]) -> None:
    monkeypatch.setattr("koe.asr.recording.EXCHANGE_TIMEOUT", 0.1)
    with speech_server(say(*steps)) as server:
        error = failure(RecordingEngine(service(server.url, final_wait_timeout=0.1)), b"\1\2")
    assert isinstance(error, AsrTimeoutError)
    assert str(error) == "ASR result timed out"


def test_a_long_recording_may_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it was spoken, on a slow line, besides what any may take."""
    monkeypatch.setattr("koe.asr.recording.EXCHANGE_TIMEOUT", 0.0)
    with speech_server(say(response(b'{"text":"a"}'))) as server:
        patient = service(server.url, final_wait_timeout=0.0, longest=60.0)
        reported = asyncio.run(dictate(RecordingEngine(patient), [SECOND * 60]))
    assert said(reported)[-2:] == [FinalHeard("a", 60 * 16_000), EngineClosed()]


def test_a_stalled_exchange_shows_that_it_lives() -> None:
    """So that the session does not give up before the engine does."""

    async def run(url: str) -> None:
        engine = RecordingEngine(service(url, final_wait_timeout=0.1))
        await engine.connect()
        await engine.send_audio(SECOND)
        await engine.finish_input()
        async with asyncio.timeout(PATIENCE):
            assert [await engine.next_event() for _ in range(3)] == [EngineWorking()] * 3
            await engine.close()

    with speech_server(say(Stall())) as server:
        asyncio.run(run(server.url))


def test_a_huge_reply() -> None:
    """A hundred megabytes without a line end: the engine gives up after four."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n"
    with speech_server(say(head, *[bytes(1024 * 1024)] * 100)) as server:
        tracemalloc.start()
        error = failure(RecordingEngine(service(server.url)))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert error.message == f"the reply is longer than {LIMIT_BYTES // 1024**2} MiB"
    assert peak < 40 * 1024**2


def test_text_in_a_reply_cut_within_a_character() -> None:
    body = '{"text":"你好😀"}'.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    steps = [bytes([byte]) for byte in body]
    with speech_server(say(head, *steps)) as server:
        reported = asyncio.run(dictate(RecordingEngine(service(server.url)), [SECOND]))
    assert FinalHeard("你好😀", 16_000) in reported


# --- settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("", "speech engine 'test' is not available: it has no key; set asr.test.api_key"),
        (" \n", "speech engine 'test' is not available: it has no key; set asr.test.api_key"),
        ("a\nb", "asr.test.api_key contains a character that no key has; copy the key again"),
        ("ключ", "asr.test.api_key contains a character that no key has; copy the key again"),
    ],
)
def test_keys_that_are_none(key: str, message: str) -> None:
    with pytest.raises(AsrConnectionError) as caught:
        RecordingEngine(service("https://example.com", api_key=key))
    assert caught.value.message == message


def test_insecure_address() -> None:
    with pytest.raises(AsrConnectionError) as caught:
        RecordingEngine(service("http://example.com/v1?key=s3cret"))
    assert str(caught.value) == (
        "ASR connection failed: insecure endpoint http://example.com/v1: use https:// or wss:// "
        "(plain http/ws is only allowed for localhost)"
    )


def test_an_address_of_another_protocol() -> None:
    with pytest.raises(AsrConnectionError, match=r"invalid URL: wss://example.com/ does not begin"):
        RecordingEngine(service("wss://example.com/?key=s3cret"))


def test_no_secret_is_shown() -> None:
    assert API_KEY not in repr(service("https://example.com"))


# --- the order of calls --------------------------------------------------------------------------


def test_a_recording_that_is_cancelled_is_not_sent() -> None:
    async def run(url: str) -> None:
        engine = RecordingEngine(service(url))
        await engine.connect()
        await engine.send_audio(SECOND)
        listening = asyncio.create_task(events_to_close(engine))
        await asyncio.sleep(0)
        await engine.close()
        assert await listening == [EngineClosed()]
        for call in (engine.send_audio(SECOND), engine.finish_input()):
            with pytest.raises(AsrConnectionError, match=r"not connected"):
                await call

    with speech_server(say(response())) as server:
        asyncio.run(run(server.url))
        assert server.connections == 0


def test_a_cancel_breaks_off_the_exchange() -> None:
    async def run(url: str, asked: Callable[[], bool]) -> None:
        engine = RecordingEngine(service(url))
        await engine.connect()
        await engine.send_audio(SECOND)
        await engine.finish_input()
        assert await asyncio.to_thread(asked)
        async with asyncio.timeout(PATIENCE):
            await engine.close()

    with speech_server(say(Stall())) as server:
        asyncio.run(run(server.url, lambda: server.answered.acquire(timeout=PATIENCE)))


def test_not_connected() -> None:
    async def run() -> None:
        engine = RecordingEngine(service("https://example.com"))
        for call in (engine.send_audio(b""), engine.finish_input()):
            with pytest.raises(AsrConnectionError, match=r"not connected"):
                await call
        await engine.close()

    asyncio.run(run())


def test_what_comes_after_the_end_is_not_heard() -> None:
    async def run(url: str) -> None:
        engine = RecordingEngine(service(url))
        await engine.connect()
        await engine.send_audio(SECOND)
        await engine.finish_input()
        await engine.send_audio(SECOND)
        await engine.finish_input()
        await events_to_close(engine)
        await engine.close()

    with speech_server(say(response(b'{"text":"a"}'))) as server:
        asyncio.run(run(server.url))
    assert [it.body for it in server.received] == [wav(SECOND)]


def test_a_listener_may_give_up_and_come_back() -> None:
    """Spec asr §1.5: abandoned at any time, nothing is lost and nothing twice."""
    texts = [str(number) for number in range(50)]
    chunks = [json.dumps({"text": text}).encode() + b"\n" for text in texts]
    chance = random.Random(1)

    async def run(url: str) -> list[Event]:
        engine = RecordingEngine(service(url))
        await engine.connect()
        await engine.send_audio(SECOND)
        await engine.finish_input()
        reported: list[Event] = []
        while EngineClosed() not in reported:
            listening = asyncio.create_task(engine.next_event())
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            if listening.done() or not listening.cancel():
                reported.append(await listening)
            else:
                await asyncio.wait([listening])
                if not listening.cancelled():
                    reported.append(listening.result())
        await engine.close()
        return reported

    with speech_server(say(*stream(*chunks))) as server:
        reported = said(asyncio.run(run(server.url)))
    assert reported == [*map(InterimHeard, texts), FinalHeard("49", 16_000), EngineClosed()]


def test_a_bug_of_ours_is_not_swallowed() -> None:
    broken = service("https://example.com")

    def build(recording: bytes) -> Upload:
        raise ZeroDivisionError

    async def run() -> None:
        engine = RecordingEngine(Service(**{**vars(broken), "build_upload": build}))
        await dictate(engine, [SECOND])

    with pytest.raises(ZeroDivisionError):
        asyncio.run(run())


# --- long recordings -----------------------------------------------------------------------------


def test_a_long_recording_is_sent_in_pieces() -> None:
    def handle(received: Received) -> list[Step]:
        with wave.open(io.BytesIO(received.body)) as recording:
            text = f"{recording.getnframes()} heard."
        return [response(json.dumps({"text": text}).encode())]

    with speech_server(handle) as server:
        engine = RecordingEngine(service(server.url, longest=1.0))
        reported = said(asyncio.run(dictate(engine, [SECOND, SECOND[:16_000]])))
        assert server.connections == 1
    lengths = [len(it.body) // 2 - 22 for it in server.received]
    assert sum(lengths) == 24_000
    first, second = (f"{length} heard." for length in lengths)
    assert reported == [
        InterimHeard(first),
        DefiniteHeard(first, lengths[0]),
        InterimHeard(f"{first} {second}"),
        FinalHeard(f"{first} {second}", 24_000),
        EngineClosed(),
    ]


def test_a_piece_that_is_refused_ends_it() -> None:
    """What was heard until then is reported, and how far it reaches."""
    answers = iter([b'{"text":"a"}', b'{"error":{"code":1113,"message":"enough"}}'])
    with speech_server(lambda received: [response(next(answers))]) as server:
        engine = RecordingEngine(service(server.url, longest=1.0))
        reported, error = asyncio.run(attempt(engine, SECOND * 3))
    samples = len(server.received[0].body) // 2 - 22
    assert reported == [InterimHeard("a"), DefiniteHeard("a", samples)]
    assert error is not None
    assert error.message == "enough"


def test_every_piece_fails_once() -> None:
    """An hour costs nothing, because pieces that were heard are not sent again."""
    failed: set[bytes] = set()
    refusals: Iterator[list[Step]] = itertools.cycle(
        [CUT, [Drop()], [response(b"", "502 Bad Gateway")]]
    )

    def handle(received: Received) -> list[Step]:
        if received.body not in failed:
            failed.add(received.body)
            return next(refusals)
        return [response(json.dumps({"text": f"{len(received.body)}."}).encode())]

    recording = random.Random(3).randbytes(32_000 * 20)
    with speech_server(handle) as server:
        engine = RecordingEngine(service(server.url, longest=1.0))
        reported, error = asyncio.run(attempt(engine, recording))
    assert error is None
    pieces = list(dict.fromkeys(it.body for it in server.received))
    assert len(server.received) == 2 * len(pieces)
    assert b"".join(piece[44:] for piece in pieces) == recording
    text = " ".join(f"{len(piece)}." for piece in pieces)
    assert reported[-2:] == [FinalHeard(text, 320_000), EngineClosed()]


def test_a_piece_with_too_much_text_is_cut_in_two() -> None:
    """The service says no more than so much at once."""

    def handle(received: Received) -> list[Step]:
        seconds = (len(received.body) - 44) // 32_000
        if seconds > 10:
            return adding("x", stopped="length")
        return [response(json.dumps({"text": f"{seconds}"}).encode())]

    with speech_server(handle) as server:
        reported, error = asyncio.run(attempt(RecordingEngine(service(server.url)), SECOND * 25))
    assert error is None
    final = reported[-2]
    assert isinstance(final, FinalHeard)
    assert final.upto == 25 * 16_000
    heard = [it.body[44:] for it in server.received if len(it.body) <= 44 + 32_000 * 11]
    assert b"".join(heard) == SECOND * 25


def test_a_short_piece_with_too_much_text() -> None:
    with speech_server(say(*adding("x", stopped="length"))) as server:
        error = failure(RecordingEngine(service(server.url)))
        assert len(server.received) == 1
    assert error.message == "the service stopped before the text was whole (length)"
    assert error.is_permanent


def test_a_cut_is_where_it_is_quiet() -> None:
    loud = struct.pack("<h", 9000) * 16_000
    quiet = struct.pack("<h", 5) * 16_000
    recording = loud * 22 + quiet + loud * 20
    first, second = cut(recording, 30.0)
    assert 22.0 < len(first) / BYTES_PER_SECOND < 23.0
    assert first + second == recording


@given(st.binary(max_size=60_000).map(lambda pcm: pcm[: len(pcm) & ~1]), st.floats(0.45, 2.0))
def test_cuts_lose_nothing(pcm: bytes, longest: float) -> None:
    pieces = cut(pcm, longest)
    assert b"".join(pieces) == pcm
    assert all(0 < len(piece) <= longest * BYTES_PER_SECOND for piece in pieces)
    assert all(len(piece) % 2 == 0 for piece in pieces)


def test_wav() -> None:
    """Spec asr §2.3.2."""
    assert wav(bytes.fromhex("00000100ffffff7f")) == bytes.fromhex(
        "52494646 2c000000 57415645 666d7420 10000000 01000100 803e0000 007d0000"
        "02001000 64617461 08000000 00000100 ffffff7f"
    )
