"""Converts samples of any rate and number of channels to what engines take: 16 kHz mono s16le.

This is the only module that uses soxr. It imports soxr only if the rate differs.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from koe.channels import FrameMixer
from koe.errors import AudioError
from koe.events import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy
    import numpy.typing
    import soxr

    Samples = numpy.typing.NDArray[numpy.float64]

FULL_SCALE = 32_767  # of 16-bit audio, when it is made from floats (spec asr §1.8)

# Telephones use 8 kHz, and converters at most 768 kHz: a rate far outside is a mistake.
_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 1_000, 1_000_000


def is_possible(rate_hz: int) -> bool:
    """Whether audio can have this sample rate."""
    return _LOWEST_RATE_HZ <= rate_hz <= _HIGHEST_RATE_HZ


def checked_rate(rate_hz: int) -> int:
    """Return the sample rate that a program gave.

    Raises:
        AudioError: The rate is not a number, or no audio has such a rate.
    """
    if not isinstance(rate_hz, int | float):  # numpy's numbers are converted
        try:
            rate_hz = operator.index(rate_hz)
        except TypeError:
            raise AudioError(
                f"the sample rate {rate_hz!r} is no number; give one, as in rate=48000"
            ) from None
    if not is_possible(rate_hz):
        raise AudioError(
            f"a sample rate of {rate_hz} Hz is not possible; give the samples per second, such as "
            "48000"
        )
    return rate_hz


class Resampler:
    """Converts one stream of audio. Imports soxr and numpy only if it needs them.

    Args:
        rate_hz: Samples per second of what is added.
    """

    def __init__(self, rate_hz: int) -> None:
        # Mixes all channels into one.
        self._mixer = FrameMixer(rate_hz)
        # Changes the rate; None: it is right already.
        self._stream: soxr.ResampleStream | None = None
        if rate_hz != SAMPLE_RATE_HZ:
            import soxr

            self._stream = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float64")

    def add(self, frames: Samples) -> bytes:
        """Convert the next samples; the result lags behind by some milliseconds.

        Args:
            frames: One row for each moment, one column for each channel; all are finite. Values
                beyond -1 and 1 are clipped.
        """
        mono = self._mixer.mix(frames.clip(-1.0, 1.0))
        return _to_s16le(mono if self._stream is None else self._stream.resample_chunk(mono))

    def add_pcm(self, pcm: bytes) -> bytes:
        """Convert the next samples, as `add` does.

        Args:
            pcm: Mono s16le, whole samples.
        """
        if self._stream is None:
            return pcm
        import numpy

        return self.add(numpy.frombuffer(pcm, "<i2").reshape(-1, 1) / FULL_SCALE)

    def finish(self) -> bytes:
        """Return the last samples, which the filter held back; a second call returns nothing."""
        if self._stream is None:
            return b""
        import numpy

        stream, self._stream = self._stream, None
        return _to_s16le(stream.resample_chunk(numpy.empty(0), last=True))


def _to_s16le(samples: Samples) -> bytes:
    """Scale to 16 bits; clip first, because a resampler overshoots."""
    return (samples.clip(-1.0, 1.0) * FULL_SCALE).round().astype("<i2").tobytes()
