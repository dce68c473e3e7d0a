from __future__ import annotations

import threading
from pathlib import Path

import pytest

from koe.config.settings import Settings
from koe.config.store import Store
from koe.errors import RuntimeStoppedError
from koe.events import Deliver, Mode, Notice, ShowState
from koe.runtime import Runtime
from koe.session import SessionRules
from tests.scripted import ScriptedEngine
from tests.test_runner import PATIENCE, Audio


@pytest.fixture
def runtime(directory: Path) -> Runtime:
    return Runtime(Settings(Store(directory, {})), SessionRules())


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


def test_stop_from_inside_a_callback(runtime: Runtime, engine: ScriptedEngine) -> None:
    told: list[Notice] = []

    def notify(notice: Notice) -> None:
        told.append(notice)
        runtime.stop(PATIENCE)

    runtime.start()
    runtime.core().begin(Mode.HOLD, Audio(), notify)
    runtime._thread.join(PATIENCE)
    assert not runtime._thread.is_alive()
    assert isinstance(told[0], ShowState)


def test_a_core_that_cannot_start(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise OSError("no more files")

    monkeypatch.setattr("koe.core.Core.__init__", refuse)
    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    runtime.start()
    with pytest.raises(RuntimeStoppedError):
        runtime.core()
    runtime.stop(PATIENCE)
