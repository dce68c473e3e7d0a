"""Detects speech by the variation of its loudness, even in noise. Pure.

Speech far from a microphone is hardly louder than the noise around it, but steady noise does not
vary. Other varying sounds, such as music, are left to the recogniser, because no word may be lost
here.
"""

from __future__ import annotations

from array import array
from operator import mul

from koe.asr.whole import SpeechGate
from koe.events import SAMPLE_RATE_HZ

# Samples of one power value: 0.1 s, which evens out the variation of noise.
_WINDOW = SAMPLE_RATE_HZ // 10

# The loudest window of speech has at least _RANGE times the power of the quietest one (6 dB), which
# may be one of the _BEFORE windows before the speech. Power below _SILENT (-75 dB of full scale) is
# silence; power above _LOUD (-30 dB) is not the noise of a room.
_RANGE = 4.0
_BEFORE = 10
_SILENT = 3e-8
_LOUD = 1e-3


class Modulation(SpeechGate):
    """Measures the power of audio in windows."""

    def __init__(self) -> None:
        # Samples that do not fill a window yet, and the powers of the windows before.
        self._rest = array("f")
        self._powers: list[float] = []

    def feed(self, samples: array[float]) -> None:
        """Take the next samples."""
        self._rest.extend(samples)
        whole = len(self._rest) // _WINDOW * _WINDOW
        for begin in range(0, whole, _WINDOW):
            window = self._rest[begin : begin + _WINDOW]
            self._powers.append(sum(map(mul, window, window)) / _WINDOW)
        del self._rest[:whole]

    def has_speech(self, begin: int, end: int) -> bool:
        """Whether a window between two samples is much louder than one near it, or very loud."""
        first, last = begin // _WINDOW, -(-end // _WINDOW)
        loudest = max(self._powers[first:last], default=0.0)
        quietest = min(self._powers[max(0, first - _BEFORE) : last], default=0.0)
        return loudest > min(max(_RANGE * quietest, _SILENT), _LOUD)
