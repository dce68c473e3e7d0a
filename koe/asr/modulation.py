"""Whether audio goes up and down as speech does, however noisy it is. Pure.

Speech far from a microphone is hardly louder than the noise around it, but noise that goes on and
on stays the same. What is no speech and goes up and down too, as music does, is for the recogniser
to judge: no word may be lost here.
"""

from __future__ import annotations

from array import array
from operator import mul

from koe.asr.passes import SpeechGate
from koe.events import SAMPLE_RATE_HZ

# Samples of which the power is taken together: 0.1 s, of which noise has some hundred beats.
_WINDOW = SAMPLE_RATE_HZ // 10

# The loudest window of speech has so many times the power of the quietest (6 dB), which is looked
# for in so many windows before it, too. What is below the second (-75 dB of full scale) is silence,
# and what is above the third (-30 dB) no noise of a room.
_RANGE = 4.0
_BEFORE = 10
_SILENT = 3e-8
_LOUD = 1e-3


class Modulation(SpeechGate):
    """Takes audio window by window."""

    def __init__(self) -> None:
        # What does not fill a window yet, and the powers of those before.
        self._rest = array("f")
        self._powers: list[float] = []

    def feed(self, samples: array[float]) -> None:
        """Take the samples that follow."""
        self._rest.extend(samples)
        whole = len(self._rest) // _WINDOW * _WINDOW
        for begin in range(0, whole, _WINDOW):
            window = self._rest[begin : begin + _WINDOW]
            self._powers.append(sum(map(mul, window, window)) / _WINDOW)
        del self._rest[:whole]

    def has_speech(self, begin: int, end: int) -> bool:
        """Whether a window between two samples is much louder than one about it, or very loud."""
        first, last = begin // _WINDOW, -(-end // _WINDOW)
        loudest = max(self._powers[first:last], default=0.0)
        quietest = min(self._powers[max(0, first - _BEFORE) : last], default=0.0)
        return loudest > min(max(_RANGE * quietest, _SILENT), _LOUD)
