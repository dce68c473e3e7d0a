from __future__ import annotations

import random
from array import array

import pytest

from koe.asr.modulation import Modulation
from koe.asr.samples import float_samples
from tests.asr.whispering import low, silence

SECOND = 16_000


def noise(amplitude: float, seconds: float, seed: int = 3) -> array[float]:
    source = random.Random(seed)
    return array("f", (source.gauss(0.0, amplitude) for _ in range(int(seconds * SECOND))))


def gate(*pieces: array[float]) -> Modulation:
    made = Modulation()
    for piece in pieces:
        made.feed(piece)
    return made


def test_silence_and_steady_noise_are_no_speech() -> None:
    assert not gate().has_speech(0, 0)
    assert not gate(float_samples(silence(2))).has_speech(0, 2 * SECOND)
    assert not gate(noise(0.001, 2)).has_speech(0, 2 * SECOND)
    assert not gate(noise(0.02, 2)).has_speech(0, 2 * SECOND)


def test_what_is_hardly_louder_than_noise_is_speech() -> None:
    assert gate(noise(0.005, 1), noise(0.011, 0.5)).has_speech(SECOND, 3 * SECOND // 2)


def test_it_is_compared_with_what_was_before() -> None:
    heard = gate(noise(0.001, 1), noise(0.01, 1))
    assert not heard.has_speech(0, SECOND)
    assert heard.has_speech(SECOND, 2 * SECOND)


def test_what_is_loud_from_its_beginning_is_speech() -> None:
    assert gate(float_samples(low())).has_speech(0, SECOND)


@pytest.mark.parametrize("size", [1, 999, 1600])
def test_it_does_not_matter_how_audio_is_cut(size: int) -> None:
    audio = noise(0.001, 0.3) + noise(0.01, 0.2)
    heard = gate(*(audio[at : at + size] for at in range(0, len(audio), size)))
    assert heard._powers == pytest.approx(gate(audio)._powers)
