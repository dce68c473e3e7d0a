from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy
import pytest

from koe.dictation import BUFFER_LIMIT_BYTES, Dictation, open_core
from koe.errors import AsrConnectionError, AsrProtocolError, AudioError
from koe.events import (
    DefiniteHeard,
    Deliver,
    InterimHeard,
    Notice,
    ReportError,
    ShowInterim,
    ShowState,
    State,
    Warn,
)
from koe.journal.writer import remedy_for
from tests.scripted import ScriptedEngine
from tests.wav import samples_of, tone

REMEDY = remedy_for("last")

PATIENCE = 30.0


async def notices_of(session: Dictation) -> list[Notice]:
    async with asyncio.timeout(PATIENCE):
        return [notice async for notice in session]


def test_ten_lines(directory: Path, engine: ScriptedEngine) -> None:
    async def run() -> list[Notice]:
        async with open_core(directory) as core:
            session = core.begin()
            await session.feed(b"ab")
            await session.feed(b"cd")
            session.end()
            return await notices_of(session)

    notices = asyncio.run(run())
    assert isinstance(notices[-1], Deliver)
    assert engine.heard == b"abcd"


@pytest.mark.parametrize("kind", ["float32", "int16"])
def test_arrays(directory: Path, engine: ScriptedEngine, kind: str) -> None:
    spoken = numpy.array(tone(0.5, 48_000)) * (32_767 if kind == "int16" else 1)

    async def run() -> list[Notice]:
        async with open_core(directory) as core:
            session = core.begin(rate=48_000)
            for block in numpy.array_split(spoken.astype(kind), 9):
                await session.feed(block)
            session.end()
            session.end()
            await session.feed(spoken)  # after the end it is neither heard nor looked at
            return await notices_of(session)

    assert isinstance(asyncio.run(run())[-1], Deliver)
    heard = samples_of(bytes(engine.heard))
    assert len(heard) == pytest.approx(8_000, abs=2)
    assert heard[2_000:6_000] == pytest.approx(tone(0.5)[2_000:6_000], abs=0.01)


def test_what_is_no_audio_does_not_end_the_session(directory: Path, engine: ScriptedEngine) -> None:
    async def run() -> list[Notice]:
        async with open_core(directory) as core:
            with pytest.raises(AudioError, match="a sample rate of 0 Hz"):
                core.begin(rate=0)
            session = core.begin()
            with pytest.raises(AudioError, match="no whole number of 16-bit samples"):
                await session.feed(b"abc")
            await session.feed(b"ab")
            session.end()
            return await notices_of(session)

    assert isinstance(asyncio.run(run())[-1], Deliver)
    assert engine.heard == b"ab"


def test_how_much_is_recognised(directory: Path, engine: ScriptedEngine) -> None:
    async def run() -> list[float]:
        engine.says.put_nowait(DefiniteHeard("hello", 8_000))
        async with open_core(directory) as core:
            session = core.begin()
            await session.feed(bytes(32_000))
            recognised = []
            async with asyncio.timeout(PATIENCE):
                async for notice in session:
                    recognised.append(session.recognised)
                    if isinstance(notice, ShowInterim):
                        break
            return recognised

    assert asyncio.run(run())[-1] == 0.5


async def until_warned(session: Dictation) -> AsyncIterator[Notice]:
    async for notice in session:
        yield notice
        if isinstance(notice, Warn):
            return


def test_cancel(directory: Path, engine: ScriptedEngine) -> None:
    async def run() -> list[Notice]:
        async with open_core(directory) as core:
            session = core.begin()
            session.cancel()
            return await notices_of(session)

    assert asyncio.run(run())[-2:] == [ShowState(State.CANCELLED), ShowState(State.IDLE)]


@pytest.mark.parametrize("ends", [True, False])
def test_a_session_is_not_lost_when_the_next_one_begins(
    directory: Path, engine: ScriptedEngine, ends: bool
) -> None:
    """Whether its recording was ended or not."""

    async def run() -> list[Notice]:
        async with open_core(directory) as core:
            first = core.begin()
            await first.feed(b"ab")
            if ends:
                first.end()
            core.begin().end()
            return await notices_of(first)

    assert isinstance(asyncio.run(run())[-1], Deliver)
    assert engine.heard == b"ab"


def test_words_are_kept_when_the_engine_fails(directory: Path, engine: ScriptedEngine) -> None:
    async def run() -> list[Notice]:
        engine.says.put_nowait(InterimHeard("so far"))
        engine.says.put_nowait(AsrProtocolError("it broke", is_permanent=True))
        async with open_core(directory) as core:
            session = core.begin()
            notices = [notice async for notice in until_warned(session)]
            session.end()
            return [*notices, *await notices_of(session)]

    notices = asyncio.run(run())
    message = "ASR error: ASR protocol error: it broke; the end of the text may be missing"
    assert any(isinstance(it, Warn) and it.message.startswith(message) for it in notices)
    assert isinstance(notices[-1], Deliver)
    assert notices[-1].text == "so far"


def test_feeding_waits_until_the_session_reads(directory: Path, engine: ScriptedEngine) -> None:
    async def run() -> None:
        async with open_core(directory) as core:
            session = core.begin()
            await session.feed(b"\1" * BUFFER_LIMIT_BYTES)
            feeding = asyncio.create_task(session.feed(b"\2\2"))
            await asyncio.sleep(0)
            assert not feeding.done()
            async with asyncio.timeout(PATIENCE):
                await feeding
            session.end()
            await notices_of(session)

    asyncio.run(run())
    assert len(engine.heard) == BUFFER_LIMIT_BYTES + 2


@pytest.mark.parametrize("fed", [1, 3])
def test_feeding_a_failed_session_does_not_hang(
    directory: Path, engine: ScriptedEngine, fed: int
) -> None:
    async def run() -> list[Notice]:
        engine.connect_error = AsrConnectionError("no", is_permanent=True)
        async with open_core(directory) as core:
            session = core.begin()
            async with asyncio.timeout(PATIENCE):
                for _ in range(fed):
                    await session.feed(b"\1" * BUFFER_LIMIT_BYTES)
            session.end()
            return await notices_of(session)

    assert asyncio.run(run())[-2:] == [
        ReportError(f"ASR connection failed: no. {REMEDY}"),
        ShowState(State.FAILED),
    ]


def test_leaving_the_block_ends_the_session(directory: Path, engine: ScriptedEngine) -> None:
    async def run() -> list[Notice]:
        async with open_core(directory) as core:
            session = core.begin()
        return await notices_of(session)

    assert not any(isinstance(notice, Deliver) for notice in asyncio.run(run()))


def test_settings(directory: Path) -> None:
    async def run() -> None:
        async with open_core(directory) as core:
            assert core.settings.current.config.asr.provider == "moonshine"

    asyncio.run(run())
    assert (directory / "config.yaml").exists()


@pytest.mark.usefixtures("engine")
def test_every_iteration_ends(directory: Path) -> None:
    async def run() -> list[Notice]:
        async with open_core(directory) as core:
            session = core.begin()
            session.end()
            first = [notice async for notice in session if isinstance(notice, Deliver)]
            assert len(first) == 1
            assert await notices_of(session) == []
            return await notices_of(session)

    assert asyncio.run(run()) == []


def test_the_engine_can_prepare_for_the_end(directory: Path, engine: ScriptedEngine) -> None:
    async def run() -> None:
        async with open_core(directory) as core:
            session = core.begin()
            session.expect_end()  # there is no engine yet, so none prepares
            await session.feed(b"ab")
            await engine.connecting.wait()
            session.expect_end()
            session.end()
            await notices_of(session)

    asyncio.run(run())
    assert engine.calls.count("expect_end") == 1
    assert engine.calls.index("expect_end") < engine.calls.index("finish_input")


def test_what_is_fed_after_the_end_is_not_kept(directory: Path, engine: ScriptedEngine) -> None:
    """Neither heard nor waited for, however much it is."""

    async def run() -> None:
        engine.may_connect.clear()
        async with open_core(directory) as core:
            session = core.begin()
            await session.feed(b"\1\2")
            session.end()
            async with asyncio.timeout(PATIENCE):
                for _ in range(2):
                    await session.feed(b"\3" * BUFFER_LIMIT_BYTES)
            engine.may_connect.set()
            await notices_of(session)

    asyncio.run(run())
    assert engine.heard == b"\1\2"


def test_the_end_releases_who_waits_to_feed(directory: Path, engine: ScriptedEngine) -> None:
    async def run() -> None:
        engine.may_connect.clear()
        async with open_core(directory) as core:
            session = core.begin()
            await session.feed(b"\1" * BUFFER_LIMIT_BYTES)
            feeding = asyncio.create_task(session.feed(b"\2\2"))
            await asyncio.sleep(0)
            session.end()
            async with asyncio.timeout(PATIENCE):
                await feeding
            engine.may_connect.set()
            await notices_of(session)

    asyncio.run(run())
    assert len(engine.heard) == BUFFER_LIMIT_BYTES
