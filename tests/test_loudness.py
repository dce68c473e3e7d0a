from __future__ import annotations

import random
from array import array

from koe.loudness import FRAME, Loudness


def noise(amplitude: float, seed: int = 3) -> array[float]:
    source = random.Random(seed)
    return array("f", (source.gauss(0.0, amplitude) for _ in range(FRAME)))


def test_silence_is_quiet() -> None:
    loudness = Loudness()
    assert not any(loudness.add(array("f", bytes(4 * FRAME)))[1] for _ in range(100))


def test_the_floor_follows_noise() -> None:
    loudness = Loudness()
    for amplitude in (0.0005, 0.005):
        for seed in range(1000):
            loudness.add(noise(amplitude, seed))
        assert not loudness.add(noise(amplitude))[1]
        assert loudness.add(noise(6 * amplitude))[1]


def test_long_loud_speech_stays_loud() -> None:
    loudness = Loudness()
    assert all(loudness.add(noise(0.1, seed))[1] for seed in range(1500))
