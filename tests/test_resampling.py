from __future__ import annotations

import numpy
import pytest

from koe.errors import AudioError
from koe.resampling import Resampler, checked_rate, is_possible
from tests.wav import samples_of, tone


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 192_000])
def test_a_tone_stays_a_tone(rate_hz: int) -> None:
    spoken = numpy.array(tone(0.5, rate_hz))
    resampler = Resampler(rate_hz)
    blocks = numpy.array_split(spoken, 7)
    pcm = b"".join([*(resampler.add(block.reshape(-1, 1)) for block in blocks), resampler.finish()])
    samples = samples_of(pcm)
    assert len(samples) == pytest.approx(8_000, abs=2)
    assert samples[2_000:6_000] == pytest.approx(tone(0.5)[2_000:6_000], abs=0.01)


@pytest.mark.parametrize("rate_hz", [16_000, 48_000])
def test_pcm(rate_hz: int) -> None:
    spoken = (numpy.array(tone(0.5, rate_hz)) * 32_767).round().astype("<i2").tobytes()
    resampler = Resampler(rate_hz)
    blocks = [spoken[at : at + 1_000] for at in range(0, len(spoken), 1_000)]
    pcm = b"".join([*(resampler.add_pcm(block) for block in blocks), resampler.finish()])
    assert samples_of(pcm)[2_000:6_000] == pytest.approx(tone(0.5)[2_000:6_000], abs=0.01)
    assert resampler.finish() == b""


def test_channels_are_averaged_and_clipped() -> None:
    frames = numpy.array([[0.5, 0.25], [9.0, 1.0], [-9.0, -1.0]])
    assert samples_of(Resampler(16_000).add(frames)) == pytest.approx([0.375, 1, -1], abs=1e-4)


@pytest.mark.parametrize("rate_hz", [-1, 0, 999, 1_000_001])
def test_rates_that_no_audio_has(rate_hz: int) -> None:
    assert not is_possible(rate_hz)
    with pytest.raises(AudioError, match=f"a sample rate of {rate_hz} Hz is not possible"):
        checked_rate(rate_hz)


def test_a_rate() -> None:
    assert checked_rate(48_000) == 48_000
    assert checked_rate(numpy.int32(48_000)) == 48_000  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", ["48000", b"48000", [48_000]])
def test_a_rate_that_is_no_number(rate: object) -> None:
    with pytest.raises(AudioError, match=r"is no number; give one, as in rate=48000"):
        checked_rate(rate)  # type: ignore[arg-type]
