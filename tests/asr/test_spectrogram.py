from __future__ import annotations

from array import array

import numpy
import pytest

from koe.asr.samples import float_samples
from koe.asr.spectrogram import log_mel
from tests.asr.whispering import tone


def test_silence_is_the_same_everywhere() -> None:
    found = log_mel(array("f", bytes(4 * 16_000)), 80, 200)
    assert found.shape == (80, 200)
    assert found.dtype == numpy.float32
    assert found == pytest.approx(-1.5)  # (log10(1e-10) + 4) / 4


def test_no_audio_is_silence() -> None:
    assert log_mel(array("f"), 80, 10) == pytest.approx(-1.5)


@pytest.mark.parametrize("bands", [80, 128])
@pytest.mark.parametrize("frequency_hz", [300, 1000, 3000, 7000])
def test_a_tone_is_in_its_band(frequency_hz: int, bands: int) -> None:
    """The middle of a band in mel: linear to 1000 Hz, which is 15, and logarithmic from there."""
    found = log_mel(float_samples(tone(frequency_hz, 1.0)), bands, 100)
    band = int(found[:, 50].argmax())
    mel = (band + 1) * 45.2456 / (bands + 1)
    middle = mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)
    assert middle == pytest.approx(frequency_hz, rel=0.06, abs=40)


def test_a_quiet_recording_is_as_loud_as_another() -> None:
    loud = float_samples(tone(440, 1.0))
    quiet = array("f", [sample / 50 for sample in loud])
    assert log_mel(quiet, 80, 100) == pytest.approx(log_mel(loud, 80, 100), abs=1e-3)


def test_all_but_the_loudest_is_cut_off_far_below_it() -> None:
    found = log_mel(float_samples(tone(440, 1.0)), 80, 200)
    assert found.min() == pytest.approx(found.max() - 2)  # 8 / 4
