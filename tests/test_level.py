from __future__ import annotations

import math
import random
from array import array
from pathlib import Path

import pytest

from koe.level import LONGEST_TAIL, LevelMeter, tail_is_over

FRAME_BYTES = 640


def tone(seconds: float, amplitude: float) -> bytes:
    samples = range(round(seconds * 16_000))
    wave = (round(32767 * amplitude * math.sin(it / 5)) for it in samples)
    return array("h", wave).tobytes()


def noise(seconds: float, amplitude: int = 3) -> bytes:
    source = random.Random(5)
    samples = range(round(seconds * 16_000))
    return array("h", (source.randint(-amplitude, amplitude) for _ in samples)).tobytes()


def test_zeros_count_only_from_the_beginning() -> None:
    level = LevelMeter()
    level.add(bytes(FRAME_BYTES * 5))
    assert level.zeros == pytest.approx(0.1)
    level.add(noise(0.04))
    level.add(bytes(FRAME_BYTES * 5))
    assert level.zeros == pytest.approx(0.1)
    assert level.seconds == pytest.approx(0.24)


def test_peak_and_rms_are_those_of_the_newest_frame() -> None:
    level = LevelMeter()
    level.add(tone(0.1, 0.5))
    assert level.peak == pytest.approx(0.5, abs=0.01)
    assert level.rms == pytest.approx(0.5 / math.sqrt(2), abs=0.01)
    level.add(bytes(FRAME_BYTES))
    assert (level.peak, level.rms) == (0, 0)


def test_the_loudest_since_the_last_call() -> None:
    level = LevelMeter()
    level.add(tone(0.1, 0.5) + bytes(FRAME_BYTES))
    assert level.take_loudest() == pytest.approx(0.5 / math.sqrt(2), abs=0.01)
    assert level.take_loudest() == 0


def test_the_least_sample_has_a_peak_of_one() -> None:
    level = LevelMeter()
    level.add(array("h", [-32768] * 320).tobytes())
    assert level.peak == 1


def test_how_audio_is_cut_does_not_matter() -> None:
    pcm = noise(0.5) + tone(0.2, 0.1) + noise(0.1)
    whole, cut = LevelMeter(), LevelMeter()
    whole.add(pcm)
    for start in range(0, len(pcm), 99):
        cut.add(pcm[start : start + 99])
    assert (whole.seconds, whole.quiet, whole.rms) == (cut.seconds, cut.quiet, cut.rms)


def test_noise_is_no_speech() -> None:
    level = LevelMeter()
    level.add(noise(3))
    assert not level.has_speech
    assert level.unspoken == pytest.approx(3)


def test_speech_is_loud_and_has_a_voice() -> None:
    level, deaf = LevelMeter(), LevelMeter(lambda frame: False)
    for it in (level, deaf):
        it.add(noise(0.5) + tone(0.2, 0.1) + noise(0.1))
        assert it.quiet == pytest.approx(0.1)
    assert level.has_speech
    assert level.unspoken == pytest.approx(0.1)
    assert not deaf.has_speech


def test_the_detector_gets_only_loud_frames() -> None:
    asked: list[int] = []

    def hears_voice(frame: bytes) -> bool:
        asked.append(len(frame))
        return False

    level = LevelMeter(hears_voice)
    level.add(noise(1) + tone(0.1, 0.1))
    assert asked == [FRAME_BYTES] * 5


def test_a_tail_ends_with_the_sound() -> None:
    level = LevelMeter()
    level.add(noise(0.5) + tone(0.2, 0.1) + noise(0.1))
    assert not tail_is_over(level, 0.1)
    level.add(noise(0.02))
    assert tail_is_over(level, 0.12)
    assert tail_is_over(level, 0.0)  # the user had stopped speaking before the release


def test_a_tail_is_longer_while_there_is_speech_than_with_noise() -> None:
    speech, music = LevelMeter(), LevelMeter(lambda frame: False)
    for level in (speech, music):
        level.add(noise(0.5) + tone(0.3, 0.1))
    assert not tail_is_over(music, 0.28)
    assert tail_is_over(music, 0.3)
    assert not tail_is_over(speech, LONGEST_TAIL - 0.02)
    assert tail_is_over(speech, LONGEST_TAIL)


@pytest.mark.model
def test_real_speech(speech: Path) -> None:
    level = LevelMeter()
    level.add(speech.read_bytes())
    assert level.has_speech
