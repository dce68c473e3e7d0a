from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

import koe.runtime
from koe.config.settings import Settings
from koe.config.store import Store
from koe.core import Core
from koe.errors import RuntimeStoppedError
from koe.events import (
    Deliver,
    InterimHeard,
    Mode,
    Notice,
    ReportHeard,
    ShowInterim,
    ShowState,
    State,
)
from koe.runtime import Runtime
from koe.session_rules import SessionRules
from tests.scripted import ScriptedEngine
from tests.test_runner import PATIENCE, Audio


@pytest.fixture
def runtime(directory: Path) -> Runtime:
    return Runtime(Settings(Store(directory, {})), SessionRules)


def test_a_session_on_the_loop_thread(runtime: Runtime, engine: ScriptedEngine) -> None:
    delivered = threading.Event()
    threads = set()

    def notify(notice: Notice) -> None:
        threads.add(threading.current_thread().name)
        if isinstance(notice, Deliver):
            delivered.set()

    runtime.start()
    core = runtime.core()
    core.begin(Mode.HOLD, Audio(), notify)
    core.end()
    assert delivered.wait(PATIENCE)
    assert threads == {"koe-loop"}
    runtime.stop(PATIENCE)
    assert not runtime._thread.is_alive()


def test_cancel_inside_the_callback_that_reports_what_was_heard(
    runtime: Runtime, engine: ScriptedEngine
) -> None:
    """The shell may still say no: only once it is pasting it is too late."""
    reported: list[Notice] = []
    idle = threading.Event()

    def notify(notice: Notice) -> None:
        reported.append(notice)
        if isinstance(notice, ReportHeard):
            canceller = threading.Thread(target=core.cancel)
            canceller.start()
            canceller.join(PATIENCE)
        if notice == ShowState(State.IDLE):
            idle.set()

    runtime.start()
    core = runtime.core()
    core.begin(Mode.HOLD, Audio(), notify)
    core.end()
    assert idle.wait(PATIENCE)
    runtime.stop(PATIENCE)
    assert reported[-3:] == [
        ReportHeard("hello world"),
        ShowState(State.CANCELLED),
        ShowState(State.IDLE),
    ]


def test_stop_before_it_started(runtime: Runtime) -> None:
    runtime.start()
    runtime.stop(PATIENCE)
    assert not runtime._thread.is_alive()
    with pytest.raises(RuntimeStoppedError, match="is not running"):
        runtime.core()


def test_stop_twice(runtime: Runtime) -> None:
    runtime.start()
    runtime.stop(PATIENCE)
    runtime.stop(PATIENCE)


def test_stop_does_not_wait_for_a_callback(runtime: Runtime, engine: ScriptedEngine) -> None:
    inside, leave = threading.Event(), threading.Event()

    def notify(notice: Notice) -> None:
        inside.set()
        leave.wait(PATIENCE)

    runtime.start()
    runtime.core().begin(Mode.HOLD, Audio(), notify)
    assert inside.wait(PATIENCE)
    runtime.stop(0.01)
    assert runtime._thread.is_alive()
    leave.set()
    runtime._thread.join(PATIENCE)
    assert not runtime._thread.is_alive()


def test_stop_abandons_the_engine_of_a_callback_that_does_not_return(
    runtime: Runtime, engine: ScriptedEngine
) -> None:
    """Else the next core would wait for what the engine holds."""
    inside, leave = threading.Event(), threading.Event()

    def notify(notice: Notice) -> None:
        if isinstance(notice, ShowInterim):
            inside.set()
            leave.wait(PATIENCE)

    runtime.start()
    engine.says.put_nowait(InterimHeard("hello"))
    runtime.core().begin(Mode.HOLD, Audio(), notify)
    assert inside.wait(PATIENCE)
    runtime.stop(0.01)
    assert engine.calls[-1] == "abandon"
    leave.set()
    runtime._thread.join(PATIENCE)
    assert engine.calls[-1] == "close"


def test_stop_does_not_wait_for_what_blocks(runtime: Runtime) -> None:
    """Such as a name server that does not answer, though the connection is not wanted any more."""
    never, blocking = threading.Event(), threading.Event()

    def block() -> None:
        blocking.set()
        never.wait()

    async def begin(core: Core) -> None:
        asyncio.get_running_loop().run_in_executor(None, block)

    runtime.start()
    try:
        runtime.run(begin, PATIENCE)
        assert blocking.wait(PATIENCE)
        runtime.stop(1.0)
        assert not runtime._thread.is_alive()
    finally:
        never.set()


def test_stop_from_inside_a_callback(runtime: Runtime, engine: ScriptedEngine) -> None:
    reported: list[Notice] = []

    def notify(notice: Notice) -> None:
        reported.append(notice)
        runtime.stop(PATIENCE)

    runtime.start()
    runtime.core().begin(Mode.HOLD, Audio(), notify)
    runtime._thread.join(PATIENCE)
    assert not runtime._thread.is_alive()
    assert isinstance(reported[0], ShowState)


def test_a_core_that_cannot_start(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*args: object) -> None:
        raise OSError("no more files")

    monkeypatch.setattr("koe.core.Core.__init__", refuse)
    runtime.start()
    with pytest.raises(RuntimeStoppedError):
        runtime.core()
    runtime.stop(PATIENCE)
    assert capsys.readouterr().err == "koe: the core cannot run: OSError: no more files\n"


def test_a_missing_module(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> ModuleSpec | None:
        return None if name == "koe.runner" else ModuleSpec(name, None)

    monkeypatch.setattr("koe.runtime.find_spec", find)
    with pytest.raises(RuntimeStoppedError, match=r"missing: koe\.runner; install koe again"):
        runtime.start()


def test_no_more_threads(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeStoppedError, match="can't start new thread"):
        runtime.start()


def test_what_is_imported_later() -> None:
    """The list is whole: these are the modules that the start leaves to the thread."""
    program = """
import sys
import koe.runtime
started = set(sys.modules)
import koe.core, koe.daemon_threads
later = {name for name in set(sys.modules) - started if name.startswith("koe.")}
assert later | {"asyncio"} == set(koe.runtime.IMPORTED_LATER), later
"""
    subprocess.run([sys.executable, "-c", program], check=True)


# --- asking the loop ------------------------------------------------------------------------------


async def current_thread(core: Core) -> str:
    await asyncio.sleep(0)
    return threading.current_thread().name


async def fail(core: Core) -> str:
    raise TimeoutError("its own")


async def wait_for_ever(core: Core) -> str:
    await core.ask(lambda service, snapshot, prompts: asyncio.Event().wait())
    return ""


def test_asking_the_loop(runtime: Runtime) -> None:
    runtime.start()
    assert runtime.run(current_thread, PATIENCE) == "koe-loop"
    with pytest.raises(TimeoutError, match="its own"):
        runtime.run(fail, PATIENCE)
    with pytest.raises(RuntimeStoppedError, match="a callback does not return"):
        runtime.run(wait_for_ever, 0.01)
    runtime.stop(PATIENCE)
    with pytest.raises(RuntimeStoppedError):
        runtime.run(current_thread, PATIENCE)


def test_asking_a_loop_that_stops_meanwhile(runtime: Runtime) -> None:
    asked = threading.Event()

    async def ask(core: Core) -> str:
        asked.set()
        return await wait_for_ever(core)

    def stop() -> None:
        asked.wait(PATIENCE)
        runtime.stop(PATIENCE)

    runtime.start()
    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(RuntimeStoppedError, match="it has stopped"):
        runtime.run(ask, PATIENCE)
    stopper.join(PATIENCE)


def test_asking_a_loop_that_is_inside_of_a_callback(
    runtime: Runtime, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On its own thread, and on another one that it waits for: neither hangs."""
    monkeypatch.setattr(koe.runtime, "PATIENCE", 0.01)
    reported: list[str] = []
    over = threading.Event()

    def ask() -> None:
        with pytest.raises(RuntimeStoppedError) as refusal:
            runtime.run(current_thread, PATIENCE)
        reported.append(refusal.value.reason)

    def notify(notice: Notice) -> None:
        if notice == ShowState(State.RECORDING_HOLD):
            ask()
            asker = threading.Thread(target=ask)
            asker.start()
            asker.join(PATIENCE)
            over.set()

    runtime.start()
    runtime.core().begin(Mode.HOLD, Audio(), notify)
    assert over.wait(PATIENCE)
    runtime.stop(PATIENCE)
    assert reported == ["it can't wait for itself", "a callback does not return"]
