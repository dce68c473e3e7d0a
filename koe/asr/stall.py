"""Notices that a service does not answer the speech that it gets. Pure.

It measures the loud audio since the last answer, so that pauses of the user don't count. A packet
counts for at most the time since the packet before it, because audio that waited is sent at once.
"""

from __future__ import annotations

from array import array

from koe.events import BYTES_PER_SECOND

# A packet whose samples differ by at least this much counts as speech: half of the packets of a
# quiet voice do, and none of a quiet room. With other loud noise, a service that rightly hears no
# words is given up by mistake.
_LOUD = 2000
_STRIDE = 5

# The time after which a service is given up, relative to the time after which it is pinged.
_GIVEN_UP = 2.5


class StallWatch:
    """Measures how long a service has not answered.

    Args:
        patience: Seconds of speech after which the service is in doubt.
    """

    def __init__(self, patience: float) -> None:
        # Seconds of speech after which the service is in doubt.
        self._patience = patience
        # Seconds of loud audio without an answer.
        self._unanswered = 0.0
        # The time of the last packet; infinity: there was none.
        self._sent_at = float("inf")

    @property
    def limit(self) -> float:
        """Seconds of speech without an answer after which the service is lost."""
        return _GIVEN_UP * self._patience

    @property
    def grace(self) -> float:
        """Seconds that a service in doubt has to answer a ping."""
        return self.limit - self._patience

    @property
    def is_in_doubt(self) -> bool:
        """Whether it is time to ping the service."""
        return self._unanswered >= self._patience

    @property
    def is_lost(self) -> bool:
        """Whether the service must be given up."""
        return self._unanswered >= self.limit

    def send(self, pcm: bytes, now: float) -> None:
        """Note that a packet was sent.

        Args:
            pcm: Whole samples, at least one.
            now: The time, in seconds.
        """
        if _is_loud(pcm):
            elapsed = max(now - self._sent_at, 0.0)
            self._unanswered += min(elapsed, len(pcm) / BYTES_PER_SECOND)
        self._sent_at = now

    def answer(self) -> None:
        """Note an answer of the service."""
        self._unanswered = 0.0


def _is_loud(pcm: bytes) -> bool:
    """Whether a packet is loud. Assumes a little-endian machine: the libraries run on no others."""
    # A part of the samples is enough.
    samples = array("h", pcm)[::_STRIDE]
    return max(samples) - min(samples) >= _LOUD
