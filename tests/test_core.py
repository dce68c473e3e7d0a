"""One core, one or two sessions, any thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from koe.asr import Engine
from koe.config.prompts import built_in_prompts
from koe.config.schema import AsrConfig
from koe.config.settings import Settings
from koe.config.store import Snapshot, Store
from koe.core import Core
from koe.errors import ConfigError, LlmConfigError, RuntimeStoppedError
from koe.events import (
    Deliver,
    FinalHeard,
    HandOverRewritten,
    InterimHeard,
    Mode,
    Notice,
    ReportHeard,
    ShowInterim,
    ShowState,
    State,
    Warn,
)
from koe.http.client import Client
from koe.http.errors import HttpConfigError
from koe.llm.service import LlmService as Llm
from koe.prompts import Prompts
from koe.runner import Runner
from koe.session import Session
from koe.session_rules import SessionRules
from tests.asynchronous import on_loop
from tests.scripted import ScriptedEngine
from tests.servers.llm import KEY, MODELS, LlmService
from tests.servers.web import Server
from tests.test_runner import PATIENCE, Audio


class Begun:
    """A session that was begun, and what it reported."""

    def __init__(self, core: Core, *frames: bytes) -> None:
        self.notices: list[Notice] = []
        self.has_notice = asyncio.Event()
        self.audio = Audio(*frames)
        self.runner: Runner = core.begin(Mode.HOLD, self.audio, self._note)

    def _note(self, notice: Notice) -> None:
        self.notices.append(notice)
        self.has_notice.set()

    async def until(self, notice: Notice) -> None:
        async with asyncio.timeout(PATIENCE):
            while notice not in self.notices:
                self.has_notice.clear()
                await self.has_notice.wait()

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
def test_the_text_has_its_terms(directory: Path) -> None:
    directory.mkdir(exist_ok=True)
    (directory / "dictionary.txt").write_text("Hello World\n", encoding="utf-8")

    async def run() -> None:
        core = core_in(directory)
        session = Begun(core, b"ab")
        core.end()
        notices = await session.over()
        assert notices[-1] == Deliver("Hello World", "Hello World", "moonshine", corrected=False)
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
    """Spec abi §4.10: true while the session lives, false after its end and after a cancel."""

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
        first = Begun(core, b"former")
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
        first.audio.frames.append(b"former")
        second = Begun(core, b"second")
        core.end()
        for session in (first, second):
            assert isinstance((await session.over())[-1], Deliver)
        await core.close()

    asyncio.run(run())
    assert [bytes(engine.heard) for engine in engines.opened] == [b"former", b"second"]


def test_texts_come_in_the_order_in_which_they_were_spoken(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after a session between them was cancelled."""
    engines = Engines(monkeypatch)

    async def run() -> None:
        core = core_in(directory, SessionRules(finish_superseded=True))
        first = Begun(core, b"former")
        await first.until(ShowState(State.RECORDING_HOLD))
        await asyncio.sleep(0)  # the engine is opened in the step after
        engines.opened[0].answer = None
        cancelled = Begun(core)
        core.cancel()
        await cancelled.over()
        second = Begun(core, b"second")
        core.end()
        await second.until(ReportHeard("hello world"))
        await engines.opened[-1].closed.wait()
        assert not second.runner.finished
        engines.opened[0].says.put_nowait(FinalHeard("one"))
        assert isinstance((await second.over())[-1], Deliver)
        assert isinstance(first.notices[-1], Deliver)
        await core.close()

    asyncio.run(run())


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
        reported = list(session.notices)
        await core.close()
        assert await session.over() == reported

    asyncio.run(run())


@pytest.mark.usefixtures("engine")
def test_the_wait_is_that_of_the_configured_engine(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    def note(*, final_wait: float, **values: Any) -> Session:
        waits.append(final_wait)
        return Session(final_wait=final_wait, **values)

    monkeypatch.setattr("koe.core.Session", note)

    async def run() -> None:
        core = core_in(directory)
        (directory / "config.yaml").write_text(
            "asr: {provider: qwen, qwen: {final_wait_timeout_ms: 7000}}\n", encoding="utf-8"
        )
        session = Begun(core)
        core.end()
        await session.over()
        await core.close()

    asyncio.run(run())
    assert waits == [7.0]


# --- language models --------------------------------------------------------------------------


LLM = """\
llm:
  enabled: {enabled}
  active_profile: {active}
  timeout_ms: {timeout_ms}
  profiles: {{lab: {{base_url: "{url}/v1", api_key: {key}, model: {model},
    no_reasoning_control: none}}}}
prompt_templates: [{{name: polite, shortcut: 1, system_prompt: Be polite.}},
  {{name: without, shortcut: 2}}]
"""


@asynccontextmanager
async def service() -> AsyncIterator[tuple[LlmService, Server]]:
    fake = LlmService()
    async with Server(fake.handle, certificate=None) as server:
        yield fake, server


def configure(
    directory: Path,
    server: Server,
    model: str = "koe-echo",
    *,
    enabled: str = "true",
    active: str = "lab",
    timeout_ms: int = 20_000,
) -> None:
    directory.mkdir(exist_ok=True)
    text = LLM.format(
        url=server.url, key=KEY, model=model, enabled=enabled, active=active, timeout_ms=timeout_ms
    )
    (directory / "config.yaml").write_text(text, encoding="utf-8")


class Listener:
    """Notices of rewrites."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self._more = asyncio.Event()

    def __call__(self, notice: Notice) -> None:
        self.notices.append(notice)
        self._more.set()

    async def rewritten(self, text: str) -> list[Notice]:
        async with asyncio.timeout(PATIENCE):
            while HandOverRewritten(text) not in self.notices:
                self._more.clear()
                await self._more.wait()
        return self.notices


@on_loop
async def test_a_session_is_corrected(directory: Path, engine: ScriptedEngine) -> None:
    engine.answer = "hello brave new world of koe"
    async with service() as (fake, server):
        configure(directory, server)
        core = core_in(directory)
        session = Begun(core)
        engine.says.put_nowait(InterimHeard("hello"))
        core.end()
        text = "hello brave new world of koe!!"
        assert (await session.over())[-1] == Deliver(
            text, engine.answer, "moonshine", corrected=True
        )
        await core.close()
    [question] = fake.questions
    assert question.user.endswith(engine.answer)


@pytest.mark.usefixtures("engine")
@on_loop
async def test_a_session_keeps_its_settings(directory: Path) -> None:
    """What is reloaded while the user speaks is for the next one (spec abi §6.1)."""
    async with service() as (fake, server):
        configure(directory, server)
        core = core_in(directory)
        session = Begun(core)
        await session.until(ShowState(State.RECORDING_HOLD))
        configure(directory, server, model="koe-refuse", timeout_ms=0)
        core.reload()
        core.end()
        delivered = (await session.over())[-1]
        assert isinstance(delivered, Deliver)
        assert delivered.corrected
        assert [question.model for question in fake.questions] == ["koe-echo"]
        assert Warn("LLM correction failed: LLM correction timed out") in await after_one(core)
        await core.close()


async def after_one(core: Core) -> list[Notice]:
    """The notices of one more session."""
    session = Begun(core)
    core.end()
    return await session.over()


@pytest.mark.usefixtures("engine")
@on_loop
async def test_a_session_without_a_profile(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is not corrected, as when correction is off; but that is reported once."""
    async with service() as (fake, server):
        configure(directory, server, active="gone")
        core = core_in(directory)
        for _ in range(2):
            notices = await after_one(core)
        assert notices[-1] == Deliver("hello world", "hello world", "moonshine", corrected=False)
        assert ShowState(State.CORRECTING) not in notices
        await core.close()
    assert not fake.questions
    reported = (
        "the profile 'gone' is not one of llm.profiles (choose from: lab); nothing is corrected"
    )
    where = f"{directory / 'config.yaml'}: llm.active_profile"
    assert capsys.readouterr().err == f"koe: {where}: {reported}\n"


@on_loop
async def test_rewriting(directory: Path) -> None:
    async with service() as (fake, server):
        configure(directory, server, enabled="false")
        core, listener = core_in(directory), Listener()
        assert core.rewrite(0, "hello", listener)
        assert listener.notices == []
        assert await listener.rewritten("hello!!") == [HandOverRewritten("hello!!")]
        await core.close()
    assert [question.system for question in fake.questions] == ["Be polite."]


@on_loop
async def test_what_is_not_rewritten(directory: Path) -> None:
    async with service() as (fake, server):
        configure(directory, server)
        core, listener = core_in(directory), Listener()
        assert not any(core.rewrite(index, "hello", listener) for index in (-1, 1, 2))
        assert listener.notices == []
        assert core.rewrite(0, "\n ", listener)
        assert listener.notices == [HandOverRewritten("\n ")]
        await core.close()
    assert not fake.questions


@on_loop
async def test_rewriting_that_fails(directory: Path) -> None:
    async with service() as (_, server):
        configure(directory, server, "koe-blank")
        core, listener = core_in(directory), Listener()
        core.rewrite(0, "hello", listener)
        reason = "Rewrite failed: LLM correction failed: empty content in response"
        assert await listener.rewritten("hello") == [Warn(reason), HandOverRewritten("hello")]
        await core.close()


@on_loop
async def test_rewriting_that_fails_by_a_bug_of_ours(
    directory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The shell waits for an answer, so there is one."""
    core, listener = core_in(directory), Listener()
    monkeypatch.setattr(core.settings, "prompts", lambda: 1 / 0)
    core.rewrite(0, "hello", listener)
    warning = Warn("Rewrite failed: ZeroDivisionError")
    assert await listener.rewritten("hello") == [warning, HandOverRewritten("hello")]
    assert "a rewrite failed unexpectedly" in caplog.text
    await core.close()


@on_loop
async def test_rewriting_ends_with_the_core(directory: Path) -> None:
    async with service() as (fake, server):
        configure(directory, server, "koe-never")
        core, listener = core_in(directory), Listener()
        core.rewrite(0, "hello", listener)
        await fake.until_asked(1)
        await core.close()
        core.rewrite(0, "hello again", listener)
        await asyncio.sleep(0.1)  # the outcome is the same without
        assert listener.notices == []


@pytest.mark.usefixtures("engine")
@on_loop
async def test_the_connection_ends_with_the_core(directory: Path) -> None:
    async with service() as (_, server):
        configure(directory, server)
        core = core_in(directory)
        await after_one(core)
        await core.close()
        await server.until(server.connections[0].closed.is_set)


@pytest.mark.usefixtures("engine")
@on_loop
async def test_nothing_begins_while_the_core_is_closed(directory: Path) -> None:
    """Calls of other threads that were on their way then."""
    async with service() as (_, server):
        configure(directory, server)
        core, listener = core_in(directory), Listener()
        session = Begun(core)
        core.rewrite(0, "hello", listener)
        await core.close()
        assert await session.over() == []
        assert core._running == {}
        assert core._asking == set()
        assert listener.notices == []
        assert server.connections == []


async def list_models(llm: Llm, snapshot: Snapshot, prompts: Prompts) -> tuple[float, int]:
    """A question, and the time limit that it goes by."""
    listed = await llm.list_models(snapshot.config.llm.profiles["lab"])
    return snapshot.config.llm.timeout, len(listed)


@on_loop
async def test_asking(directory: Path) -> None:
    """By the settings in force, over the connection of the sessions."""

    async with service() as (_, server):
        configure(directory, server)
        core = core_in(directory)
        assert await core.ask(list_models) == (20.0, len(MODELS))
        assert await core.ask(list_models) == (20.0, len(MODELS))
        assert len(server.connections) == 1
        configure(directory, server, timeout_ms=19_000)
        core.settings.refresh()
        assert await core.ask(list_models) == (19.0, len(MODELS))
        assert len(server.connections) == 2
        await core.close()


@pytest.mark.parametrize(
    ("rules", "changed", "connections"),
    [
        (SessionRules(), False, 1),
        (SessionRules(), True, 2),
        (SessionRules(rebuild_at_reload_only=True), False, 2),
        (SessionRules(rebuild_at_reload_only=True), True, 2),
    ],
)
@on_loop
async def test_a_reload(
    rules: SessionRules, changed: bool, connections: int, directory: Path
) -> None:
    """Spec abi §6.1: which shells get new connections when."""
    async with service() as (_, server):
        configure(directory, server)
        core = core_in(directory, rules)
        for text in ("one", "two"):
            listener = Listener()
            core.rewrite(0, text, listener)
            await listener.rewritten(f"{text}!!")
            if changed:
                configure(directory, server, timeout_ms=19_000)
            core.reload()
        assert len(server.connections) == connections
        await core.close()


@on_loop
async def test_a_reload_without_a_client(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing of it is in force; but a session, which can't refuse, goes by what it finds."""

    class Unbuildable(Client):
        def open(self) -> None:
            raise HttpConfigError("no certificates")

    async with service() as (_, server):
        configure(directory, server)
        core = core_in(directory)
        before = core.settings.current
        await core.ask(list_models)
        configure(directory, server, timeout_ms=19_000)
        with monkeypatch.context() as patch:
            patch.setattr("koe.http.client.Client", Unbuildable)
            with pytest.raises(LlmConfigError, match="no certificates"):
                core.reload()
            assert core.settings.current is before
            core.settings.refresh()
            assert core.settings.current.config.llm.timeout == 19.0
            await core.ask(list_models)
            assert "stays as it was: LLM correction failed: no certi" in capsys.readouterr().err
            assert len(server.connections) == 1
        core.reload()
        await core.ask(list_models)
        assert len(server.connections) == 2
        await core.close()


@pytest.mark.usefixtures("engine")
@on_loop
async def test_a_changed_time_limit(directory: Path) -> None:
    """The next session goes by it; where only a reload counts, none does (spec llm §1.4)."""
    for rules, warned in [
        (SessionRules(), True), (SessionRules(rebuild_at_reload_only=True), False),
    ]:  # fmt: skip
        async with service() as (_, server):
            configure(directory, server)
            core = core_in(directory, rules)
            await after_one(core)
            configure(directory, server, timeout_ms=0)
            timed_out = Warn("LLM correction failed: LLM correction timed out")
            assert (timed_out in await after_one(core)) == warned
            core.reload()
            assert timed_out in await after_one(core)
            await core.close()


@on_loop
async def test_a_reload_of_what_cannot_be_read(directory: Path) -> None:
    core = core_in(directory)
    before = core.settings.current
    (directory / "config.yaml").write_text("{{{", encoding="utf-8")
    with pytest.raises(ConfigError):
        core.reload()
    assert core.settings.current is before
    await core.close()


def test_nothing_is_sent_where_it_would_be_refused(
    directory: Path, engine: ScriptedEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    """The built-in profile has no key. That is reported only if correction is on."""

    async def run() -> None:
        core = core_in(directory)
        for text in ("", "hotkey: {trigger_key: fn}", *["llm: {enabled: true}"] * 2):
            (directory / "config.yaml").write_text(text, encoding="utf-8")
            session = Begun(core)
            core.end()
            notices = await session.over()
            assert ShowState(State.CORRECTING) not in notices
            assert isinstance(notices[-1], Deliver)
        await core.close()

    asyncio.run(run())
    reported = capsys.readouterr().err
    assert reported.count("the profile 'openai' needs an api_key; nothing is corrected") == 1


@pytest.mark.parametrize("content", [b"\xff\xfe", b" \n", None])
@pytest.mark.usefixtures("engine")
@on_loop
async def test_prompts_that_cannot_be_used(
    content: bytes | None, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of a new user are used, and that is reported once."""
    async with service() as (fake, server):
        configure(directory, server)
        path = directory / "system_prompt.txt"
        if content is None:
            path.mkdir()
        else:
            path.write_bytes(content)
        core = core_in(directory)
        for _ in range(2):
            delivered = (await after_one(core))[-1]
            assert isinstance(delivered, Deliver)
            assert delivered.corrected
        await core.close()
    assert {question.system for question in fake.questions} == {built_in_prompts().system}
    [reported] = capsys.readouterr().err.splitlines()
    assert f"{path}: llm.system_prompt_path: " in reported
    assert reported.endswith("; using the built-in prompt")


@pytest.mark.parametrize("key", [KEY, "sk-koe-mistyped-123456"])
@pytest.mark.usefixtures("engine")
@on_loop
async def test_no_key_is_logged(
    key: str,
    directory: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Not where everything is, and not where the server repeats it."""
    caplog.set_level(logging.DEBUG)
    async with service() as (_, server):
        configure(directory, server)
        text = (directory / "config.yaml").read_text(encoding="utf-8")
        (directory / "config.yaml").write_text(text.replace(KEY, key), encoding="utf-8")
        core, listener = core_in(directory), Listener()
        notices = await after_one(core)
        core.rewrite(0, "hello", listener)
        await listener.rewritten("hello!!" if key == KEY else "hello")
        await core.close()
    assert caplog.records
    said = caplog.text + repr(notices) + repr(listener.notices) + "".join(capsys.readouterr())
    assert key.removeprefix("sk-koe-") not in said
