from __future__ import annotations

import threading

import pytest

from koe.patience import LONGEST, Patience


class Machine:
    """A clock and a processor that a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.used = 3.0

    def patience(self, seconds: float) -> Patience:
        return Patience(seconds, lambda: self.now, lambda: self.used)

    def waits(self, patience: Patience, share: float) -> float:
        """Move on, the process getting that share of a processor; return how long it waits."""
        began = self.now
        while not patience.is_over():
            self.now += 0.125
            self.used += share * 0.125
        return self.now - began


@pytest.mark.parametrize(
    ("share", "seconds"),
    [
        (4.0, 5.0),  # four threads compute: the clock decides
        (1.0, 5.0),
        (0.5, 10.0),  # others compute too: the processor decides
        (0.125, 40.0),
        (0.02, LONGEST),
        (0.002, 5.0),  # it hangs: looking takes so much
        (0.0, 5.0),
    ],
)
def test_both_the_clock_and_the_processor_count(share: float, seconds: float) -> None:
    machine = Machine()
    assert machine.waits(machine.patience(5.0), share) == seconds


def test_hanging_after_some_work() -> None:
    machine = Machine()
    patience = machine.patience(5.0)
    for _ in range(30):  # three seconds of a processor in thirty
        machine.now += 1.0
        machine.used += 0.1
        assert not patience.is_over()
    assert machine.waits(patience, 0.0) == 5.0


def test_threads_that_end_are_waited_for() -> None:
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait)
    thread.start()
    opening = threading.Timer(0.05, gate.set)
    opening.start()
    assert Patience(60.0).join([thread])
    assert not thread.is_alive()
    opening.join()


def test_a_thread_that_hangs_is_not() -> None:
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait)
    thread.start()
    assert not Patience(0.01).join([thread])
    gate.set()
    thread.join()
