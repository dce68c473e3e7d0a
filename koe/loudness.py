"""Which frames of a recording are loud. Pure, and the same however the audio is cut.

A frame is quiet or loud by its power against a floor. The floor is the power of the quietest frames
of the last seconds, so that it follows the noise of a room and the gain of a microphone.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections import deque
from operator import mul

from koe.events import SAMPLE_RATE_HZ

FRAME = SAMPLE_RATE_HZ // 50
"""Samples of which the loudness is taken together: 20 ms."""

# The floor is taken from so many frames, and is the power that one in so many is below.
_FLOOR_FRAMES = 500
_FLOOR_PART = 10

# A frame is loud from so many times the floor on: 6 dB. And no frame below the first of these
# powers is loud (-75 dB of full scale), nor one above the second quiet (-30 dB).
_ABOVE_FLOOR = 4.0
_SILENT = 3e-8
_LOUD = 1e-3


class Loudness:
    """Takes audio frame by frame, and says which frames are loud."""

    def __init__(self) -> None:
        # The powers of the last frames, oldest first, and sorted.
        self._recent: deque[float] = deque()
        self._sorted: list[float] = []

    def add(self, frame: array[float]) -> tuple[float, bool]:
        """Take the next `FRAME` samples; return their power, and whether they are loud."""
        power = sum(map(mul, frame, frame)) / len(frame)
        return power, self.is_loud(power)

    def is_loud(self, power: float) -> bool:
        """Take the power of the next frame, of full scale; return whether it is loud."""
        self._recent.append(power)
        insort(self._sorted, power)
        if len(self._recent) > _FLOOR_FRAMES:
            del self._sorted[bisect_left(self._sorted, self._recent.popleft())]
        floor = self._sorted[len(self._sorted) // _FLOOR_PART]
        return power > min(max(_ABOVE_FLOOR * floor, _SILENT), _LOUD)
