"""What every engine must do, as tests; each engine's test class inherits them.

A subclass of `EngineContract` gives ``open`` and ``speech``, one of `StreamingContract` a service
to talk to. The events that an engine may say are those of ``koe.events``; their order, and what
may be called when, is that of ``koe.asr.Engine``.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import tracemalloc
from abc import ABC, abstractmethod
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

import koe.asr.transport
from koe.asr import Engine
from koe.asr.streaming import StreamingEngine
from koe.errors import AsrConnectionError, AsrError, AsrTimeoutError
from koe.events import (
    DefiniteHeard,
    EngineClosed,
    EngineErred,
    EngineWorking,
    Event,
    FinalHeard,
    InterimHeard,
)
from tests.servers.listener import spoken_in
from tests.servers.service import (
    Fault,
    Message,
    Point,
    Service,
    close,
    close_without_code,
    die,
    drop,
    fall_silent,
    hang_up,
    say,
    stall,
)

# Nothing that an engine is asked for here takes a fraction of it; it only keeps a hang from
# lasting for ever.
PATIENCE = 60.0

SAID = (InterimHeard, DefiniteHeard, FinalHeard, EngineWorking, EngineErred, EngineClosed)


async def events_to_close(engine: Engine) -> list[Event]:
    """Everything that an engine says until it closes."""
    events: list[Event] = []
    async with asyncio.timeout(PATIENCE):
        while not events or not isinstance(events[-1], EngineClosed):
            events.append(await engine.next_event())
    return events


async def dictate(engine: Engine, frames: list[bytes]) -> list[Event]:
    """Connect, send the frames, finish, and return everything that was said."""
    await engine.connect()
    try:
        listening = asyncio.create_task(events_to_close(engine))
        for frame in frames:
            await engine.send_audio(frame)
            await asyncio.sleep(0)
        await engine.finish_input()
        return await listening
    finally:
        await engine.close()


def final(events: list[Event]) -> FinalHeard:
    """The last final."""
    return [event for event in events if isinstance(event, FinalHeard)][-1]


def final_text(events: list[Event]) -> str:
    """The text of the last final."""
    return final(events).text


def in_frames(pcm: bytes, size: int) -> list[bytes]:
    """Cut audio into frames."""
    return [pcm[start : start + size] for start in range(0, len(pcm), size)]


class EngineContract(ABC):
    """Inherit, and implement the first three."""

    @abstractmethod
    def open(self) -> Engine:
        """A new engine, not connected."""

    @pytest.fixture
    @abstractmethod
    def speech(self) -> bytes:
        """Some seconds of speech, 16 kHz mono s16le."""

    @abstractmethod
    def is_right(self, text: str) -> bool:
        """Whether a text is what is said in ``speech``."""

    def test_order_of_events(self, speech: bytes) -> None:
        events = asyncio.run(dictate(self.open(), in_frames(speech, 6400)))
        assert all(isinstance(event, SAID) for event in events)
        assert [type(event) for event in events].count(EngineClosed) == 1
        after_final = events[events.index(final(events)) :]
        assert {type(event) for event in after_final} <= {FinalHeard, EngineClosed, EngineWorking}
        assert self.is_right(final_text(events))

    def test_results_reach_no_further_than_the_audio(self, speech: bytes) -> None:
        events = asyncio.run(dictate(self.open(), in_frames(speech, 6400)))
        claims = [it.upto for it in events if isinstance(it, DefiniteHeard | FinalHeard)]
        reached = [upto for upto in claims if upto is not None]
        assert reached == sorted(reached)
        assert all(0 <= upto <= len(speech) // 2 for upto in reached)

    def test_the_text_grows_while_speech_is_sent(self, speech: bytes) -> None:
        events = asyncio.run(dictate(self.open(), in_frames(speech, 6400)))
        assert any(isinstance(event, InterimHeard | DefiniteHeard) for event in events)

    @pytest.mark.parametrize("size", [2, 641, 64_000])
    def test_frames_of_any_size_give_the_same_text(self, speech: bytes, size: int) -> None:
        start = speech[:64_000]
        whole = asyncio.run(dictate(self.open(), [start]))
        parts = asyncio.run(dictate(self.open(), in_frames(start, size)))
        assert final_text(parts) == final_text(whole)

    def test_no_task_is_left(self, speech: bytes) -> None:
        async def run() -> None:
            await dictate(self.open(), [speech])
            others = asyncio.all_tasks() - {asyncio.current_task()}
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*others, return_exceptions=True)

        asyncio.run(run())

    def test_no_audio(self) -> None:
        events = asyncio.run(dictate(self.open(), []))
        assert final_text(events) == ""

    def test_empty_and_odd_frames(self) -> None:
        events = asyncio.run(dictate(self.open(), [b"", b"\0", b"", b"\0\0", b"\0" * 6401]))
        assert final_text(events) == ""

    def test_finish_twice(self, speech: bytes) -> None:
        async def finish_twice() -> list[Event]:
            engine = self.open()
            await engine.connect()
            await engine.send_audio(speech)
            await engine.finish_input()
            await engine.finish_input()
            events = await events_to_close(engine)
            await engine.close()
            return events

        assert self.is_right(final_text(asyncio.run(finish_twice())))

    def test_close_at_every_point(self, speech: bytes) -> None:
        async def close_after(steps: int) -> None:
            engine = self.open()
            listening: asyncio.Task[list[Event]] | None = None
            if steps >= 1:
                await engine.connect()
                listening = asyncio.create_task(events_to_close(engine))
            if steps >= 2:
                await engine.send_audio(speech)
                await asyncio.sleep(0)
            if steps >= 3:
                await engine.finish_input()
            if listening is not None:
                listening.cancel()
            async with asyncio.timeout(PATIENCE):
                await engine.close()
                await engine.close()

        for steps in range(4):
            asyncio.run(close_after(steps))

    def test_abandon(self, speech: bytes) -> None:
        """From another thread, while the loop can do nothing; others are not kept waiting."""

        async def abandon_and_go_on() -> list[Event]:
            engine = self.open()
            await engine.connect()
            await engine.send_audio(speech)
            abandoning = threading.Thread(target=engine.abandon)
            abandoning.start()
            abandoning.join(PATIENCE)
            events = await dictate(self.open(), [speech])
            await engine.close()
            return events

        assert self.is_right(final_text(asyncio.run(abandon_and_go_on())))

    def test_two_at_once(self, speech: bytes) -> None:
        async def both() -> tuple[list[Event], list[Event]]:
            frames = in_frames(speech, 6400)
            return await asyncio.gather(dictate(self.open(), frames), dictate(self.open(), frames))

        first, second = asyncio.run(both())
        assert final_text(first) == final_text(second)
        assert self.is_right(final_text(first))


# --- engines in the network --------------------------------------------------------------

SPEECH = random.Random(5).randbytes(5 * 32_000)

# Answers that a live service gives within it; only what never comes is waited for so long.
MOMENT = 0.05


async def attempt(engine: Engine, frames: list[bytes]) -> tuple[list[Event], str]:
    """Dictate; return what was said until it closed or failed, and the sentence if it failed."""
    events: list[Event] = []

    async def listen() -> None:
        while not events or not isinstance(events[-1], EngineClosed):
            events.append(await engine.next_event())

    async def speak() -> None:
        for frame in frames:
            await engine.send_audio(frame)
        await engine.finish_input()

    try:
        async with asyncio.timeout(PATIENCE):
            await engine.connect()
            speaking = asyncio.create_task(speak())
            try:
                await listen()
            finally:
                speaking.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await speaking
    except AsrError as exc:
        return events, str(exc)
    finally:
        await engine.close()
    return events, ""


async def speak_on(engine: Engine, *, until_asked: bool = False) -> None:
    """Speak until the engine fails, or only until it asks for a sign of life."""
    assert isinstance(engine, StreamingEngine)

    async def speak() -> None:
        while not (until_asked and engine._asking):
            await engine.send_audio(SPEECH[:6400])
            await asyncio.sleep(MOMENT / 50)  # else the network is full before there is a doubt

    await engine.connect()
    speaking = asyncio.create_task(speak())
    try:
        await events_to_close(engine)
    finally:
        speaking.cancel()
        async with asyncio.timeout(PATIENCE):
            await engine.close()


def without_working(events: list[Event]) -> list[Event]:
    """Events without those that depend on how fast the machine is."""
    return [event for event in events if not isinstance(event, EngineWorking)]


class StreamingContract(EngineContract):
    """For engines that stream to a service: inherit, and implement the first four.

    Attributes:
        garbage: Messages that no session survives.
        ignored: Messages that mean nothing to it.
    """

    garbage: tuple[Message, ...]
    ignored: tuple[Message, ...]
    # Set while a test runs.
    service: Service

    @abstractmethod
    def serve(self) -> Service:
        """The imitation of the service."""

    @abstractmethod
    def engine_at(
        self, url: str, connect_timeout: float = PATIENCE, stall: float = PATIENCE
    ) -> Engine:
        """An engine with the key ``secret-key-of-the-user``."""

    @abstractmethod
    def is_the_end(self, message: Message) -> bool:
        """Whether a client's message is the end of the audio."""

    @abstractmethod
    def error(self, message: str) -> tuple[Message, str]:
        """An error of the service with a message, and what koe reports of it."""

    @pytest.fixture(autouse=True)
    def _service(self) -> Iterator[None]:
        with self.serve() as self.service:
            yield

    def open(self) -> Engine:
        return self.engine_at(self.service.url)

    @pytest.fixture
    def speech(self) -> bytes:
        return SPEECH

    def is_right(self, text: str) -> bool:
        return text == spoken_in(SPEECH)

    def test_text_comes_before_and_after_the_end(self) -> None:
        async def run() -> tuple[list[Event], list[Event]]:
            engine = self.open()
            await engine.connect()
            before: list[Event] = []
            await engine.send_audio(SPEECH)
            while not any(isinstance(event, InterimHeard) and event.text for event in before):
                before.append(await engine.next_event())
            await engine.finish_input()
            after = await events_to_close(engine)
            await engine.close()
            return before, after

        before, after = asyncio.run(run())
        assert not any(isinstance(event, FinalHeard | EngineClosed) for event in before)
        assert self.is_right(final_text(after))

    @pytest.mark.parametrize("size", [1, 7])
    def test_messages_in_fragments(self, size: int) -> None:
        """Also where a fragment ends within a character."""
        whole, _ = asyncio.run(attempt(self.open(), [SPEECH]))
        self.service.fragment_bytes = size
        cut, _ = asyncio.run(attempt(self.open(), [SPEECH]))
        assert without_working(cut) == without_working(whole)

    def test_a_wait_for_events_may_be_abandoned(self) -> None:
        """However often: no event is lost, and none comes twice."""

        async def impatiently() -> list[Event]:
            engine, events = self.open(), list[Event]()
            delays = random.Random(7)
            await engine.connect()
            for frame in in_frames(SPEECH, 6400):
                await engine.send_audio(frame)
            await engine.finish_input()
            while not events or not isinstance(events[-1], EngineClosed):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(delays.uniform(0, 0.001)):
                        events.append(await engine.next_event())
            await engine.close()
            return events

        patiently, _ = asyncio.run(attempt(self.open(), [SPEECH]))
        assert without_working(asyncio.run(impatiently())) == without_working(patiently)

    @pytest.mark.parametrize("fault", [drop, hang_up, close_without_code, close(1000)])
    @pytest.mark.parametrize("point", Point)
    def test_an_end_without_a_reason(self, point: Point, fault: Fault) -> None:
        self.service.faults[point] = fault
        events, failure = asyncio.run(attempt(self.open(), [SPEECH]))
        assert not any(isinstance(event, FinalHeard) for event in events)
        if not failure:
            closed = events[-1]
            assert isinstance(closed, EngineClosed)
            assert closed.is_cut
        assert failure == "" or failure.startswith("ASR ")

    @pytest.mark.parametrize("fault", [close_without_code, close(1000), close(1011, "overloaded")])
    def test_an_end_that_is_none(self, fault: Fault) -> None:
        """The service closes after the end of the audio, and did not say that it has done."""
        self.service.faults[Point.FINISH] = fault
        events, failure = asyncio.run(attempt(self.open(), [SPEECH]))
        assert failure == ""
        texts = [event.text for event in events if isinstance(event, InterimHeard | DefiniteHeard)]
        assert texts[-1] == spoken_in(SPEECH, ended=False)
        closed = events[-1]
        assert isinstance(closed, EngineClosed)
        assert (closed.is_cut, closed.is_early) == (True, False)

    def test_how_far_results_reach(self) -> None:
        """In the audio, with the silence in it; the final reaches its end."""
        pause = bytes(32_000)
        audio = [pause, SPEECH[:64_000], pause, SPEECH[64_000:], pause]
        events = asyncio.run(dictate(self.open(), audio))
        reached = [event.upto for event in events if isinstance(event, DefiniteHeard)]
        assert reached[:2] == [3 * 16_000, 6 * 16_000]
        assert final(events) == FinalHeard(spoken_in(SPEECH), 8 * 16_000)

    def test_a_stall(self) -> None:
        """A service that hears speech, and answers pings only, is given up."""
        self.service.faults[Point.AUDIO] = fall_silent
        with pytest.raises(
            AsrTimeoutError,
            match=r"^the speech service did not respond to 0\.125 seconds of speech$",
        ):
            asyncio.run(speak_on(self.engine_at(self.service.url, stall=MOMENT)))

    def test_a_dead_connection(self) -> None:
        """The service does not even answer a ping."""
        self.service.faults[Point.AUDIO] = die
        # So long that a packet of 0.2 s, which a busy machine sends late, can't end the patience
        # and the grace after it at once: then the service is lost before it is asked.
        patience = 4 * MOMENT
        with pytest.raises(AsrTimeoutError, match="the connection to the speech service was lost"):
            asyncio.run(
                speak_on(self.engine_at(self.service.url, stall=patience), until_asked=True)
            )

    @pytest.mark.parametrize("point", Point)
    def test_an_end_with_a_reason(self, point: Point) -> None:
        self.service.faults[point] = close(1008, 'quota "exhausted"')
        events, failure = asyncio.run(attempt(self.open(), [SPEECH]))
        reported = [event.reason for event in events if isinstance(event, EngineClosed)]
        assert 'code=1008, reason="quota \\"exhausted\\""' in [*reported, failure][0]

    def test_an_end_before_the_end_of_the_audio(self) -> None:
        """It is reported as early, though the key may be up and the session wait for an end."""
        self.service.faults[Point.AUDIO] = close(1008, "quota")

        async def run() -> list[Event]:
            engine = self.open()
            await engine.connect()
            await engine.send_audio(SPEECH)
            events = await events_to_close(engine)
            await engine.finish_input()
            await engine.close()
            return events

        assert asyncio.run(run())[-1] == EngineClosed(
            'code=1008, reason="quota"', is_early=True, is_cut=True
        )

    def test_an_end_before_any_text_is_no_silence(self) -> None:
        """The session would take an end after the end of the audio for silence."""
        self.service.faults[Point.FINISH] = close(1011, "overloaded")
        _, failure = asyncio.run(attempt(self.open(), [bytes(6400)]))
        assert failure == (
            "ASR protocol error: connection closed before the result: "
            'code=1011, reason="overloaded"'
        )

    @pytest.mark.parametrize("point", Point)
    def test_garbage(self, point: Point) -> None:
        for garbage in self.garbage:
            self.service.faults[point] = say(garbage)
            events, failure = asyncio.run(attempt(self.open(), [SPEECH]))
            assert failure.startswith("ASR "), garbage
            assert not any(isinstance(event, FinalHeard) for event in events)

    @pytest.mark.parametrize("point", [Point.AUDIO, Point.FINISH])
    def test_what_means_nothing(self, point: Point) -> None:
        expected, _ = asyncio.run(attempt(self.open(), [SPEECH]))
        self.service.faults[point] = say(*self.ignored)
        events, _ = asyncio.run(attempt(self.open(), [SPEECH]))
        assert without_working(events) == without_working(expected)

    @pytest.mark.parametrize("point", Point)
    def test_a_message_without_end(self, point: Point) -> None:
        """It is refused by its size, before it is there."""
        for message in (b"\0" * (5 << 20), "x" * (5 << 20)):
            for fragment_bytes in (0, 1 << 19):
                self.service.fragment_bytes = fragment_bytes
                self.service.faults[point] = say(message)
                _, failure = asyncio.run(attempt(self.open(), [SPEECH]))
                assert failure.endswith(": the server sent a message of more than 4 MiB")

    def test_an_error_of_the_service(self) -> None:
        message, reported = self.error("the audio is no audio")
        self.service.faults[Point.AUDIO] = say(message)
        events, failure = asyncio.run(attempt(self.open(), [SPEECH]))
        said = [event.message for event in events if isinstance(event, EngineErred)]
        assert [*said, failure][0] == reported

    def test_an_error_does_not_repeat_the_key(self) -> None:
        message, _ = self.error("secret-key-of-the-user is no key " + "x" * 1000)
        self.service.faults[Point.AUDIO] = say(message)
        events, failure = asyncio.run(attempt(self.open(), [SPEECH]))
        said = [event.message for event in events if isinstance(event, EngineErred)]
        assert "*** is no key xxx" in [*said, failure][0]
        assert len([*said, failure][0]) < 600

    @pytest.mark.parametrize("fault", [stall, fall_silent])
    @pytest.mark.parametrize("point", Point)
    def test_cancel_at_every_point(self, point: Point, fault: Fault) -> None:
        """Nothing is sent after it, and it waits for nothing."""
        self.service.faults[point] = fault

        async def dictate_on(engine: Engine) -> None:
            await engine.connect()
            while point is not Point.FINISH:
                await engine.send_audio(SPEECH)
            await engine.send_audio(SPEECH)
            await engine.finish_input()
            await events_to_close(engine)

        async def cancel() -> None:
            engine = self.open()
            dictating = asyncio.create_task(dictate_on(engine))
            conversation = await asyncio.to_thread(self.service.conversation)
            await asyncio.to_thread(conversation.at_fault.wait, PATIENCE)
            dictating.cancel()
            with pytest.raises(asyncio.CancelledError):
                async with asyncio.timeout(PATIENCE):
                    await dictating
            await engine.send_audio(SPEECH)
            await engine.close()
            await engine.send_audio(SPEECH)
            await engine.finish_input()
            if fault is fall_silent:
                assert await asyncio.to_thread(conversation.over.wait, PATIENCE)
                ends = [self.is_the_end(message) for message in conversation.received]
                # Where it was sent before the cancel, it is not sent again.
                assert ends.count(True) == (point is Point.FINISH)

        asyncio.run(cancel())

    def test_cancel_while_the_handshake_is_unanswered(self) -> None:
        self.service.answer = self.service.never_answer

        async def cancel() -> None:
            engine = self.open()
            connecting = asyncio.create_task(engine.connect())
            assert await asyncio.to_thread(self.service.asked.wait, PATIENCE)
            connecting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await connecting
            await engine.close()

        asyncio.run(cancel())
        assert self.service.conversations == []

    @pytest.mark.parametrize("point", Point)
    def test_a_service_that_falls_silent(self, point: Point) -> None:
        """Before it is ready it is given up; later a session decides how long it waits."""
        self.service.faults[point] = fall_silent

        async def listen() -> list[Event]:
            engine, events = self.engine_at(self.service.url, 10 * MOMENT), list[Event]()
            try:
                await engine.connect()
                await engine.send_audio(SPEECH)
                await engine.finish_input()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(MOMENT):
                        while True:
                            events.append(await engine.next_event())
            finally:
                await engine.close()
            return events

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("koe.asr.streaming.SETUP_TIMEOUT", MOMENT)
            try:
                events = asyncio.run(listen())
            except AsrConnectionError as exc:
                assert str(exc) == "ASR connection failed: timeout waiting for server event"
                assert point in (Point.OPENED, Point.SET_UP)
            else:
                assert not any(isinstance(event, FinalHeard | EngineClosed) for event in events)

    def test_a_service_that_takes_nothing_any_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(koe.asr.transport, "SEND_TIMEOUT", MOMENT)
        self.service.faults[Point.AUDIO] = stall

        async def speak() -> None:
            engine = self.open()
            await engine.connect()
            try:
                async with asyncio.timeout(PATIENCE):
                    while True:
                        await engine.send_audio(SPEECH)
            finally:
                async with asyncio.timeout(PATIENCE):
                    await engine.close()

        with pytest.raises(AsrError, match="ASR protocol error: sending timed out"):
            asyncio.run(speak())

    def test_ten_minutes(self) -> None:
        """In memory that does not grow with them: a fraction of the 19 MB of audio.

        Five of thirty seconds are speech: the service sends all its text again and again.
        """
        self.service.keeps = False

        async def run() -> int:
            engine = self.open()
            final = ""

            async def listen() -> None:
                nonlocal final
                while not isinstance(event := await engine.next_event(), EngineClosed):
                    final = event.text if isinstance(event, FinalHeard) else final

            await engine.connect()
            listening = asyncio.create_task(listen())
            await asyncio.sleep(0)
            tracemalloc.start()
            for _ in range(20):
                await engine.send_audio(SPEECH)
                await engine.send_audio(bytes(25 * 32_000))
            await engine.finish_input()
            await listening
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            await engine.close()
            assert final == spoken_in(SPEECH * 20)
            return peak

        assert asyncio.run(run()) < 4_000_000

    @pytest.mark.parametrize(
        ("status", "is_permanent"),
        [(HTTPStatus.UNAUTHORIZED, True), (HTTPStatus.TOO_MANY_REQUESTS, False),
         (HTTPStatus.BAD_GATEWAY, False)],
    )  # fmt: skip
    def test_a_refused_handshake(self, status: HTTPStatus, is_permanent: bool) -> None:
        async def answer(request: Request) -> Response:
            body = b'{"message":"secret-key-of-the-user is no key"}'
            headers = Headers({"Content-Length": str(len(body)), "Retry-After": "7"})
            return Response(status.value, status.phrase, headers, body)

        self.service.answer = answer
        with pytest.raises(AsrConnectionError) as caught:
            asyncio.run(self.open().connect())
        assert str(caught.value) == (
            f"ASR connection failed: HTTP error: {status.value} {status.phrase}: "
            '{"message":"*** is no key"}'
        )
        assert caught.value.is_permanent == is_permanent
        assert caught.value.retry_after == 7.0

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_redirects_are_not_followed(self, status: int) -> None:
        with self.serve() as other:

            async def answer(request: Request) -> Response:
                return Response(status, "Elsewhere", Headers({"Location": other.url}), b"")

            self.service.answer = answer
            _, failure = asyncio.run(attempt(self.open(), []))
            assert failure == (
                f"ASR connection failed: HTTP error: {status} Elsewhere: redirects are not "
                f"followed, and this one goes to {other.url}"
            )
            assert other.conversations == []

    def test_a_handshake_without_an_answer(self) -> None:
        self.service.answer = self.service.never_answer
        engine = self.engine_at(self.service.url, connect_timeout=MOMENT)
        _, failure = asyncio.run(attempt(engine, []))
        assert failure == "ASR connection failed: connection timed out"

    def test_not_connected(self) -> None:
        async def run() -> None:
            engine = self.open()
            await engine.send_audio(SPEECH)
            await engine.finish_input()
            with pytest.raises(AsrConnectionError, match="not connected"):
                await engine.next_event()
            await engine.close()

        asyncio.run(run())
