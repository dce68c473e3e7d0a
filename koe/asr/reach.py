"""How far a result reaches in the audio, by the word of a service. Pure.

A service that claims too much costs words: what it is believed to have heard is not given to
another one. So no claim is taken that can't be true.
"""

from __future__ import annotations

from koe.events import SAMPLE_RATE_HZ

_SAMPLES_PER_MS = SAMPLE_RATE_HZ // 1000

# Services count in blocks, the last of which may end after the audio does.
_SLACK_SAMPLES = SAMPLE_RATE_HZ


class Reach:
    """Compares what a service claims with what it was sent."""

    def __init__(self) -> None:
        # How many samples the service was sent.
        self.sent = 0
        # The last claim that was taken.
        self._reached = 0

    def send(self, pcm: bytes) -> None:
        """Note that the service is sent whole samples."""
        self.sent += len(pcm) // 2

    def at(self, milliseconds: object) -> int | None:
        """Take a time since the first sample that was sent.

        Returns:
            The sample; None for what is no time, lies before the last one, or well after the end.
        """
        if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
            return None
        # False for NaN, too. Not multiplied yet: a claim may be of any size.
        if not 0 <= milliseconds <= (self.sent + _SLACK_SAMPLES) / _SAMPLES_PER_MS:
            return None
        samples = min(int(milliseconds * _SAMPLES_PER_MS), self.sent)
        if samples < self._reached:
            return None
        self._reached = samples
        return samples
