from __future__ import annotations

from koe.asr.pauses import pauses, quietest


def test_a_pause_is_between_loud_frames_and_long_enough() -> None:
    loud = [False] * 9 + [True] * 3 + [False] * 4 + [True] + [False] * 2 + [True] + [False] * 9
    assert pauses(loud, 3) == [14]
    assert pauses(loud, 2) == [14, 18]


def test_the_quietest_place() -> None:
    powers = [1.0] * 20 + [0.1] * 10 + [1.0] * 20
    assert quietest(powers, 0) == 25
    assert quietest(powers, 28) == 33
