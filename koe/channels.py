"""Mixes the channels of a microphone into the one that recognisers take. Pure.

It is the mean of the channels, unless they cancel each other out because one of them is wired the
wrong way round.
"""

from __future__ import annotations

import sys
from array import array
from operator import mul

# Channels cancel each other out if their mean has less than this part of their power. With the same
# sound in all channels the part is 1, with independent noise 1 / the number of channels.
_CANCELLED = 0.01

# Blocks whose mean square is below this (-60 dB of full scale) are ignored.
_SILENT = 32.0**2

# Number of cancelling blocks, with nearly no others, that show that a channel is wired wrongly.
_BLOCKS = 25


class Mixer:
    """Mixes several channels into one, block by block.

    Args:
        channels: The number of channels.
    """

    def __init__(self, channels: int) -> None:
        self._channels = channels
        # The number of blocks that were loud enough, and of those in which the channels cancelled.
        self._loud = self._cancelled = 0

    @property
    def is_out_of_phase(self) -> bool:
        """Whether the channels cancel each other out; the loudest is used in their place."""
        return self._cancelled >= _BLOCKS and self._cancelled >= 0.9 * self._loud

    def mix(self, block: bytes) -> bytes:
        """Mix a block into one channel; s16le in and out."""
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
