"""Sessions on a loop: tasks, timers, failures. What is decided is tested in test_session."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable, Sequence

import pytest

from koe.asr import Engine
from koe.errors import (
    AsrConnectionError,
    AsrProtocolError,
    EngineUnavailableError,
)
from koe.events import (
    AnnounceReady,
    Began,
    Corrected,
    CorrectionFailed,
    DefiniteHeard,
    Deliver,
    Effect,
    EngineClosed,
    EngineConnected,
    EngineErred,
    EngineWorking,
    Event,
    FinalHeard,
    InputEnded,
    InterimHeard,
    Notice,
    ReportError,
    ReportHeard,
    Resumed,
    ShowInterim,
    ShowState,
    State,
    Warn,
)
from koe.journal.format import End, Mark
from koe.runner import AskModel, Runner
from koe.session import Session
from koe.session_rules import SessionRules
from tests.scripted import ScriptedEngine

PATIENCE = 30.0


class Audio:
    """A list of frames as an audio source."""

    def __init__(self, *frames: bytes, lost_bytes: int = 0) -> None:
        self.frames = list(frames)
        self.lost_bytes = lost_bytes
        self.closed = False

    def read(self) -> bytes:
        audio = b"".join(self.frames)
        self.frames.clear()
        return audio

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost engine is opened again without delay."""
    monkeypatch.setattr("koe.session.RETRY_DELAYS", (0.0,) * 4)


class Recorder:
    """Keeps a record as a list; ``end`` is its last entry."""

    def __init__(self) -> None:
        self.failure = self.remedy = ""
        self.pcm = bytearray()
        self.happened: list[Event | Notice] = []
        self.marks: list[tuple[Mark, tuple[int, ...]]] = []
        self.ended: End | None = None

    def audio(self, pcm: bytes) -> None:
        self.pcm += pcm

    def event(self, event: Event | Notice) -> None:
        self.happened.append(event)

    def mark(self, mark: Mark, *numbers: int) -> None:
        self.marks.append((mark, numbers))

    def end(self, end: End) -> None:
        self.ended = end


class Bench:
    """A runner with everything around it.

    Args:
        engine: The engine of the first leg, or why there is none.
        more: Those of the next legs; the last one serves all that follow.
        after: One that was spoken earlier.
    """

    def __init__(
        self,
        engine: Engine | AsrConnectionError,
        *more: Engine,
        final_wait: float = PATIENCE,
        correct: AskModel | None = None,
        fallbacks: tuple[str, ...] = (),
        record: Recorder | None = None,
        rules: SessionRules | None = None,
        after: Bench | None = None,
    ) -> None:
        self.notices: list[Notice] = []
        self.audio = Audio()
        self.session = Session(
            engine="scripted",
            fallbacks=fallbacks,
            final_wait=final_wait,
            corrects=correct is not None,
            rules=rules or SessionRules(),
        )
        # The names of the engines that were opened, one for each leg.
        self.opened: list[str] = []
        self._changed = asyncio.Event()

        def open_engine(name: str, leg: int) -> Engine:
            self.opened.append(name)
            assert leg == len(self.opened)
            if isinstance(engine, AsrConnectionError):
                raise engine
            return [engine, *more][min(leg, len(more) + 1) - 1]

        self.runner = Runner(
            self.session, open_engine, self.audio, self._note, correct, record=record
        )
        self.task = self.runner.start([after.runner] if after else ())

    def _note(self, notice: Notice) -> None:
        self.notices.append(notice)
        self._changed.set()

    async def until(self, notice: Notice) -> None:
        async with asyncio.timeout(PATIENCE):
            while notice not in self.notices:
                self._changed.clear()
                await self._changed.wait()

    async def end(self) -> list[Notice]:
        async with asyncio.timeout(PATIENCE):
            await self.task
        return self.notices


async def soon(event: asyncio.Event) -> None:
    """Wait for what must happen."""
    async with asyncio.timeout(PATIENCE):
        await event.wait()


def dictation(
    script: Callable[[ScriptedEngine, Bench], Awaitable[None]],
    final_wait: float = PATIENCE,
    correct: AskModel | None = None,
) -> tuple[list[Notice], ScriptedEngine]:
    """Run a session along a script and return what was reported."""

    async def run() -> tuple[list[Notice], ScriptedEngine]:
        engine = ScriptedEngine()
        bench = Bench(engine, final_wait=final_wait, correct=correct)
        await script(engine, bench)
        return await bench.end(), engine

    return asyncio.run(run())


def test_a_session() -> None:
    async def script(engine: ScriptedEngine, bench: Bench) -> None:
        bench.audio.frames = [b"ab", b"cd"]
        engine.says.put_nowait(InterimHeard("hello"))
        await bench.until(ShowInterim("hello"))
        bench.audio.frames = [b"ef"]
        bench.runner.end_input()

    notices, engine = dictation(script)
    assert notices[0:3] == [
        ShowState(State.RECORDING_HOLD),
        AnnounceReady(),
        ShowInterim("hello"),
    ]
    assert isinstance(notices[-1], Deliver)
    assert notices[-1].text == "hello world"
    assert engine.heard == b"abcdef"
    assert engine.calls == ["connect", "send_audio", "finish_input", "close"]


def test_what_a_session_held_is_free_without_a_garbage_collection() -> None:
    gc.disable()
    try:

        async def run() -> weakref.ref[Runner]:
            engine = ScriptedEngine()
            session = Session(engine="scripted", fallbacks=(), final_wait=PATIENCE, corrects=False)
            notices: list[Notice] = []
            runner = Runner(session, lambda name, leg: engine, Audio(), notices.append)
            task = runner.start()
            runner.end_input()
            await task
            return weakref.ref(runner)

        assert asyncio.run(run())() is None
    finally:
        gc.enable()


def test_audio_is_closed_with_the_session() -> None:
    benches: list[Bench] = []

    async def script(engine: ScriptedEngine, bench: Bench) -> None:
        benches.append(bench)
        bench.runner.end_input()

    dictation(script)
    assert benches[0].audio.closed


def test_audio_before_the_engine_is_connected_is_kept() -> None:
    async def script(engine: ScriptedEngine, bench: Bench) -> None:
        engine.may_connect.clear()
        bench.audio.frames = [b"sooner"]
        await bench.until(AnnounceReady())
        bench.runner.end_input()
        bench.audio.frames = [b" late"]
        engine.may_connect.set()

    notices, engine = dictation(script)
    assert engine.heard == b"sooner"
    assert isinstance(notices[-1], Deliver)


def test_the_second_end_changes_nothing() -> None:
    async def script(engine: ScriptedEngine, bench: Bench) -> None:
        bench.runner.end_input()
        bench.runner.end_input()

    notices, _ = dictation(script)
    assert sum(isinstance(notice, Deliver) for notice in notices) == 1


@pytest.mark.parametrize("phase", ["connecting", "recording", "finalizing"])
def test_cancel(phase: str) -> None:
    async def script(engine: ScriptedEngine, bench: Bench) -> None:
        engine.answer = None
        if phase == "connecting":
            engine.may_connect.clear()
            await engine.connecting.wait()
        if phase == "recording":
            engine.says.put_nowait(InterimHeard("hello"))
            await bench.until(ShowInterim("hello"))
        if phase == "finalizing":
            bench.runner.end_input()
            await bench.until(ShowState(State.FINALIZING_ASR))
        bench.runner.cancel()

    notices, engine = dictation(script)
    assert notices[-2:] == [ShowState(State.CANCELLED), ShowState(State.IDLE)]
    assert engine.calls[-1] == "close"
    if phase != "finalizing":
        assert "finish_input" not in engine.calls


@pytest.mark.parametrize("last", [ShowInterim("hello world"), ReportHeard("hello world")], ids=repr)
def test_cancel_in_the_last_callback_before_the_text(last: Notice) -> None:
    """It comes through the loop, from a thread of the shell's, while the callback is running.

    The engine's close is queued by then, and must not hurry the delivery.
    """

    async def run() -> list[Notice]:
        bench = Bench(ScriptedEngine())
        loop = asyncio.get_running_loop()

        def note(notice: Notice) -> None:
            bench.notices.append(notice)
            if notice == last:
                loop.call_soon_threadsafe(bench.runner.cancel)

        bench.runner._notify = note
        bench.runner.end_input()
        return await bench.end()

    assert asyncio.run(run())[-4:] == [
        ShowInterim("hello world"),
        ReportHeard("hello world"),
        ShowState(State.CANCELLED),
        ShowState(State.IDLE),
    ]


def test_unavailable_engine() -> None:
    async def run() -> list[Notice]:
        return await Bench(EngineUnavailableError("x", "get it")).end()

    assert asyncio.run(run())[-2:] == [
        ReportError("ASR connection failed: speech engine 'x' is not available: get it"),
        ShowState(State.FAILED),
    ]


@pytest.mark.usefixtures("impatience")
def test_connect_failure() -> None:
    async def script(engine: ScriptedEngine, bench: Bench) -> None:
        engine.connect_error = AsrConnectionError("connection timed out")
        bench.runner.end_input()

    notices, engine = dictation(script)
    assert notices[-2:] == [
        ReportError("ASR connection failed: connection timed out"),
        ShowState(State.FAILED),
    ]
    assert sorted(engine.calls) == ["close"] * 5 + ["connect"] * 5


@pytest.mark.usefixtures("impatience")
def test_send_failure() -> None:
    async def script(engine: ScriptedEngine, bench: Bench) -> None:
        engine.send_error = AsrProtocolError("send audio: broken pipe")
        bench.audio.frames = [b"ab"]
        bench.runner.end_input()

    notices, _ = dictation(script)
    assert notices[-2] == ReportError("ASR send error: ASR protocol error: send audio: broken pipe")


@pytest.mark.usefixtures("impatience")
def test_finish_failure() -> None:
    async def script(engine: ScriptedEngine, bench: Bench) -> None:
        engine.finish_error = AsrProtocolError("send finish: broken pipe")
        bench.runner.end_input()

    notices, _ = dictation(script)
    assert notices[-2] == ReportError(
        "ASR finish failed: ASR protocol error: send finish: broken pipe"
    )


LOSSES = [
    AsrConnectionError("connection lost"),
    EngineClosed("gone", is_cut=True),
    EngineErred("hiccup"),
    ZeroDivisionError("a bug"),
]


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize("phase", ["recording", "finalizing"])
def test_an_engine_that_is_lost_once(loss: Event | Exception, phase: str) -> None:
    """Another leg hears what the first one was given, and nothing is reported of it."""

    async def run() -> tuple[list[Notice], ScriptedEngine, ScriptedEngine]:
        first, second = ScriptedEngine(), ScriptedEngine()
        first.answer = None
        bench = Bench(first, second)
        bench.audio.frames = [b"ab", b"cd"]
        first.says.put_nowait(InterimHeard("hello"))
        await bench.until(ShowInterim("hello"))
        if phase == "finalizing":
            bench.runner.end_input()
            await bench.until(ShowState(State.FINALIZING_ASR))
        first.says.put_nowait(loss)
        await soon(second.connecting)
        first.says.put_nowait(FinalHeard("an afterthought"))
        bench.audio.frames = [b"ef"] if phase == "recording" else []
        bench.runner.end_input()
        return await bench.end(), first, second

    notices, first, second = asyncio.run(run())
    assert isinstance(notices[-1], Deliver)
    assert notices[-1].text == "hello world"
    assert not [notice for notice in notices if isinstance(notice, Warn | ReportError)]
    assert bytes(second.heard) == (b"abcdef" if phase == "recording" else b"abcd")
    assert first.calls[-1] == second.calls[-1] == "close"


def test_the_fall_back() -> None:
    async def run() -> tuple[list[Notice], Bench]:
        second = ScriptedEngine()
        first = ScriptedEngine()
        first.connect_error = AsrConnectionError("no such key", is_permanent=True)
        bench = Bench(first, second, fallbacks=("other",))
        bench.audio.frames = [b"ab"]
        await soon(second.connecting)
        bench.runner.end_input()
        return await bench.end(), bench

    notices, bench = asyncio.run(run())
    assert Warn("ASR connection failed: no such key; other recognises the rest") in notices
    assert notices[-1] == Deliver("hello world", "hello world", "other", corrected=False)
    assert bench.opened == ["scripted", "other"]


@pytest.mark.parametrize("ends", [True, False])
def test_a_failed_session_goes_on_recording(ends: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user may speak on without having seen it; until the shell ends it, or pushes no more."""
    monkeypatch.setattr("koe.runner.RECORD_ON", PATIENCE if ends else 0.05)

    async def run() -> tuple[Bench, Recorder]:
        record = Recorder()
        bench = Bench(EngineUnavailableError("x", "get it"), record=record)
        bench.audio.frames = [b"ab"]
        await bench.until(ShowState(State.FAILED))
        await bench.runner.over.wait()
        assert not bench.audio.closed
        bench.audio.frames = [b"cd"]
        if ends:
            bench.runner.end_input()
        await bench.end()
        assert bench.audio.closed
        return bench, record

    bench, record = asyncio.run(run())
    assert record.pcm == b"abcd"
    assert record.ended is not None
    assert record.ended.state == "failed"
    assert "get it" in record.ended.reason
    assert bench.notices[-1] == ShowState(State.FAILED)


def test_the_record() -> None:
    async def run() -> tuple[list[Notice], Recorder]:
        record, engine = Recorder(), ScriptedEngine()
        bench = Bench(engine, record=record)
        bench.audio.frames = [b"abc", b"d"]
        engine.says.put_nowait(EngineWorking())
        engine.says.put_nowait(InterimHeard("hello"))
        await bench.until(ShowInterim("hello"))
        bench.runner.end_input()
        return await bench.end(), record

    notices, record = asyncio.run(run())
    assert record.pcm == b"abcd"
    assert [it for it in record.happened if isinstance(it, Notice)] == notices
    assert [it for it in record.happened if isinstance(it, Event)] == [
        Began(), EngineConnected(), InterimHeard("hello"), InputEnded(samples=2),
        FinalHeard("hello world"), EngineClosed(), Resumed(),
    ]  # fmt: skip
    assert record.ended == End("completed", "hello world", "hello world", "scripted")


@pytest.mark.parametrize("failure", ["", "no window took it"])
def test_the_record_ends_when_the_host_has_delivered_the_text(failure: str) -> None:
    async def run() -> Recorder:
        record, engine = Recorder(), ScriptedEngine()
        bench = Bench(engine, record=record, rules=SessionRules(confirms_delivery=True))
        bench.audio.frames = [b"ab"]
        bench.runner.end_input()
        await soon(bench.runner.over)
        assert not bench.task.done()
        assert record.ended is None
        bench.runner.confirm(failure)
        await bench.end()
        return record

    record = asyncio.run(run())
    assert record.ended is not None
    assert (record.ended.text, record.ended.reason) == ("hello world", failure)


def test_the_record_has_no_end_where_the_host_ends_before_it_has_delivered_the_text() -> None:
    async def run() -> Recorder:
        record, engine = Recorder(), ScriptedEngine()
        bench = Bench(engine, record=record, rules=SessionRules(confirms_delivery=True))
        bench.runner.end_input()
        await soon(bench.runner.over)
        bench.task.cancel()
        await asyncio.wait([bench.task])
        return record

    assert asyncio.run(run()).ended is None


@pytest.mark.parametrize(("ending", "state"), [("cancel", "cancelled"), ("stop", "recording_hold")])
def test_the_record_of_a_session_without_a_text(ending: str, state: str) -> None:
    async def run() -> Recorder:
        record, engine = Recorder(), ScriptedEngine()
        bench = Bench(engine, record=record)
        engine.says.put_nowait(InterimHeard("hello"))
        await bench.until(ShowInterim("hello"))
        if ending == "cancel":
            bench.audio.frames = [b"ab"]
            bench.runner.cancel()
            await bench.end()
            assert record.pcm == b"ab"
        else:
            bench.task.cancel()
            await asyncio.wait([bench.task])
        return record

    record = asyncio.run(run())
    assert record.ended is not None
    assert (record.ended.state, record.ended.heard) == (state, "hello")
    assert bool(record.ended.reason) == (ending == "stop")


def test_final_wait_expires() -> None:
    async def script(engine: ScriptedEngine, bench: Bench) -> None:
        engine.answer = None
        engine.says.put_nowait(DefiniteHeard("what was heard"))
        await bench.until(ShowInterim("what was heard"))
        bench.runner.end_input()

    notices, engine = dictation(script, final_wait=0.01)
    assert isinstance(notices[-1], Deliver)
    assert notices[-1].text == "what was heard"
    assert engine.calls.count("connect") == 2


def test_the_final_wait_starts_anew_while_the_engine_works() -> None:
    async def script(engine: ScriptedEngine, bench: Bench) -> None:
        engine.answer = None
        bench.runner.end_input()
        await bench.until(ShowState(State.FINALIZING_ASR))
        first = bench.runner._final_wait
        engine.says.put_nowait(EngineWorking())
        engine.says.put_nowait(InterimHeard("still at it"))
        await bench.until(ShowInterim("still at it"))
        assert first is not None
        assert first.cancelled()
        assert bench.runner._final_wait is not first
        bench.runner.cancel()

    dictation(script)


class SteppedLoop(asyncio.SelectorEventLoop):
    """A loop whose clock a test can put forward, as if a callback had held up the loop so long."""

    held_up = 0.0

    def time(self) -> float:
        return super().time() + self.held_up


async def turns(count: int) -> None:
    """Let the loop do what it has to do, timers that are due included."""
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_the_final_wait_does_not_expire_because_the_loop_was_held_up(
    monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Another session's callback blocked: the engine was not listened to, so it may be ready."""
    monkeypatch.setattr("koe.runner.WAIT_STEP", 10.0)
    loop = SteppedLoop()

    async def run() -> list[Notice]:
        engine = ScriptedEngine()
        engine.answer = None
        bench = Bench(engine, final_wait=40.0)
        engine.says.put_nowait(InterimHeard("hello"))
        await bench.until(ShowInterim("hello"))
        bench.runner.end_input()
        await bench.until(ShowState(State.FINALIZING_ASR))
        await turns(5)
        for _ in range(steps):  # which count
            loop.held_up += 10.1
            await turns(5)
        for _ in range(3):
            loop.held_up += 60.0
            await turns(5)
        engine.says.put_nowait(FinalHeard("hello world"))
        return await bench.end()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        notices = runner.run(run())
    assert isinstance(notices[-1], Deliver)
    assert notices[-1].text == "hello world"


def test_the_final_wait_expires_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.runner.WAIT_STEP", 10.0)
    loop = SteppedLoop()

    async def run() -> list[Notice]:
        engine = ScriptedEngine()
        engine.answer = None
        bench = Bench(engine, final_wait=40.0)
        bench.runner.end_input()
        await bench.until(ShowState(State.FINALIZING_ASR))
        await turns(5)
        for step in range(8):  # an engine gets two chances
            assert not bench.task.done(), step
            loop.held_up += 10.1
            await turns(20)
        return await bench.end()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        notices = runner.run(run())
    assert notices[-2:] == [
        ReportError("the speech engine did not answer within 40 s"),
        ShowState(State.FAILED),
    ]


def test_lost_audio_is_reported() -> None:
    async def script(engine: ScriptedEngine, bench: Bench) -> None:
        bench.audio.lost_bytes = 32_000
        bench.runner.end_input()

    notices, _ = dictation(script)
    assert Warn("1.0 seconds of speech were lost because the audio buffer was full") in notices
    assert isinstance(notices[-1], Deliver)


def test_stopping_is_silent() -> None:
    async def run() -> tuple[list[Notice], ScriptedEngine]:
        engine = ScriptedEngine()
        bench = Bench(engine)
        await bench.until(AnnounceReady())
        reported = list(bench.notices)
        bench.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await bench.task
        assert bench.notices == reported
        await bench.runner.over.wait()
        return bench.notices, engine

    _, engine = asyncio.run(run())
    assert engine.calls[-1] == "close"


@pytest.mark.usefixtures("impatience")
@pytest.mark.parametrize("hears", [True, False])
def test_a_bug_of_an_engine(hears: bool, caplog: pytest.LogCaptureFixture) -> None:
    """An engine that raises what no engine may raise has failed, and what it heard counts."""

    async def run() -> list[Notice]:
        engine = ScriptedEngine()
        engine.answer = None
        bench = Bench(engine)
        engine.says.put_nowait(InterimHeard("hello"))
        await bench.until(ShowInterim("hello"))
        bench.runner.end_input()
        await bench.until(ShowState(State.FINALIZING_ASR))
        if hears:
            for _ in range(5):
                engine.says.put_nowait(ZeroDivisionError("oops"))
        else:
            engine.send_error = engine.connect_error = ZeroDivisionError("oops")
            engine.says.put_nowait(AsrProtocolError("lost"))
        return await bench.end()

    notices = asyncio.run(run())
    message = "internal error: ZeroDivisionError; the end of the text may be missing"
    assert Warn(message) in notices
    assert isinstance(notices[-1], Deliver)
    assert "an engine failed unexpectedly" in caplog.text


def test_a_bug_is_no_silence(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A session that raises ends with an error."""

    def fail(self: Session, event: Event) -> list[Effect]:
        raise ZeroDivisionError("oops")

    async def run() -> list[Notice]:
        bench = Bench(ScriptedEngine())
        monkeypatch.setattr(Session, "receive", fail)
        return await bench.end()

    notices = asyncio.run(run())
    assert notices[-2:] == [
        ReportError("internal error: ZeroDivisionError"),
        ShowState(State.FAILED),
    ]
    assert "a session failed unexpectedly" in caplog.text


# --- correction ----------------------------------------------------------------------------


async def speak(engine: ScriptedEngine, bench: Bench) -> None:
    """Say what the scripted engine hears, to the end."""
    engine.says.put_nowait(InterimHeard("hello"))
    await bench.until(ShowInterim("hello"))
    bench.runner.end_input()


def test_a_text_is_corrected() -> None:
    asked: list[tuple[str, Sequence[str]]] = []

    async def correct(heard: str, history: Sequence[str]) -> Corrected:
        asked.append((heard, history))
        return Corrected("Hello, world.")

    notices, _ = dictation(speak, correct=correct)

    assert asked == [("hello world", ("hello",))]
    assert notices[-4:] == [
        ReportHeard("hello world"),
        ShowState(State.CORRECTING),
        ShowState(State.PREPARING_PASTE),
        Deliver("Hello, world.", "hello world", "scripted", corrected=True),
    ]


def test_a_failed_correction_delivers_what_was_heard() -> None:
    async def correct(heard: str, history: Sequence[str]) -> CorrectionFailed:
        return CorrectionFailed("LLM correction failed: LLM correction timed out")

    notices, _ = dictation(speak, correct=correct)

    assert notices[-3:] == [
        Warn("LLM correction failed: LLM correction timed out"),
        ShowState(State.PREPARING_PASTE),
        Deliver("hello world", "hello world", "scripted", corrected=False),
    ]


class Unhurried:
    """A model that answers when it may."""

    def __init__(self) -> None:
        self.is_asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def correct(self, heard: str, history: Sequence[str]) -> Corrected:
        self.is_asked.set()
        await self.may_answer.wait()
        return Corrected("Hello, world.")


async def waiting(slow: Unhurried, *, corrects: bool) -> tuple[Bench, Bench]:
    """A session whose model has not answered, and one with a text that waits for it."""
    fast = Unhurried()
    fast.may_answer.set()
    first = Bench(ScriptedEngine(), correct=slow.correct)
    first.runner.end_input()
    await soon(slow.is_asked)
    engine = ScriptedEngine()
    second = Bench(engine, correct=fast.correct if corrects else None, after=first)
    second.runner.end_input()
    await soon(engine.closed)  # the first may need it
    if corrects:
        await soon(fast.is_asked)
    assert not second.session.finished
    return first, second


@pytest.mark.parametrize("corrects", [True, False])
def test_texts_are_delivered_in_the_order_in_which_they_were_spoken(corrects: bool) -> None:
    async def run() -> None:
        slow = Unhurried()
        first, second = await waiting(slow, corrects=corrects)
        slow.may_answer.set()
        assert isinstance((await second.end())[-1], Deliver)
        assert isinstance(first.notices[-1], Deliver)

    asyncio.run(run())


@pytest.mark.parametrize("corrects", [True, False])
def test_a_text_that_waits_for_an_earlier_one_can_be_cancelled(corrects: bool) -> None:
    async def run() -> None:
        slow = Unhurried()
        first, second = await waiting(slow, corrects=corrects)
        second.runner.cancel()
        assert (await second.end())[-1] == ShowState(State.IDLE)
        slow.may_answer.set()
        assert isinstance((await first.end())[-1], Deliver)

    asyncio.run(run())


@pytest.mark.parametrize("corrects", [True, False])
def test_an_engine_that_cannot_be_closed(corrects: bool, caplog: pytest.LogCaptureFixture) -> None:
    """By a bug of it. It is closed while the text is corrected, which must not suffer."""

    engines: list[ScriptedEngine] = []

    async def script(engine: ScriptedEngine, bench: Bench) -> None:
        engine.close_error = ZeroDivisionError()
        engines.append(engine)
        await speak(engine, bench)

    async def correct(heard: str, history: Sequence[str]) -> Corrected:
        await engines[0].closed.wait()
        await asyncio.sleep(0)  # by then, what it raised is known to the task that awaits it
        return Corrected("Hello, world.")

    notices, _ = dictation(script, correct=correct if corrects else None)
    text = "Hello, world." if corrects else "hello world"
    assert notices[-1] == Deliver(text, "hello world", "scripted", corrects)
    assert "an engine could not be closed" in caplog.text


def test_an_engine_that_stays_open_is_left() -> None:
    """It has said its last word, and the next session wants its place."""

    async def script(engine: ScriptedEngine, bench: Bench) -> None:
        engine.answer = None
        await speak(engine, bench)
        await bench.until(ShowState(State.FINALIZING_ASR))
        engine.says.put_nowait(FinalHeard("hello world"))
        await bench.until(ShowState(State.CORRECTING))

    async def correct(heard: str, history: Sequence[str]) -> Corrected:
        return Corrected("Hello, world.")

    notices, engine = dictation(script, correct=correct)
    assert notices[-1] == Deliver("Hello, world.", "hello world", "scripted", corrected=True)
    assert engine.calls[-1] == "close"


@pytest.mark.parametrize("accepted", [True, False])
def test_a_correction_is_dropped_at_once(accepted: bool) -> None:
    """By accepting what was heard, or by a cancel; the engine is released meanwhile."""
    dropped: list[str] = []

    async def correct(heard: str, history: Sequence[str]) -> Corrected:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            dropped.append(heard)
            raise
        raise AssertionError("it waits for ever")

    async def script(engine: ScriptedEngine, bench: Bench) -> None:
        await speak(engine, bench)
        await bench.until(ShowState(State.CORRECTING))
        async with asyncio.timeout(PATIENCE):
            await engine.closed.wait()
        bench.runner.accept() if accepted else bench.runner.cancel()

    notices, engine = dictation(script, correct=correct)

    assert dropped == ["hello world"]
    assert engine.calls.count("close") == 1
    if accepted:
        assert notices[-1] == Deliver("hello world", "hello world", "scripted", corrected=False)
    else:
        assert notices[-2:] == [ShowState(State.CANCELLED), ShowState(State.IDLE)]
