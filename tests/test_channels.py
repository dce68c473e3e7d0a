from __future__ import annotations

import math
import random
from array import array
from collections.abc import Callable

import numpy
import pytest

from koe.channels import FrameMixer, Mixer
from tests.wav import tone as floats

BLOCK = 320


def block(*channels: Callable[[int], float]) -> bytes:
    return array("h", (round(of(at)) for at in range(BLOCK) for of in channels)).tobytes()


def tone(at: int) -> float:
    return 8000 * math.sin(at / 5)


def inverse(at: int) -> float:
    return -tone(at)


def silence(at: int) -> float:
    return 0


@pytest.mark.parametrize(
    ("channels", "wanted"),
    [
        ((tone,), tone),
        ((tone, tone), tone),
        ((tone, silence), lambda at: tone(at) / 2),
        ((tone, inverse), tone),
        ((silence, tone, tone, silence), lambda at: tone(at) / 2),
    ],
)
def test_mixing(
    channels: tuple[Callable[[int], float], ...], wanted: Callable[[int], float]
) -> None:
    mixed = array("h", Mixer(len(channels)).mix(block(*channels)))
    assert len(mixed) == BLOCK
    assert all(abs(mixed[at] - wanted(at)) <= 1 for at in range(BLOCK))


@pytest.mark.parametrize(
    ("channels", "is_out_of_phase"),
    [((tone, tone), False), ((tone, inverse), True), ((silence, silence), False)],
)
def test_channels_that_cancel_each_other_out_are_noted(
    channels: tuple[Callable[[int], float], ...], is_out_of_phase: bool
) -> None:
    mixer = Mixer(len(channels))
    for _ in range(25):
        assert not mixer.is_out_of_phase
        mixer.mix(block(*channels))
    assert mixer.is_out_of_phase is is_out_of_phase


def test_independent_noise_does_not_cancel_out() -> None:
    source = random.Random(3)
    mixer = Mixer(2)
    for _ in range(50):
        mixer.mix(block(lambda at: source.gauss(0, 900), lambda at: source.gauss(0, 900)))
    assert not mixer.is_out_of_phase


def test_an_accident_is_not_noted() -> None:
    mixer = Mixer(2)
    for _ in range(25):
        mixer.mix(block(tone, inverse))
        mixer.mix(block(tone, tone))
    assert not mixer.is_out_of_phase


@pytest.mark.parametrize("size", [1, 100, 8_000])
def test_channels_of_a_recording_that_cancel_each_other_out(size: int) -> None:
    spoken = numpy.array(floats(0.5))
    frames = numpy.stack([spoken, -spoken, spoken * 0], axis=1)
    mixer = FrameMixer(16_000)
    mixed = [mixer.mix(frames[at : at + size]) for at in range(0, len(frames), size)]
    assert numpy.concatenate(mixed) == pytest.approx(spoken)


@pytest.mark.parametrize("size", [1, 100, 8_000])
def test_channels_of_a_recording_that_differ(size: int) -> None:
    frames = numpy.random.default_rng(1).uniform(-1, 1, (8_000, 2))
    mixer = FrameMixer(16_000)
    mixed = [mixer.mix(frames[at : at + size]) for at in range(0, len(frames), size)]
    settled = numpy.concatenate(mixed)[1_000:]
    assert settled == pytest.approx(frames.mean(axis=1)[1_000:])


def test_one_channel_after_two() -> None:
    mixer = FrameMixer(16_000)
    mixer.mix(numpy.full((10, 2), 0.5))
    assert mixer.mix(numpy.full((10, 3), 0.5)) == pytest.approx(numpy.full(10, 0.5))
    assert mixer.mix(numpy.full((10, 1), 0.5)) == pytest.approx(numpy.full(10, 0.5))
