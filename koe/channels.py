"""Mixes the channels of a microphone or a recording into the one that recognisers take. Pure.

It is the mean of the channels, unless they cancel each other out because one of them is wired the
wrong way round.
"""

from __future__ import annotations

import sys
from array import array
from operator import mul
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy
    import numpy.typing

    Samples = numpy.typing.NDArray[numpy.float64]

# Channels cancel each other out if the power of their mean is less than this fraction of the power
# of the loudest channel. The fraction is 1 if all n channels have the same sound, and 1 / n if they
# have independent noise of the same power.
_CANCELLED = 0.01

# Blocks whose mean square is below this (-60 dB of full scale) are ignored.
_SILENT = 32.0**2

# Number of cancelling blocks, with nearly no others, that show that a channel is wired wrongly.
_BLOCKS = 25


class FrameMixer:
    """Mixes the channels of a recording into one, in pieces of any length.

    Args:
        rate_hz: Samples per second.
    """

    def __init__(self, rate_hz: int) -> None:
        # Frames that are looked at together: a tenth of a second.
        self._piece = max(1, rate_hz // 10)
        # The recent energy of each channel and of their mean; None before the first frames.
        self._channels: Samples | None = None
        self._mean = 0.0

    def mix(self, frames: Samples) -> Samples:
        """Return the one channel.

        Args:
            frames: One row for each moment, one column for each channel, from -1 to 1.
        """
        mono: Samples = frames.mean(axis=1)
        if frames.shape[1] > 1:
            for start in range(0, len(frames), self._piece):
                part = slice(start, start + self._piece)
                self._note(frames[part], mono[part])
                assert self._channels is not None
                if self._mean < _CANCELLED * self._channels.max():
                    mono[part] = frames[part, self._channels.argmax()]
        return mono

    def _note(self, frames: Samples, mono: Samples) -> None:
        energies: Samples = (frames * frames).sum(axis=0)
        if self._channels is None or self._channels.shape != energies.shape:
            self._channels, self._mean = energies * 0.0, 0.0
        # A short piece is no evidence by itself, so the pieces before it count more.
        kept = 0.5 ** (len(frames) / self._piece)
        self._channels = self._channels * kept + energies
        self._mean = self._mean * kept + float((mono * mono).sum())


class Mixer:
    """Mixes several channels of a microphone into one, block by block.

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
