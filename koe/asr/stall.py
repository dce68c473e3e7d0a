"""Notices that a service says nothing about the speech that it is given. Pure.

Silence of the user never counts: measured is the loud audio since the service last said something,
and of that only as much as there was time to hear, for audio that waited is sent at once.
"""

from __future__ import annotations

from array import array

from koe.events import BYTES_PER_SECOND

# A packet whose samples differ by so much has speech in it: half of the packets of a quiet voice
# have, and none of a quiet room. A service may hear no words in other noise; then it is asked, and
# given up, in vain.
_LOUD = 2000
_STRIDE = 5

# When a service is given up, in parts of the time after which it is asked for a sign of life.
_GIVEN_UP = 2.5


class StallWatch:
    """Measures how long a service has said nothing.

    Args:
        patience: Seconds of speech after which it is in doubt.
    """

    def __init__(self, patience: float) -> None:
        # Seconds.
        self._patience = patience
        # Seconds of loud audio about which nothing was said.
        self._unanswered = 0.0
        # When the last packet was sent; infinity: none was.
        self._sent_at = float("inf")

    @property
    def limit(self) -> float:
        """Seconds of speech after which the service is lost."""
        return _GIVEN_UP * self._patience

    @property
    def grace(self) -> float:
        """Seconds that a service in doubt has for a sign of life."""
        return self.limit - self._patience

    @property
    def is_in_doubt(self) -> bool:
        """Whether it is time to ask the service for a sign of life."""
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
            there_was = max(now - self._sent_at, 0.0)
            self._unanswered += min(there_was, len(pcm) / BYTES_PER_SECOND)
        self._sent_at = now

    def answer(self) -> None:
        """Note that the service said something."""
        self._unanswered = 0.0


def _is_loud(pcm: bytes) -> bool:
    """Whether a packet is loud, on little-endian machines: the libraries run on no others."""
    # A few of the samples show it, too.
    samples = array("h", pcm)[::_STRIDE]
    return max(samples) - min(samples) >= _LOUD
