from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import koe.core
from koe.config.schema import HistoryConfig
from koe.dictation import open_core
from koe.errors import AsrConnectionError, AudioError, DesktopError, HistoryError
from koe.events import EngineClosed, FinalHeard, InterimHeard, Mode, State
from koe.journal.entries import Why
from koe.journal.folder import journal_directory
from koe.journal.history import History
from koe.linux.daemon import RULES
from koe.linux.delivery import Delivered
from koe.linux.status import MicrophoneLevel
from koe.linux.takes import Takes
from tests.asynchronous import on_loop
from tests.linux.making import Inserter, Recorder, Watcher
from tests.scripted import ScriptedEngine

PCM = bytes(range(1, 201)) * 32


class Desk:
    """Takes, and what is around them."""

    def __init__(self) -> None:
        self.inserter = Inserter()
        self.watcher = Watcher()
        self.recorder = Recorder(PCM)
        self.takes: Takes
        self.levels: list[MicrophoneLevel] = []
        self.is_watched = True

    async def idle(self) -> None:
        await self.watcher.until(lambda status: status.state is State.IDLE)


@asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[Desk]:
    desk = Desk()
    async with open_core(directory, RULES) as core:
        desk.takes = Takes(
            core,
            desk.inserter,
            lambda: desk.recorder,
            desk.watcher.show,
            desk.levels.append,
            lambda: desk.is_watched,
        )
        try:
            yield desk
        finally:
            await desk.takes.close()


@on_loop
async def test_what_was_spoken_is_inserted(directory: Path, engine: ScriptedEngine) -> None:
    async with opened(directory) as desk:
        engine.says.put_nowait(InterimHeard("hel"))
        desk.takes.begin(Mode.HOLD)
        desk.takes.begin(Mode.HOLD)  # it records already
        assert desk.takes.is_recording
        status = await desk.watcher.until(lambda status: status.text == "hel")
        assert status.is_recording
        await desk.recorder.heard.wait()
        desk.takes.end()
        assert not desk.takes.is_recording
        await desk.idle()
        assert desk.inserter.inserted == ["hello world"]
        assert engine.heard.startswith(PCM)  # the recording goes on for a moment
        assert "expect_end" in engine.calls
        final = desk.watcher.seen[-1]
        assert (final.text, final.way, final.message) == ("hello world", "paste", "")


@on_loop
async def test_what_is_only_to_be_shown(directory: Path, engine: ScriptedEngine) -> None:
    async with opened(directory) as desk:
        desk.takes.begin(Mode.TOGGLE, inserts=False)
        await desk.recorder.heard.wait()
        desk.takes.end()
        await desk.idle()
        final = desk.watcher.seen[-1]
        assert (final.text, final.way, final.message) == ("hello world", "shown", "")
        assert desk.inserter.inserted == []
        assert desk.levels[0].seconds == pytest.approx(0.2)
    assert History(directory, HistoryConfig()).list() == []


@on_loop
async def test_what_nothing_shows_is_kept(directory: Path, engine: ScriptedEngine) -> None:
    async with opened(directory) as desk:
        desk.is_watched = False
        desk.takes.begin(Mode.TOGGLE, inserts=False)
        await desk.recorder.heard.wait()
        desk.takes.end()
        await desk.watcher.until(lambda it: "the program that would show it" in it.message)
        await desk.idle()
    history = History(directory, HistoryConfig())
    (kept,) = history.list()
    assert (kept.why, kept.text) == (Why.INCOMPLETE, "hello world")
    async with opened(directory) as desk:
        desk.takes.retry(kept.id, inserts=False)
        await desk.watcher.until(lambda it: it.way == "shown")
        await desk.idle()
        assert desk.inserter.inserted == []
    assert history.list()[0].why is Why.COMPLETE


@on_loop
async def test_each_dictation_that_is_not_kept_is_reported(
    directory: Path, engine: ScriptedEngine
) -> None:
    async with opened(directory) as desk:
        journal_directory(directory).write_bytes(b"")
        for _ in range(2):
            desk.takes.begin(Mode.HOLD)
            await desk.recorder.heard.wait()
            desk.takes.end()
            status = await desk.watcher.until(
                lambda it: "The recording can't be stored" in it.message
            )
            assert (status.text, status.state) == ("hello world", State.IDLE)


@on_loop
async def test_an_end_before_the_microphone_is_open(
    directory: Path, engine: ScriptedEngine
) -> None:
    async with opened(directory) as desk:
        desk.takes.begin(Mode.TOGGLE)
        desk.takes.end()
        await desk.idle()
        assert desk.inserter.inserted == ["hello world"]


@on_loop
async def test_nothing_is_said_of_the_microphone_after_a_cancel(
    directory: Path, engine: ScriptedEngine
) -> None:
    async with opened(directory) as desk:
        desk.recorder = Recorder(PCM, gone=AudioError("it has gone"))
        desk.takes.begin(Mode.TOGGLE)
        await desk.watcher.until(lambda it: "continues when it is connected again" in it.message)
        desk.takes.cancel()
        await desk.idle()
        assert "was away" not in desk.watcher.seen[-1].message


@on_loop
async def test_cancel(directory: Path, engine: ScriptedEngine) -> None:
    async with opened(directory) as desk:
        desk.takes.cancel()  # there is nothing
        desk.takes.begin(Mode.HOLD)
        await desk.recorder.heard.wait()
        desk.takes.cancel()
        await desk.idle()
        desk.takes.end()
        assert desk.inserter.inserted == []
        assert desk.watcher.seen[-1].message == ""


@on_loop
async def test_no_speech(directory: Path, engine: ScriptedEngine) -> None:
    engine.answer = ""
    async with opened(directory) as desk:
        desk.takes.begin(Mode.HOLD)
        desk.takes.end()
        await desk.watcher.until(lambda it: it.message == "no speech was recognised")


@on_loop
async def test_no_microphone(directory: Path, engine: ScriptedEngine) -> None:
    engine.answer = ""
    async with opened(directory) as desk:
        desk.recorder = Recorder(error=AudioError("no microphone was found"))
        desk.takes.begin(Mode.HOLD)
        await desk.idle()
        assert desk.watcher.seen[-1].message == "no microphone was found"
        assert not desk.takes.is_recording


@on_loop
async def test_a_lost_engine(
    directory: Path, engine: ScriptedEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.connect_error = AsrConnectionError("no way", is_permanent=True)
    async with opened(directory) as desk:
        desk.takes.begin(Mode.HOLD)
        await desk.idle()
        assert "no way" in desk.watcher.seen[-1].message
    assert "no way" in capsys.readouterr().err


@on_loop
async def test_what_is_left_to_the_user_is_reported(
    directory: Path, engine: ScriptedEngine
) -> None:
    async with opened(directory) as desk:
        desk.inserter.answer = Delivered("clipboard", "The text is on the clipboard")
        desk.takes.begin(Mode.HOLD)
        desk.takes.end()
        await desk.idle()
        final = desk.watcher.seen[-1]
        assert (final.way, final.message) == ("clipboard", "The text is on the clipboard")


@on_loop
async def test_a_press_while_a_text_is_still_to_come(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines: asyncio.Queue[ScriptedEngine] = asyncio.Queue()

    def open_engine(config: object, terms: object) -> ScriptedEngine:
        engine = ScriptedEngine()
        engine.answer = None
        engines.put_nowait(engine)
        return engine

    monkeypatch.setattr(koe.core, "open_engine", open_engine)
    async with opened(directory) as desk:
        desk.takes.begin(Mode.HOLD)
        first = await engines.get()
        desk.takes.end()
        desk.recorder = Recorder(PCM)
        desk.takes.begin(Mode.HOLD)
        for event in (FinalHeard("first"), EngineClosed()):
            first.says.put_nowait(event)
        assert await desk.inserter.texts.get() == "first"
        assert desk.takes.is_recording
        second = await engines.get()
        second.answer = "second"
        desk.takes.end()
        assert await desk.inserter.texts.get() == "second"


@on_loop
async def test_retry(directory: Path, engine: ScriptedEngine) -> None:
    async with opened(directory) as desk:
        with pytest.raises(HistoryError):
            desk.takes.retry("last")
        desk.takes.begin(Mode.HOLD)
        with pytest.raises(DesktopError, match="end it first"):
            desk.takes.retry("last")


@on_loop
async def test_the_hotkey_stays_shown(directory: Path, engine: ScriptedEngine) -> None:
    async with opened(directory) as desk:
        desk.takes.describe_hotkey("F1")
        desk.takes.begin(Mode.HOLD)
        desk.takes.end()
        await desk.idle()
        assert {status.hotkey for status in desk.watcher.seen} == {"F1"}


@on_loop
async def test_a_bug_leaves_nothing_stuck(directory: Path, engine: ScriptedEngine) -> None:
    async with opened(directory) as desk:
        desk.inserter.bug = RuntimeError("a bug")
        desk.takes.begin(Mode.HOLD)
        desk.takes.end()
        status = await desk.watcher.until(lambda it: "failed unexpectedly" in it.message)
        assert status.state is State.IDLE
        desk.inserter.bug = None
        desk.takes.begin(Mode.HOLD)
        desk.takes.end()
        assert await desk.inserter.texts.get() == "hello world"


@on_loop
async def test_closing_while_one_records(directory: Path, engine: ScriptedEngine) -> None:
    async with opened(directory) as desk:
        desk.takes.begin(Mode.HOLD)
        await desk.recorder.heard.wait()
    assert desk.inserter.inserted == []
    await asyncio.sleep(0)


@on_loop
async def test_the_recording_is_kept_until_the_text_is_inserted(
    directory: Path, engine: ScriptedEngine
) -> None:
    async with opened(directory) as desk:
        desk.inserter.is_free.clear()
        desk.takes.begin(Mode.HOLD)
        await desk.recorder.heard.wait()
        desk.takes.end()
        await desk.watcher.until(lambda it: it.state is State.PREPARING_PASTE)
    history = History(directory, HistoryConfig())
    (interrupted,) = history.recover()
    assert (interrupted.why, interrupted.heard) == (Why.INTERRUPTED, "hello world")


@pytest.mark.parametrize("has_bug", [False, True])
@on_loop
async def test_a_text_that_did_not_arrive_is_in_the_history(
    directory: Path, engine: ScriptedEngine, has_bug: bool
) -> None:
    async with opened(directory) as desk:
        if has_bug:
            desk.inserter.bug = RuntimeError("a bug")
        desk.inserter.answer = Delivered("", "It could not be inserted", "it rains")
        desk.takes.begin(Mode.HOLD)
        await desk.recorder.heard.wait()
        desk.takes.end()
        await desk.watcher.until(lambda it: it.state is State.IDLE and bool(it.message))
    (entry,) = History(directory, HistoryConfig()).list()
    assert (entry.why, entry.text, entry.has_audio) == (Why.INCOMPLETE, "hello world", True)
    assert entry.reason == ("it could not be inserted" if has_bug else "it rains")


@on_loop
async def test_of_a_text_that_arrived_nothing_is_kept(
    directory: Path, engine: ScriptedEngine
) -> None:
    async with opened(directory) as desk:
        desk.takes.begin(Mode.HOLD)
        await desk.recorder.heard.wait()
        desk.takes.end()
        await desk.idle()
    assert History(directory, HistoryConfig()).survey().entries == []


@on_loop
async def test_a_recording_without_speech_asks_no_engine(
    directory: Path, engine: ScriptedEngine
) -> None:
    engine.answer = None  # it would never end
    async with opened(directory) as desk:
        desk.recorder = Recorder()
        desk.takes.begin(Mode.TOGGLE)
        await desk.watcher.until(lambda it: it.state is State.RECORDING_TOGGLE)
        while not engine.heard:  # noqa: ASYNC110 - the engine does not say so
            await asyncio.sleep(0.01)
        desk.takes.end()
        status = await desk.watcher.until(lambda it: it.state is State.IDLE)
        assert status.message.startswith("no speech was heard")
    (entry,) = History(directory, HistoryConfig()).list()
    assert (entry.why, entry.has_audio) == (Why.CANCELLED, True)


@on_loop
async def test_a_press_during_the_tail_begins_the_next_dictation(
    directory: Path, engine: ScriptedEngine
) -> None:
    async with opened(directory) as desk:
        first = desk.recorder
        desk.takes.begin(Mode.HOLD)
        await first.heard.wait()
        desk.takes.end()
        assert not first.stopped.is_set()
        desk.recorder = Recorder(PCM)
        desk.takes.begin(Mode.HOLD)
        assert first.stopped.is_set()
        assert desk.takes.is_recording
        assert await desk.inserter.texts.get() == "hello world"
