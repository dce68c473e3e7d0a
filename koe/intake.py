"""Audio from Python programs: bytes of 16 kHz mono s16le, or numpy arrays of any rate.

Values that can't be audio are refused, because a session would hear noise or nothing in them. numpy
is imported with the first value that is not bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from koe.errors import AudioError
from koe.events import SAMPLE_RATE_HZ
from koe.resampling import FULL_SCALE, Resampler, checked_rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Audio = bytes | bytearray | memoryview | NDArray[Any]
    """Bytes of 16 kHz mono s16le; or samples as float32 or float64 between -1 and 1, or as int16,
    of the shape (samples,) or (samples, channels)."""

# The most channels of an audio interface. An array with more columns is transposed.
_MOST_CHANNELS = 128

# Some recordings exceed 1 a little; floats above this are 16-bit numbers that were not divided.
_LOUDEST_FLOAT = 100.0

# First bytes of files that programs may pass instead of samples: WAV, FLAC, Ogg, MP3 and AIFF.
_FILES = (b"RIFF", b"fLaC", b"OggS", b"ID3\x03", b"ID3\x04", b"FORM")

# The high bytes of 32-bit floats between 1e-10 and 1, and between -1e-10 and -1. Of 16-bit samples,
# even loud ones, far fewer than half have such a high byte, and not with both signs.
_POSITIVE, _NEGATIVE = bytes(range(0x2F, 0x40)), bytes(range(0xAF, 0xC0))

# The fewest bytes by which floats can be distinguished from 16-bit samples, and how many of the
# last bytes are examined again with the next ones: a multiple of the size of all floats.
_FEWEST_FLOATS = 256
_EXAMINED_AGAIN = 4096


class Intake:
    """Converts the audio of one session.

    Args:
        rate: Samples per second of the arrays; None: only bytes are allowed.

    Raises:
        AudioError: No audio has this rate.
    """

    def __init__(self, rate: int | None = None) -> None:
        # Samples per second of arrays; None: not known.
        self._rate = None if rate is None else checked_rate(rate)
        # Converts arrays; made with the first one.
        self._resampler: Resampler | None = None
        # Audio was added before.
        self._has_begun = False
        # The last bytes: those of one call can be too few to be recognised as floats.
        self._last = b""

    def add(self, audio: Audio) -> bytes:
        """Convert the next audio, which may be empty.

        Raises:
            AudioError: It is no audio; the sentence says why.
        """
        if isinstance(audio, bytes | bytearray | memoryview):
            pcm = self._checked(audio)
        else:
            array = checked_array(audio)
            if self._rate is None:
                raise AudioError(
                    "the sample rate of the array is missing; give it, as in rate=48000"
                )
            if self._resampler is None:
                self._resampler = Resampler(self._rate)
            pcm = self._resampler.add(_frames(array)) if len(array) else b""
        self._has_begun = True
        return pcm

    def finish(self) -> bytes:
        """Return the last audio, which the resampler held back."""
        resampler, self._resampler = self._resampler, None
        return b"" if resampler is None else resampler.finish()

    def _checked(self, audio: bytes | bytearray | memoryview) -> bytes:
        if isinstance(audio, memoryview) and audio.format not in ("B", "b", "c", "h"):
            raise AudioError(
                f"a memoryview of the format {audio.format!r} is no 16-bit audio; pass a "
                "numpy array, with its rate"
            )
        pcm = bytes(audio)
        if self._rate not in (None, SAMPLE_RATE_HZ):
            raise AudioError(
                f"bytes are always 16000 Hz, and the rate {self._rate} was given; pass numpy arrays"
            )
        if len(pcm) % 2:
            raise AudioError(
                f"{len(pcm)} bytes are no whole number of 16-bit samples; keep the last byte for "
                "the next call"
            )
        if not self._has_begun and pcm.startswith(_FILES):
            raise AudioError(
                "these bytes are a file with a header; pass its samples, or its path to "
                "koe.transcribe"
            )
        self._last += pcm
        for size in (4, 8):
            if _are_floats(self._last, size):
                raise AudioError(
                    f"these bytes are {8 * size}-bit floats, and 16-bit integers are expected; "
                    "pass the numpy array itself, with its rate"
                )
        surplus = max(0, len(self._last) - _EXAMINED_AGAIN)
        self._last = self._last[surplus - surplus % 8 :]
        return pcm


def checked_array(audio: object) -> NDArray[Any]:
    """Return audio as an array, which may be empty.

    Raises:
        AudioError: Audio can't have this type or this shape.
    """
    import numpy

    array = numpy.asarray(audio)
    if array.dtype.kind == "O" or isinstance(audio, str):
        raise AudioError(
            f"{type(audio).__name__} is no type of audio; pass a numpy array of float32, from "
            "-1 to 1, or of int16"
        )
    if array.dtype.kind != "f" and (array.dtype.kind, array.dtype.itemsize) != ("i", 2):
        raise AudioError(
            f"samples of the type {array.dtype} are not understood; convert them to float32, from "
            "-1 to 1, or to int16"
        )
    if array.ndim not in (1, 2):
        raise AudioError(
            f"an array of the shape {array.shape} is no audio; give it the shape (samples,) or "
            "(samples, channels)"
        )
    if array.ndim == 2 and array.shape[1] > _MOST_CHANNELS:
        raise AudioError(
            f"an array of the shape {array.shape} would have {array.shape[1]} channels; "
            "transpose it: array.T"
        )
    return array


def _frames(array: NDArray[Any]) -> NDArray[Any]:
    """Return floats with one row for each moment and one column for each channel.

    Raises:
        AudioError: It has values that no sample can have.
    """
    import numpy

    frames = array.astype(numpy.float64).reshape(len(array), -1)
    if array.dtype.kind == "i":
        return frames / FULL_SCALE
    if not numpy.isfinite(frames).all():
        raise AudioError(
            "the array has values that are no numbers (NaN or infinity); find out where they come "
            "from, or replace them: numpy.nan_to_num"
        )
    if (loudest := abs(frames).max(initial=0.0)) > _LOUDEST_FLOAT:
        raise AudioError(
            f"the array has floats up to {loudest:.0f}, and samples lie between -1 and 1; divide "
            "it by 32768, or convert it to int16"
        )
    return frames


def _are_floats(pcm: bytes, size: int) -> bool:
    """Whether bytes that should be 16-bit samples are floats of a size, by their highest bytes."""
    high = pcm[size - 1 :: size].replace(b"\0", b"")
    positive = len(high) - len(high.translate(None, _POSITIVE))
    negative = len(high) - len(high.translate(None, _NEGATIVE))
    return (
        len(high) >= _FEWEST_FLOATS
        and positive + negative > 0.99 * len(high)
        and min(positive, negative) > 0.01 * len(high)
    )
