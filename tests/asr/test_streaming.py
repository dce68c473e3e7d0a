"""A protocol run over a connection: packets, slow connections, and whole sessions."""

from __future__ import annotations

import asyncio
import threading
import tracemalloc
from pathlib import Path

import pytest

from koe.asr import open_engine
from koe.asr.protocol import Handshake, Message, Protocol
from koe.asr.streaming import PACKET_BYTES, StreamingEngine
from koe.config.engines import AsrConfig, DoubaoConfig, QwenConfig
from koe.dictation import open_core
from koe.errors import AsrConnectionError, AsrProtocolError, AsrTimeoutError
from koe.events import (
    BYTES_PER_SECOND,
    DefiniteHeard,
    Deliver,
    EngineClosed,
    EngineWorking,
    Event,
    FinalHeard,
    InterimHeard,
    Notice,
    ReportError,
    ShowInterim,
)
from koe.runner import Runner
from koe.session import Session
from tests.asr.contract import (
    MOMENT,
    PATIENCE,
    SPEECH,
    attempt,
    events_to_close,
    without_working,
)
from tests.servers.doubao import DoubaoService, response
from tests.servers.doubao import read as read_frame
from tests.servers.listener import spoken_in
from tests.servers.qwen import QwenService
from tests.servers.service import (
    Conversation,
    Fault,
    Point,
    Service,
    close,
    drop,
    fall_silent,
    say,
)
from tests.test_runner import Audio


class Echo(Service):
    """Says what it hears."""

    async def converse(self, conversation: Conversation) -> None:
        while True:
            await conversation.send(await conversation.receive())


class Parrot(Protocol):
    """Sends packets as they are, and reports as interim what comes back."""

    name = "parrot"

    def __init__(self, url: str) -> None:
        self.handshake = Handshake(url, {}, ("password",))
        self.is_ready = False
        self.sizes: list[int] = []

    def begin(self) -> list[Message | Event]:
        return ["hello"]

    def send(self, pcm: bytes) -> list[Message | Event]:
        self.sizes.append(len(pcm))
        return [pcm, "heard"]

    def finish(self) -> list[Message | Event]:
        return ["end"]

    def receive(self, message: Message) -> list[Message | Event]:
        match message:
            case "hello":
                return ["ready?"]
            case "ready?":
                self.is_ready = True
                return [InterimHeard("ready")]
            case "end":
                return [FinalHeard("the password"), EngineClosed("the password")]
            case "bug":
                raise ZeroDivisionError("oops")
            case "trouble":
                raise AsrProtocolError("the password is wrong")
        return [InterimHeard(str(len(message)))]


def with_parrot(frames: list[bytes]) -> tuple[list[int], list[Event]]:
    """The sizes of the packets that were sent, and what was reported."""
    with Echo() as service:
        parrot = Parrot(service.url)
        events, failure = asyncio.run(attempt(StreamingEngine(parrot, PATIENCE), frames))
    assert failure == ""
    return parrot.sizes, without_working(events)


@pytest.mark.parametrize(
    ("frames", "packets"),
    [
        ([], []),
        ([1], []),
        ([2], [2]),
        ([3], [2]),
        ([6400], [6400]),
        ([6400, 6400], [6400, 6400]),
        ([9600, 6400], [6400, 3200, 6400]),
        ([640] * 11, [3200, 3200, 640]),
        ([3201, 3201], [3200, 3202]),
        ([6401, 1], [6400, 2]),
        ([20_000], [6400, 6400, 6400, 800]),
    ],
)
def test_packets(frames: list[int], packets: list[int]) -> None:
    """100 to 200 ms, whole samples, and what is left at the end."""
    sizes, _ = with_parrot([bytes(size) for size in frames])
    assert sizes == packets


def test_setting_up_may_take_several_messages() -> None:
    """What comes meanwhile is reported; and no secret, wherever it comes from."""
    _, events = with_parrot([])
    assert events == [InterimHeard("ready"), FinalHeard("the password"), EngineClosed("the ***")]


def test_a_service_that_ends_early() -> None:
    """It has not heard all, so its text is not the final one."""

    async def run() -> list[Event]:
        engine = StreamingEngine(Parrot(service.url), PATIENCE)
        await engine.connect()
        events = await events_to_close(engine)
        await engine.close()
        return events

    with Echo() as service:
        service.faults[Point.OPENED] = say("ready?", "end")
        assert asyncio.run(run())[-2:] == [
            DefiniteHeard("the password"),
            EngineClosed("the ***", is_early=True),
        ]


def test_a_failure_shows_no_secret() -> None:
    with Echo() as service:
        service.faults[Point.OPENED] = say("ready?", "trouble")
        _, failure = asyncio.run(attempt(StreamingEngine(Parrot(service.url), PATIENCE), []))
    assert failure == "ASR protocol error: the *** is wrong"


def test_errors_are_mended_in_place() -> None:
    """However they are made."""
    engine = StreamingEngine(Parrot("ws://localhost/"), PATIENCE)
    for error in (
        AsrTimeoutError("the password"),
        AsrProtocolError("the password", is_permanent=True, retry_after=1.0),
    ):
        engine._mend(error)
        assert "password" not in f"{error} {error!r}"
    assert error.is_permanent


def test_a_bug_is_raised_where_the_event_is_awaited() -> None:
    with Echo() as service:
        service.faults[Point.OPENED] = say("ready?", "bug")
        with pytest.raises(ZeroDivisionError):
            asyncio.run(attempt(StreamingEngine(Parrot(service.url), PATIENCE), []))


def test_close_wakes_all_that_wait() -> None:
    async def run() -> Event:
        engine = StreamingEngine(Parrot(service.url), PATIENCE)
        await engine.connect()
        await engine.next_event()
        waiting = asyncio.create_task(engine.next_event())
        await asyncio.sleep(0)
        await engine.close()
        return await waiting

    with Echo() as service:
        assert asyncio.run(run()) == EngineClosed()


def test_close_while_the_connection_is_opened() -> None:
    """By a caller that does not cancel it: nothing is said, and no connection left behind."""

    async def run() -> None:
        service.answer = service.never_answer
        engine = StreamingEngine(Parrot(service.url), PATIENCE)
        connecting = asyncio.create_task(engine.connect())
        assert await asyncio.to_thread(service.asked.wait, PATIENCE)
        await engine.close()
        service.consent()
        with pytest.raises(AsrConnectionError, match="the engine was closed meanwhile"):
            await connecting
        conversation = await asyncio.to_thread(service.conversation)
        assert await asyncio.to_thread(conversation.over.wait, PATIENCE)
        assert conversation.received == []

    with Echo() as service:
        asyncio.run(run())


def test_close_while_the_session_is_set_up() -> None:
    async def run() -> None:
        service.faults[Point.OPENED] = fall_silent
        engine = StreamingEngine(Parrot(service.url), PATIENCE)
        connecting = asyncio.create_task(engine.connect())
        conversation = await asyncio.to_thread(service.conversation)
        assert await asyncio.to_thread(conversation.at_fault.wait, PATIENCE)
        await engine.close()
        with pytest.raises(AsrConnectionError):
            await connecting
        assert await asyncio.to_thread(conversation.over.wait, PATIENCE)

    with Echo() as service:
        asyncio.run(run())


def test_a_service_that_says_more_than_is_listened_to() -> None:
    """It has to wait: what it says does not pile up."""

    async def chatter(conversation: Conversation) -> None:
        await conversation.send("ready?")
        message = "x" * 10_000
        for _ in range(10_000):
            await conversation.send(message)
        chattered.set()

    async def run() -> int:
        engine = StreamingEngine(Parrot(service.url), PATIENCE)
        await engine.connect()
        tracemalloc.start()
        await asyncio.to_thread(chattered.wait, 20 * MOMENT)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        await engine.close()
        return peak

    chattered = threading.Event()
    with Echo() as service:
        service.faults[Point.OPENED] = chatter
        assert asyncio.run(run()) < 4 << 20
    assert not chattered.is_set()


# --- sessions ----------------------------------------------------------------------------


def doubao_at(service: Service, **values: object) -> AsrConfig:
    return AsrConfig(
        provider="doubao",
        doubao=DoubaoConfig(url=service.url, api_key="key", connect_timeout=PATIENCE).replace(
            **values
        ),
    )


def qwen_at(service: Service) -> AsrConfig:
    return AsrConfig(provider="qwen", qwen=QwenConfig(url=service.url, api_key="key"))


class Dictated:
    """A session with an engine at a service."""

    def __init__(self, config: AsrConfig, audio: Audio, final_wait: float = PATIENCE) -> None:
        self.notices: list[Notice] = []
        self.heard = asyncio.Event()
        session = Session(engine=config.provider, final_wait=final_wait)
        self.runner = Runner(session, lambda name, leg: open_engine(config), audio, self._note)
        self.task = self.runner.start()

    def _note(self, notice: Notice) -> None:
        self.notices.append(notice)
        if isinstance(notice, ShowInterim):
            self.heard.set()

    async def end(self) -> list[Notice]:
        async with asyncio.timeout(PATIENCE):
            await self.task
        return self.notices


def text_of(notices: list[Notice]) -> str:
    assert isinstance(notices[-1], Deliver), notices
    return notices[-1].text


@pytest.mark.parametrize("name", ["doubao", "qwen"])
def test_a_session(name: str) -> None:
    async def run() -> list[Notice]:
        config = doubao_at(service) if name == "doubao" else qwen_at(service)
        audio = Audio(SPEECH)
        dictated = Dictated(config, audio)
        async with asyncio.timeout(PATIENCE):
            await dictated.heard.wait()
        audio.frames = [SPEECH]
        dictated.runner.end_input()
        return await dictated.end()

    with DoubaoService() if name == "doubao" else QwenService() as service:
        assert text_of(asyncio.run(run())) == spoken_in(SPEECH * 2)


def test_audio_that_came_before_the_connection() -> None:
    """As much as the audio ring holds: nothing of it is lost, and nothing kept beside it."""
    early = SPEECH + bytes(250 * BYTES_PER_SECOND)

    async def run() -> tuple[list[Notice], int]:
        service.answer = service.never_answer
        audio = Audio()
        dictated = Dictated(doubao_at(service), audio)
        assert await asyncio.to_thread(service.asked.wait, PATIENCE)
        audio.frames = [early[start : start + 6400] for start in range(0, len(early), 6400)]
        tracemalloc.start()
        service.consent()
        async with asyncio.timeout(PATIENCE):
            await dictated.heard.wait()
        audio.frames = [SPEECH]
        dictated.runner.end_input()
        notices = await dictated.end()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return notices, peak

    with DoubaoService() as service:
        notices, peak = asyncio.run(run())
        frames = [read_frame(message) for message in service.conversation().received[1:]]
    assert text_of(notices) == spoken_in(SPEECH * 2)
    assert b"".join(frame.payload for frame in frames) == early + SPEECH
    assert max(len(frame.payload) for frame in frames) == PACKET_BYTES
    assert peak < 5 * len(early)


def test_the_key_is_released_before_the_connection_stands() -> None:
    async def run() -> list[Notice]:
        service.answer = service.never_answer
        dictated = Dictated(doubao_at(service), Audio(SPEECH))
        assert await asyncio.to_thread(service.asked.wait, PATIENCE)
        dictated.runner.end_input()
        service.consent()
        return await dictated.end()

    with DoubaoService() as service:
        assert text_of(asyncio.run(run())) == spoken_in(SPEECH)


def test_the_wait_for_the_text_begins_when_everything_is_sent() -> None:
    """And begins anew with everything that the service says."""

    async def run() -> list[Event]:
        engine = open_engine(doubao_at(service))
        events, _ = await attempt(engine, [SPEECH])
        return events

    with DoubaoService() as service:
        service.faults[Point.FINISH] = say("nothing that is understood")
        events = asyncio.run(run())
    assert events.count(EngineWorking()) >= len(SPEECH) // PACKET_BYTES


@pytest.mark.parametrize("name", ["doubao", "qwen"])
def test_a_service_without_an_end(name: str) -> None:
    """What was heard is delivered when the wait is over."""

    async def run() -> list[Notice]:
        config = doubao_at(service) if name == "doubao" else qwen_at(service)
        dictated = Dictated(config, Audio(SPEECH), final_wait=10 * MOMENT)
        async with asyncio.timeout(PATIENCE):
            while ShowInterim(spoken_in(SPEECH, ended=False)) not in dictated.notices:
                dictated.heard.clear()
                await dictated.heard.wait()
        dictated.runner.end_input()
        return await dictated.end()

    with DoubaoService() if name == "doubao" else QwenService() as service:
        service.faults[Point.FINISH] = fall_silent
        assert text_of(asyncio.run(run())) == spoken_in(SPEECH, ended=False)


@pytest.mark.parametrize("seconds", [0, 30])
def test_how_long_a_service_that_goes_on_is_waited_for(
    seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least until it could have heard everything as slowly as it was spoken."""
    monkeypatch.setattr("koe.asr.streaming.ANSWER_TIMEOUT", 0.0)

    class Talker(Echo):
        async def converse(self, conversation: Conversation) -> None:
            await conversation.send("ready?")
            while await conversation.receive() != "end":
                pass
            await conversation.send(*["word"] * 10, "end")

    with Talker() as service:
        engine = StreamingEngine(Parrot(service.url), PATIENCE)
        events, _ = asyncio.run(attempt(engine, [bytes(seconds * BYTES_PER_SECOND)]))
    spoken = events[events.index(InterimHeard("4")) :]
    assert (EngineWorking() in spoken) == (seconds > 0)


def test_a_service_that_never_stops() -> None:
    """What was heard is delivered, though it goes on and on."""

    async def go_on(conversation: Conversation) -> None:
        while True:
            await conversation.send(response(None, {"result": {"text": "on and on"}}))

    async def run() -> list[Notice]:
        dictated = Dictated(doubao_at(service), Audio(bytes(6400)), final_wait=10 * MOMENT)
        dictated.runner.end_input()
        return await dictated.end()

    with DoubaoService() as service, pytest.MonkeyPatch.context() as patch:
        patch.setattr("koe.asr.streaming.ANSWER_TIMEOUT", 10 * MOMENT)
        service.faults[Point.FINISH] = go_on
        assert text_of(asyncio.run(run())) == "on and on"


@pytest.mark.parametrize("fault", [drop, close(1013, "try again later")])
@pytest.mark.parametrize("name", ["doubao", "qwen"])
def test_a_service_that_goes_in_mid_speech(name: str, fault: Fault) -> None:
    """It is asked once more, and nothing is lost."""

    async def once(conversation: Conversation) -> None:
        del service.faults[Point.AUDIO]
        await fault(conversation)

    async def run() -> list[Notice]:
        config = doubao_at(service) if name == "doubao" else qwen_at(service)
        dictated = Dictated(config, Audio(SPEECH))
        async with asyncio.timeout(PATIENCE):
            await dictated.heard.wait()
        dictated.runner.end_input()
        return await dictated.end()

    with DoubaoService() if name == "doubao" else QwenService() as service:
        service.faults[Point.AUDIO] = once
        assert text_of(asyncio.run(run())) == spoken_in(SPEECH)


@pytest.mark.parametrize("name", ["doubao", "qwen"])
def test_a_whole_program(name: str, directory: Path) -> None:
    """From the configuration's file to the text."""
    directory.mkdir()
    with DoubaoService() if name == "doubao" else QwenService() as service:
        (directory / "config.yaml").write_text(
            f"asr: {{provider: {name}, {name}: {{url: '{service.url}', api_key: key}}}}\n",
            encoding="utf-8",
        )
        (directory / "dictionary.txt").write_text("Koe\n语音输入\n", encoding="utf-8")

        async def run() -> list[Notice]:
            async with open_core(directory) as core, asyncio.timeout(PATIENCE):
                session = core.begin()
                await session.feed(SPEECH)
                session.end()
                return [notice async for notice in session]

        assert text_of(asyncio.run(run())) == spoken_in(SPEECH)
        reported = service.requests if isinstance(service, DoubaoService) else service.sessions
        assert "Koe" in str(reported)
        assert "语音输入" in str(reported)


@pytest.mark.parametrize("url", ["ws://10.0.0.5/", "https://localhost/", "nonsense"])
def test_a_wrong_address_is_reported(url: str, directory: Path) -> None:
    directory.mkdir()
    (directory / "config.yaml").write_text(
        f"asr: {{provider: qwen, qwen: {{url: '{url}', api_key: key}}}}\n", encoding="utf-8"
    )

    async def run() -> list[Notice]:
        async with open_core(directory) as core, asyncio.timeout(PATIENCE):
            return [notice async for notice in core.begin()]

    errors = [notice for notice in asyncio.run(run()) if isinstance(notice, ReportError)]
    assert errors[0].message.startswith("ASR connection failed: in")


def test_not_ready_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.asr.streaming.SETUP_TIMEOUT", 0.0)

    async def run() -> None:
        engine = StreamingEngine(Parrot(service.url), 10 * MOMENT)
        with pytest.raises(AsrConnectionError, match="timeout waiting for server event"):
            await engine.connect()
        await engine.close()

    with Echo() as service:
        service.faults[Point.OPENED] = fall_silent
        asyncio.run(run())
