"""The input of a Whisper model: the logarithm of the power in bands of the mel scale.

Source: A. Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision" (2022), 2.2,
and for the scale M. Slaney, "Auditory Toolbox" (1998). The results differ from those of the
library that the models were trained with by rounding only.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from typing import TypeAlias

import numpy
from numpy.typing import NDArray

from koe.events import SAMPLE_RATE_HZ

Floats: TypeAlias = NDArray[numpy.float32]

FRAME_SAMPLES = 160
"""Samples from one column to the next: 10 ms."""

_WINDOW = 400

# Linear up to 1000 Hz, which is 15 mel, and logarithmic from there up to half the sample rate.
_HZ_PER_MEL = 200 / 3
_LOGARITHMIC_FROM = 15.0
_LOG_STEP = numpy.log(6.4) / 27
_HIGHEST_MEL = _LOGARITHMIC_FROM + numpy.log(SAMPLE_RATE_HZ / 2 / 1000) / _LOG_STEP

# Power more than _RANGE powers of ten below the loudest is raised to that limit. Power below
# _LEAST_POWER counts as _LEAST_POWER, because 0 has no logarithm.
_RANGE = 8.0
_LEAST_POWER = 1e-10


# The power (1: full scale; this is -22 dB) to which the loudest third of a recording is brought:
# models make more errors with much quieter recordings.
_LOUDNESS = 0.08**2
_LOUD_PART = 3
_LOUDNESS_WINDOW = 320
_MOST_GAIN = 100.0


def log_mel(samples: array[float], bands: int, columns: int) -> Floats:
    """Compute the spectrogram of some audio and of the silence after it.

    Args:
        samples: 32-bit floats between -1 and 1, 16 kHz; no more than the columns have.
        bands: The number of rows.
        columns: The number of columns; each begins `FRAME_SAMPLES` after the one before.
    """
    audio = numpy.zeros(columns * FRAME_SAMPLES, numpy.float32)
    audio[: len(samples)] = _levelled(numpy.frombuffer(samples, numpy.float32))
    padded = numpy.pad(audio, _WINDOW // 2, mode="reflect")
    frames = numpy.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::FRAME_SAMPLES][:-1]
    window = numpy.hanning(_WINDOW + 1)[:-1].astype(numpy.float32)
    power = numpy.abs(numpy.fft.rfft(frames * window, axis=-1)).astype(numpy.float32) ** 2
    logarithm = numpy.log10(numpy.maximum(_filters(bands) @ power.T, _LEAST_POWER))
    logarithm = numpy.maximum(logarithm, logarithm.max() - _RANGE)
    return numpy.ascontiguousarray((logarithm + 4) / 4, numpy.float32)


def _levelled(audio: Floats) -> Floats:
    """Amplify audio so that its louder third is as loud as in most recordings."""
    windows = audio[: len(audio) // _LOUDNESS_WINDOW * _LOUDNESS_WINDOW]
    powers = numpy.sort((windows.reshape(-1, _LOUDNESS_WINDOW) ** 2).mean(axis=1))
    loud = powers[-len(powers) // _LOUD_PART :]
    if not loud.size or not loud.any():
        return audio
    gain = min(float(numpy.sqrt(_LOUDNESS / loud.mean())), _MOST_GAIN)
    return audio * numpy.float32(gain)


@lru_cache(2)
def _filters(bands: int) -> Floats:
    """Triangular filters of equal area over the frequencies of a spectrum, one for each band."""
    mels = numpy.linspace(0, _HIGHEST_MEL, bands + 2)
    logarithmic = 1000 * numpy.exp(_LOG_STEP * (mels - _LOGARITHMIC_FROM))
    corners = numpy.where(mels < _LOGARITHMIC_FROM, _HZ_PER_MEL * mels, logarithmic)
    frequencies = numpy.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE_HZ)
    rising = (frequencies - corners[:-2, None]) / numpy.diff(corners)[:-1, None]
    falling = (corners[2:, None] - frequencies) / numpy.diff(corners)[1:, None]
    height = 2 / (corners[2:] - corners[:-2])
    triangles = numpy.maximum(0, numpy.minimum(rising, falling)) * height[:, None]
    return numpy.asarray(triangles, numpy.float32)
