"""Measures the audio of a microphone in frames of 20 ms: zeros, loudness and speech. Pure.

It only measures: engines get the audio unchanged.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Callable
from operator import mul

from koe.events import SAMPLE_RATE_HZ
from koe.loudness import FRAME, Loudness

_FRAME_BYTES = 2 * FRAME
_FRAME_SECONDS = FRAME / SAMPLE_RATE_HZ
_FULL_SCALE = 32768

# Seconds without sound that end the recording after the release of the key. They are longer than
# the gaps within a word.
TAIL_QUIET = 0.12
# Seconds after the release at which the recording ends in any case: the first while there is only
# noise, the second while there is speech.
_LONGEST_NOISE = 0.3
LONGEST_TAIL = 0.6


def _always(frame: bytes) -> bool:
    return True


class LevelMeter:
    """Measures one recording.

    A frame is loud when it is 6 dB above the quietest ones (`koe.loudness`), and speech when it is
    loud and the detector hears a voice in it: detectors alone report voices long after their end.

    Args:
        hears_voice: Returns whether a frame, 16 kHz mono s16le, has a voice; by default every loud
            frame is speech.

    Attributes:
        has_speech: Whether there was a frame with speech.
        peak: The largest sample of the newest frame, from 0 to 1.
        rms: The loudness of the newest frame, from 0 to 1.
    """

    def __init__(self, hears_voice: Callable[[bytes], bool] = _always) -> None:
        self.has_speech = False
        self.peak = 0.0
        self.rms = 0.0
        # The loudness of the loudest frame that take_loudest has not returned yet.
        self._loudest = 0.0
        self._hears_voice = hears_voice
        self._loudness = Loudness()
        # The bytes of an incomplete frame.
        self._rest = b""
        # Numbers of frames: all, those at the beginning that have only zeros, and those since the
        # last loud one and since the last one with speech.
        self._frames = self._zeros = self._quiet = self._unspoken = 0

    @property
    def seconds(self) -> float:
        """Seconds that were measured."""
        return self._frames * _FRAME_SECONDS

    @property
    def zeros(self) -> float:
        """Seconds from the beginning in which every sample was zero."""
        return self._zeros * _FRAME_SECONDS

    @property
    def quiet(self) -> float:
        """Seconds since the last loud frame."""
        return self._quiet * _FRAME_SECONDS

    @property
    def unspoken(self) -> float:
        """Seconds since the last frame with speech."""
        return self._unspoken * _FRAME_SECONDS

    def take_loudest(self) -> float:
        """The loudness of the loudest frame since the last call, from 0 to 1."""
        loudest, self._loudest = self._loudest, 0.0
        return loudest

    def add(self, pcm: bytes) -> None:
        """Measure audio: 16 kHz mono s16le, of any length."""
        pcm = self._rest + pcm
        whole = len(pcm) - len(pcm) % _FRAME_BYTES
        self._rest = pcm[whole:]
        for start in range(0, whole, _FRAME_BYTES):
            self._measure(pcm[start : start + _FRAME_BYTES])

    def _measure(self, frame: bytes) -> None:
        samples = array("h", frame)
        if sys.byteorder == "big":
            samples.byteswap()
        self.peak = max(max(samples), -min(samples)) / _FULL_SCALE
        power = sum(map(mul, samples, samples)) / (FRAME * _FULL_SCALE**2)
        self.rms = math.sqrt(power)
        self._loudest = max(self._loudest, self.rms)
        if self.peak == 0 and self._zeros == self._frames:
            self._zeros += 1
        self._frames += 1
        is_loud = self._loudness.is_loud(power)
        is_speech = is_loud and self._hears_voice(frame)
        self.has_speech = self.has_speech or is_speech
        self._quiet = 0 if is_loud else self._quiet + 1
        self._unspoken = 0 if is_speech else self._unspoken + 1


def tail_is_over(level: LevelMeter, waited: float) -> bool:
    """Whether a recording whose key was released can end.

    Args:
        level: Measures the recording.
        waited: Seconds that were recorded since the release.
    """
    longest = LONGEST_TAIL if level.unspoken < TAIL_QUIET else _LONGEST_NOISE
    return level.quiet >= TAIL_QUIET or waited >= longest
