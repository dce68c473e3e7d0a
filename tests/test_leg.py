"""Where a leg begins, and when there is none to begin; all else of it is tested in test_runner."""

from __future__ import annotations

import asyncio
from array import array

import pytest

from koe.errors import AsrConnectionError, JournalError
from koe.events import (
    SAMPLE_RATE_HZ,
    DefiniteHeard,
    Deliver,
    EngineConnected,
    EngineErred,
    EngineFailed,
    EngineWorking,
    Event,
    FinalHeard,
    Notice,
    ShowInterim,
    ShowState,
    State,
)
from koe.journal.format import Mark
from koe.leg import Leg
from koe.spool import Spool
from tests.asynchronous import on_loop
from tests.scripted import ScriptedEngine
from tests.test_runner import PATIENCE, Bench, Recorder, dictation, soon

LOUD = array("h", [9000, -9000] * (SAMPLE_RATE_HZ // 2)).tobytes()
"""A second of sound."""


def test_a_leg_begins_before_the_acknowledged_sample() -> None:
    """Three seconds, and up to three more for a pause; its events count from the first sample."""

    async def run() -> tuple[list[Notice], ScriptedEngine, Recorder]:
        first, second, record = ScriptedEngine(), ScriptedEngine(), Recorder()
        bench = Bench(first, second, record=record)
        bench.audio.frames = [LOUD * 4, bytes(6400), LOUD * 6]
        first.says.put_nowait(DefiniteHeard("one two three four five", 8 * SAMPLE_RATE_HZ))
        await bench.until(ShowInterim("one two three four five"))
        first.says.put_nowait(AsrConnectionError("lost"))
        await soon(second.connecting)
        second.answer = None
        bench.runner.end_input()
        await bench.until(ShowState(State.FINALIZING_ASR))
        second.says.put_nowait(FinalHeard("four five six", 6 * SAMPLE_RATE_HZ))
        return await bench.end(), second, record

    notices, second, record = asyncio.run(run())
    start = int(10.2 * SAMPLE_RATE_HZ) - len(second.heard) // 2
    assert 4 * SAMPLE_RATE_HZ <= start <= 4.2 * SAMPLE_RATE_HZ
    assert isinstance(notices[-1], Deliver)
    assert notices[-1].text == "one two three four five six"
    finals = [event for event in record.happened if isinstance(event, FinalHeard)]
    assert finals == [FinalHeard("four five six", 6 * SAMPLE_RATE_HZ + start)]
    legs = [marked for marked in record.marks if marked[0] is not Mark.INPUT_ENDED]
    assert legs == [
        (Mark.LEG_BEGAN, (1, 0)), (Mark.LEG_ENDED, (1,)),
        (Mark.LEG_BEGAN, (2, start)), (Mark.LEG_ENDED, (2,)),
    ]  # fmt: skip
    assert (Mark.INPUT_ENDED, (int(10.2 * SAMPLE_RATE_HZ),)) in record.marks


def test_no_leg_is_opened_for_silence() -> None:
    """The text was complete when the engine was lost."""

    async def script(engine: ScriptedEngine, bench: Bench) -> None:
        engine.answer = None
        bench.audio.frames = [LOUD, bytes(len(LOUD))]
        engine.says.put_nowait(DefiniteHeard("what was said", SAMPLE_RATE_HZ))
        await bench.until(ShowInterim("what was said"))
        bench.runner.end_input()
        await bench.until(ShowState(State.FINALIZING_ASR))
        engine.says.put_nowait(EngineErred("late"))

    notices, engine = dictation(script)
    assert notices[-1] == Deliver("what was said", "what was said", "scripted", corrected=False)
    assert engine.calls.count("connect") == 1


@on_loop
async def test_a_model_that_takes_long_to_load() -> None:
    """The engine of this machine is at work, and not silent."""
    happened: asyncio.Queue[Event] = asyncio.Queue()
    engine = ScriptedEngine()
    engine.is_repeatable = True
    engine.may_connect.clear()
    leg = Leg(lambda: engine, Spool(), 0, happened.put_nowait)
    running = asyncio.create_task(leg.run(0.0, asyncio.Event()))
    async with asyncio.timeout(PATIENCE):
        assert await happened.get() == EngineWorking()
        engine.may_connect.set()
        while await happened.get() != EngineConnected():
            pass
    running.cancel()
    await asyncio.wait([running])
    await leg.close()


class LostFile:
    """A store whose file was removed."""

    persisted = SAMPLE_RATE_HZ

    def read(self, start: int, count: int) -> bytes:
        raise JournalError("a.koej", "it cannot be read: No such file or directory")


@pytest.mark.parametrize("upto", [0, SAMPLE_RATE_HZ // 2, 9 * SAMPLE_RATE_HZ])
@on_loop
async def test_a_recording_that_can_not_be_read_back(
    upto: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The user reads which one and why; it is no error of the program."""
    happened: asyncio.Queue[Event] = asyncio.Queue()
    spool = Spool(LostFile(), stored=10 * SAMPLE_RATE_HZ)
    leg = Leg(ScriptedEngine, spool, upto, happened.put_nowait)
    running = asyncio.create_task(leg.run(0.0, asyncio.Event()))
    async with asyncio.timeout(PATIENCE):
        while isinstance(event := await happened.get(), EngineConnected):
            pass
    message = "recording a.koej: it cannot be read: No such file or directory"
    assert event == EngineFailed(message)
    assert not caplog.records
    running.cancel()
    await asyncio.wait([running])
    await leg.close()
