"""One core, one or two sessions, any thread."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from koe.asr import Engine
from koe.config.schema import AsrConfig
from koe.config.settings import Settings
from koe.config.store import Store
from koe.core import Core
from koe.errors import RuntimeStoppedError
from koe.events import Deliver, InterimHeard, Mode, Notice, ShowInterim, ShowState, State
from koe.runner import Runner
from koe.session import SessionRules
from tests.scripted import ScriptedEngine
from tests.test_runner import PATIENCE, Audio


class Begun:
    """A session that was begun, and what it told."""

    def __init__(self, core: Core, *frames: bytes) -> None:
        self.notices: list[Notice] = []
        self.told = asyncio.Event()
        self.audio = Audio(*frames)
        self.runner: Runner = core.begin(Mode.HOLD, self.audio, self._note)

    def _note(self, notice: Notice) -> None:
        self.notices.append(notice)
        self.told.set()

    async def until(self, notice: Notice) -> None:
        async with asyncio.timeout(PATIENCE):
            while notice not in self.notices:
                self.told.clear()
                await self.told.wait()

    async def over(self) -> list[Notice]:
        async with asyncio.timeout(PATIENCE):
            await self.runner.over.wait()
        return self.notices


def core_in(directory: Path, rules: SessionRules | None = None) -> Core:
    settings = Settings(Store(directory, {}))
    return Core(settings, rules or SessionRules(), asyncio.get_running_loop())


def test_begin_and_end(directory: Path, engine: ScriptedEngine) -> None:
    async def run() -> None:
        core = core_in(directory)
        session = Begun(core, b"ab")
        core.end()
        notices = await session.over()
        assert notices[-1] == Deliver("hello world", "hello world", "moonshine", corrected=False)
        assert engine.heard == b"ab"
        await core.close()

    asyncio.run(run())


@pytest.mark.usefixtures("engine")
def test_without_a_session_nothing_happens(directory: Path) -> None:
    async def run() -> None:
        core = core_in(directory)
        core.end()
        core.cancel()
        assert not core.accept()
        await core.close()

    asyncio.run(run())


def test_accept(directory: Path, engine: ScriptedEngine) -> None:
    """Spec abi §1.3.9: true while the session lives, false after its end and after a cancel."""

    async def run() -> None:
        core = core_in(directory)
        session = Begun(core)
        assert core.accept()
        core.end()
        assert core.accept()
        await session.over()
        assert not core.accept()
        session = Begun(core)
        core.cancel()
        assert not core.accept()
        assert (await session.over())[-1] == ShowState(State.IDLE)
        await core.close()

    asyncio.run(run())


@pytest.mark.usefixtures("engine")
def test_there_is_nothing_to_accept_once_the_text_is_there(directory: Path) -> None:
    """Also inside its callback, and while the engine is being closed after it."""
    accepted: list[tuple[Notice, bool]] = []

    async def run() -> None:
        core = core_in(directory)
        runner = core.begin(
            Mode.HOLD, Audio(), lambda notice: accepted.append((notice, core.accept()))
        )
        core.end()
        await runner.over.wait()
        await core.close()

    asyncio.run(run())
    delivered, taken = accepted[-1]
    assert isinstance(delivered, Deliver)
    assert not taken
    assert accepted[0] == (ShowState(State.RECORDING_HOLD), True)


def test_without_a_loop(directory: Path) -> None:
    """As when a shell calls while another thread of it destroys the core."""
    loop = asyncio.new_event_loop()
    core = Core(Settings(Store(directory, {})), SessionRules(), loop)
    first = core.begin(Mode.HOLD, Audio(), lambda notice: None)
    loop.close()
    for call in (core.end, core.cancel):
        with pytest.raises(RuntimeStoppedError, match="it has stopped"):
            call()
    with pytest.raises(RuntimeStoppedError, match="it has stopped"):
        core.begin(Mode.HOLD, Audio(), lambda notice: None)
    assert core._current is first


class Engines:
    """A new scripted engine for every session."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: list[ScriptedEngine] = []
        monkeypatch.setattr("koe.core.open_engine", self._open)

    def _open(self, config: AsrConfig, terms: tuple[str, ...]) -> Engine:
        self.opened.append(ScriptedEngine())
        return self.opened[-1]


def test_superseded_session_is_cancelled(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spec abi §4.9, generation C."""
    engines = Engines(monkeypatch)

    async def run() -> None:
        core = core_in(directory)
        first = Begun(core, b"first")
        await first.until(ShowState(State.RECORDING_HOLD))
        second = Begun(core, b"second")
        core.end()
        assert (await first.over())[-2:] == [
            ShowState(State.CANCELLED),
            ShowState(State.IDLE),
        ]
        assert isinstance((await second.over())[-1], Deliver)
        await core.close()

    asyncio.run(run())
    assert bytes(engines.opened[-1].heard) == b"second"


def test_superseded_session_delivers(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spec abi §4.9, generations A and B: all of its audio is still heard."""
    engines = Engines(monkeypatch)

    async def run() -> None:
        core = core_in(directory, SessionRules(finish_superseded=True))
        first = Begun(core)
        await first.until(ShowState(State.RECORDING_HOLD))
        await asyncio.sleep(0)  # the engine is opened in the step after
        await engines.opened[0].connecting.wait()
        engines.opened[0].says.put_nowait(InterimHeard("one"))
        await first.until(ShowInterim("one"))
        first.audio.frames.append(b"first")
        second = Begun(core, b"second")
        core.end()
        for session in (first, second):
            assert isinstance((await session.over())[-1], Deliver)
        await core.close()

    asyncio.run(run())
    assert [bytes(engine.heard) for engine in engines.opened] == [b"first", b"second"]


@pytest.mark.usefixtures("engine")
def test_settings_are_looked_at_before_every_session(directory: Path) -> None:
    async def run() -> None:
        core = core_in(directory)
        (directory / "config.yaml").write_text("asr: {provider: another}\n", encoding="utf-8")
        session = Begun(core)
        core.end()
        delivered = (await session.over())[-1]
        assert isinstance(delivered, Deliver)
        assert delivered.engine == "another"
        await core.close()

    asyncio.run(run())


@pytest.mark.usefixtures("engine")
def test_close_is_silent(directory: Path) -> None:
    async def run() -> None:
        core = core_in(directory)
        session = Begun(core)
        await session.until(ShowState(State.RECORDING_HOLD))
        told = list(session.notices)
        await core.close()
        assert await session.over() == told

    asyncio.run(run())
