"""Checks how far a result reaches in the audio, as the service claims. Pure.

A wrong claim costs words: after a failure, audio that counts as recognised is not sent again. So
impossible claims are ignored.
"""

from __future__ import annotations

from koe.events import SAMPLE_RATE_HZ

_SAMPLES_PER_MS = SAMPLE_RATE_HZ // 1000

# Services count in blocks, and the last block may end after the audio.
_SLACK_SAMPLES = SAMPLE_RATE_HZ


class Reach:
    """Compares the claims of a service with the audio that was sent."""

    def __init__(self) -> None:
        # The number of samples that were sent.
        self.sent = 0
        # The last claim that was accepted.
        self._reached = 0

    def send(self, pcm: bytes) -> None:
        """Count samples that are sent."""
        self.sent += len(pcm) // 2

    def at(self, milliseconds: object) -> int | None:
        """Check a time since the first sample that was sent.

        Returns:
            The sample; None if it is no time, earlier than the last claim, or well after the end.
        """
        if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
            return None
        # This is also false for NaN. The number is not multiplied yet, since it may be of any size.
        if not 0 <= milliseconds <= (self.sent + _SLACK_SAMPLES) / _SAMPLES_PER_MS:
            return None
        samples = min(int(milliseconds * _SAMPLES_PER_MS), self.sent)
        if samples < self._reached:
            return None
        self._reached = samples
        return samples
