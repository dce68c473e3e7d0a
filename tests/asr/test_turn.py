from __future__ import annotations

import threading

import pytest

from koe.asr.turn import taken_turn
from koe.errors import AsrConnectionError
from tests.asr.contract import PATIENCE


def test_one_at_a_time() -> None:
    turn, second_has_it = threading.Lock(), threading.Event()

    def take() -> None:
        with taken_turn(turn, lambda: False):
            second_has_it.set()

    with taken_turn(turn, lambda: False):
        second = threading.Thread(target=take)
        second.start()
        assert not second_has_it.is_set()
    assert second_has_it.wait(PATIENCE)
    second.join(PATIENCE)
    assert not turn.locked()


def test_a_turn_that_is_not_wanted_any_more() -> None:
    turn, closed = threading.Lock(), threading.Event()
    failures: list[AsrConnectionError] = []

    def take() -> None:
        try:
            with taken_turn(turn, closed.is_set):
                pass
        except AsrConnectionError as exc:
            failures.append(exc)

    with turn:
        waiting = threading.Thread(target=take)
        waiting.start()
        closed.set()
        waiting.join(PATIENCE)
    assert str(failures[0]).endswith("the engine was closed before its turn came")


def test_a_failure_passes_the_turn_on() -> None:
    turn = threading.Lock()
    with pytest.raises(ZeroDivisionError), taken_turn(turn, lambda: False):
        raise ZeroDivisionError
    assert not turn.locked()
