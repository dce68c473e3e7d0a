"""Finds the loud frames of a recording; how the audio was cut makes no difference. Pure.

A frame is loud or quiet by its power, compared with a floor: the power of the quietest frames of
the last seconds. So the floor follows the noise of a room and the gain of a microphone.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections import deque
from operator import mul

from koe.events import SAMPLE_RATE_HZ

FRAME = SAMPLE_RATE_HZ // 50
"""Samples of one frame: 20 ms."""

# The floor is computed over this many frames; one in _FLOOR_PART of them is quieter.
_FLOOR_FRAMES = 500
_FLOOR_PART = 10

# A frame is loud if its power exceeds this multiple of the floor: 6 dB. Below _SILENT no frame is
# loud (-75 dB of full scale), and above _LOUD every frame is (-30 dB).
_ABOVE_FLOOR = 4.0
_SILENT = 3e-8
_LOUD = 1e-3


class Loudness:
    """Takes audio frame by frame, and decides which frames are loud."""

    def __init__(self) -> None:
        # The powers of the last frames, in order of time, and sorted.
        self._recent: deque[float] = deque()
        self._sorted: list[float] = []

    def add(self, frame: array[float]) -> tuple[float, bool]:
        """Take the next `FRAME` samples; return their power, and whether they are loud."""
        power = sum(map(mul, frame, frame)) / len(frame)
        return power, self.is_loud(power)

    def is_loud(self, power: float) -> bool:
        """Take the power of the next frame (1: full scale); return whether the frame is loud."""
        self._recent.append(power)
        insort(self._sorted, power)
        if len(self._recent) > _FLOOR_FRAMES:
            del self._sorted[bisect_left(self._sorted, self._recent.popleft())]
        floor = self._sorted[len(self._sorted) // _FLOOR_PART]
        return power > min(max(_ABOVE_FLOOR * floor, _SILENT), _LOUD)
