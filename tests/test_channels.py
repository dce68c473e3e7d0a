from __future__ import annotations

import math
import random
from array import array
from collections.abc import Callable

import pytest

from koe.channels import Mixer

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
