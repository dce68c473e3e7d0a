"""Mixes the channels of a microphone into the one that recognisers take. Pure.

The mean of the channels is what is wanted, unless they cancel each other out: one of them may be
wired the wrong way round.
"""

from __future__ import annotations

import sys
from array import array
from operator import mul

# Channels whose mean has less than this part of their power cancel each other out. That of the
# same sound in all is 1, and that of independent noise 1 by their number, of which there are few.
_CANCELLED = 0.01

# Power below which a block says nothing (-60 dB of full scale), as a square of samples.
_SILENT = 32.0**2

# So many blocks that cancel out, and nearly none that do not, are no accident.
_BLOCKS = 25


class Mixer:
    """Mixes several channels into one, block by block.

    Args:
        channels: How many there are.
    """

    def __init__(self, channels: int) -> None:
        self._channels = channels
        # How many blocks were loud enough, and in how many of these the channels cancelled out.
        self._loud = self._cancelled = 0

    @property
    def is_out_of_phase(self) -> bool:
        """Whether the channels cancel each other out; the loudest is used in their place."""
        return self._cancelled >= _BLOCKS and self._cancelled >= 0.9 * self._loud

    def mix(self, block: bytes) -> bytes:
        """Return the one channel of a block, s16le in and out."""
        if self._channels == 1:
            return block
        samples = _samples(block)
        channels = [samples[first :: self._channels] for first in range(self._channels)]
        mean = array("h", (sum(frame) // self._channels for frame in zip(*channels, strict=True)))
        powers = [_power(channel) for channel in channels]
        loudest = max(powers)
        if loudest > _SILENT:
            self._loud += 1
            if _power(mean) < _CANCELLED * loudest:
                self._cancelled += 1
                mean = channels[powers.index(loudest)]
        return _bytes(mean)


def _power(samples: array[int]) -> float:
    return float(sum(map(mul, samples, samples))) / max(1, len(samples))


def _samples(block: bytes) -> array[int]:
    samples = array("h", block)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _bytes(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()
