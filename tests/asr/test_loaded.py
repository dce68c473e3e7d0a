from __future__ import annotations

import threading
from collections.abc import Callable
from typing import ClassVar

import pytest

from koe.asr.loaded import Loaded, keep_all


class Models:
    """Loads numbered models, and notes which were closed."""

    def __init__(self) -> None:
        self.loaded = 0
        self.closed: list[int] = []
        self.was_closed = threading.Event()

    def load(self) -> int:
        self.loaded += 1
        return self.loaded

    def close(self, model: int) -> None:
        self.closed.append(model)
        self.was_closed.set()


@pytest.fixture
def models() -> Models:
    return Models()


class Timer(threading.Timer):
    """Expires when a test says so, and on a thread, as the real one."""

    made: ClassVar[list[Timer]] = []

    def __init__(self, seconds: float, function: Callable[[], None]) -> None:
        super().__init__(seconds, function)
        self.made.append(self)

    def start(self) -> None:
        pass

    def expire(self) -> None:
        self.interval = 0.0
        super().start()
        self.join()


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> list[Timer]:
    monkeypatch.setattr(Timer, "made", [])
    monkeypatch.setattr("threading.Timer", Timer)
    return Timer.made


def test_sessions_share_a_model(models: Models) -> None:
    loaded = Loaded(models.close)
    with loaded.used("a", models.load, None) as first, loaded.used("a", models.load, None) as same:
        assert first == same == 1
    with loaded.used("a", models.load, None) as again:
        assert again == 1
    assert models.closed == []


def test_another_model_takes_its_place(models: Models) -> None:
    loaded = Loaded(models.close)
    with loaded.used("a", models.load, None):
        with loaded.used("b", models.load, None) as other:
            assert other == 2
        assert models.closed == []  # it is still used
    assert models.closed == [1]
    with loaded.used("b", models.load, None) as other:
        assert other == 2


def test_it_goes_after_the_last_session(models: Models, timers: list[Timer]) -> None:
    loaded = Loaded(models.close)
    with loaded.used("a", models.load, 10):
        with loaded.used("a", models.load, 10):
            pass
        assert timers == []
    (timer,) = timers
    assert timer.interval == 600.0
    assert models.closed == []
    timer.expire()
    assert models.closed == [1]
    with loaded.used("a", models.load, 10) as anew:
        assert anew == 2


def test_a_session_in_between_keeps_it(models: Models, timers: list[Timer]) -> None:
    loaded = Loaded(models.close)
    with loaded.used("a", models.load, 10):
        pass
    with loaded.used("a", models.load, 10):
        pass
    first, second = timers
    first.finished.clear()  # as if it had expired in the moment of its cancel
    first.expire()
    assert models.closed == []
    second.expire()
    assert models.closed == [1]


def test_zero_minutes(models: Models, timers: list[Timer]) -> None:
    loaded = Loaded(models.close)
    with loaded.used("a", models.load, 0):
        assert models.closed == []
    assert models.closed == [1]
    assert timers == []


def test_a_real_timer(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = Loaded(models.close)
    timer = threading.Timer
    monkeypatch.setattr("threading.Timer", lambda seconds, function: timer(0.001, function))
    with loaded.used("a", models.load, 10):
        pass
    assert models.was_closed.wait(60.0)


def test_what_can_not_be_loaded_is_tried_anew(models: Models) -> None:
    def fail() -> int:
        raise OSError("no memory")

    loaded = Loaded(models.close)
    with pytest.raises(OSError, match="no memory"), loaded.used("a", fail, None):
        pass
    with loaded.used("a", models.load, None) as model:
        assert model == 1


def test_nothing_is_freed_while_the_process_ends(
    models: Models, timers: list[Timer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("koe.asr.loaded._keepers", [])
    loaded = Loaded(models.close)
    with loaded.used("a", models.load, 10):
        pass
    keep_all()
    timers[0].expire()
    for minutes in (10, 0):
        with loaded.used("a", models.load, minutes):
            pass
    assert (models.loaded, models.closed, len(timers)) == (1, [], 1)
