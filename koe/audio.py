"""Recordings: any WAV file as the one kind of audio there is, 16 kHz mono s16le.

The only module that knows file formats and sample rates. What it needs for that is imported when
a recording is opened, so importing this module costs nothing.
"""

from __future__ import annotations

import io
import stat
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, BinaryIO

from koe.errors import AudioError
from koe.events import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy
    import numpy.typing

    Samples = numpy.typing.NDArray[numpy.float64]

FULL_SCALE = 32_767  # of 16-bit audio, when it is made from floats (spec asr §1.8)

# What a WAV file begins with: RIFF is the usual one, RIFX is big-endian, RF64 is over 4 GB.
_SIGNATURES = (b"RIFF", b"RIFX", b"RF64")

# RFC 9639 §8
_FLAC_SIGNATURE = b"fLaC"

# Outside of these a header is damaged; telephones use 8 kHz, and converters end at 768 kHz.
_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 1_000, 1_000_000

# The most values (frames times channels) that are in memory at once: 8 MB of them.
_CHUNK_VALUES = 1_000_000


def read_wav(path: Path, seconds_per_chunk: float = 1.0, *, allows_flac: bool = False) -> WavReader:
    """Open a WAV file of any sample rate, sample width, coding and number of channels.

    A file that ends before its header says it does is read as far as it goes.

    Args:
        path: The file.
        seconds_per_chunk: How much audio each chunk has at most.
        allows_flac: It may be a FLAC file as well.

    Raises:
        AudioError: There is no such file, it cannot be read, it is no WAV file, or it is empty.
    """
    try:
        file = _open_file(path)
        try:
            _check_signature(path, file, allows_flac)
            return WavReader(path, file, seconds_per_chunk)
        except BaseException:
            file.close()
            raise
    except FileNotFoundError as exc:
        raise AudioError(f"{path} does not exist") from exc
    except OSError as exc:
        raise _unreadable(path, exc) from exc


class WavReader:
    """A recording. Iterate it, once, for its chunks: 16 kHz mono s16le, whole samples.

    It is a context manager that closes the file.

    Attributes:
        duration: Seconds; more than 0.
    """

    def __init__(self, path: Path, file: BinaryIO, seconds_per_chunk: float) -> None:
        soundfile = _import_soundfile()
        # For messages.
        self._path = path
        # Owned: close closes it.
        self._file = file
        try:
            self._sound = soundfile.SoundFile(file)
        except soundfile.LibsndfileError as exc:
            raise _unusable(path, exc.error_string) from exc
        # What reading raises.
        self._decoding_error: type[Exception] = soundfile.LibsndfileError
        self._rate_hz: int = self._sound.samplerate
        if not _LOWEST_RATE_HZ <= self._rate_hz <= _HIGHEST_RATE_HZ:
            raise _unusable(path, f"it claims a sample rate of {self._rate_hz} Hz")
        if not self._sound.frames:
            raise AudioError(f"{path} is an empty recording: there is no sound in it")
        self.duration: float = self._sound.frames / self._rate_hz
        # How much to read at once; a frame is one sample of every channel.
        wanted = round(self._rate_hz * seconds_per_chunk)
        self._chunk_frames = max(1, min(wanted, _CHUNK_VALUES // self._sound.channels))

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks.

        Raises:
            AudioError: The file cannot be read on.
        """
        try:
            yield from self._resampled() if self._needs_conversion else self._as_it_is()
        except OSError as exc:
            raise _unreadable(self._path, exc) from exc
        except self._decoding_error as exc:
            raise _unusable(self._path, str(exc)) from exc

    def __enter__(self) -> WavReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._sound.close()
        self._file.close()

    @property
    def _needs_conversion(self) -> bool:
        shape = (self._rate_hz, self._sound.channels, self._sound.subtype)
        return shape != (SAMPLE_RATE_HZ, 1, "PCM_16")

    def _as_it_is(self) -> Iterator[bytes]:
        while (samples := self._sound.read(self._chunk_frames, dtype="int16")).size:
            yield samples.astype("<i2").tobytes()

    def _resampled(self) -> Iterator[bytes]:
        if self._rate_hz == SAMPLE_RATE_HZ:
            yield from map(_to_s16le, self._mono())
            return
        import soxr

        stream = soxr.ResampleStream(self._rate_hz, SAMPLE_RATE_HZ, 1, dtype="float64")
        for samples in self._mono():
            if pcm := _to_s16le(stream.resample_chunk(samples)):
                yield pcm
        # The filter is behind by half its length, which is the end of the recording.
        if rest := _to_s16le(stream.resample_chunk(_silence(), last=True)):
            yield rest

    def _mono(self) -> Iterator[Samples]:
        """Yield the mean of the channels, between -1 and 1."""
        import numpy

        while (frames := self._sound.read(self._chunk_frames, always_2d=True)).size:
            # One sample that is not a number would spread over all that the resampler does next.
            frames[~numpy.isfinite(frames)] = 0.0
            yield frames.clip(-1.0, 1.0).mean(axis=1)


def _to_s16le(samples: Samples) -> bytes:
    """Scale; clip first, because a resampler overshoots."""
    return (samples.clip(-1.0, 1.0) * FULL_SCALE).round().astype("<i2").tobytes()


def _silence() -> Samples:
    import numpy

    return numpy.empty(0)


class _NamelessFile(io.BufferedReader):
    """Hides the name, because soundfile believes in names: one in ``.raw`` has no header."""

    name = ""


def _open_file(path: Path) -> BinaryIO:
    try:
        # Before opening: a pipe would block, and Windows opens no directory.
        mode = path.stat().st_mode
    except ValueError as exc:  # a NUL
        raise AudioError(f"{str(path)!r} cannot be the name of a file") from exc
    if stat.S_ISDIR(mode):
        raise AudioError(f"{path} is a directory; name a WAV file")
    if not stat.S_ISREG(mode):
        raise AudioError(f"{path} is not a regular file; save the recording to one first")
    return _NamelessFile(path.open("rb", buffering=0))


def _check_signature(path: Path, file: BinaryIO, allows_flac: bool) -> None:
    """Raise AudioError unless this is a WAV file; libsndfile alone takes many things for sound."""
    start = file.read(12)
    file.seek(0)
    if not start:
        raise AudioError(f"{path} is empty: 0 bytes")
    if allows_flac and start.startswith(_FLAC_SIGNATURE):
        return
    if start[:4] not in _SIGNATURES or start[8:] != b"WAVE":
        raise AudioError(f"{path} is not a WAV file; convert it: {_conversion(path)}")


def _import_soundfile() -> ModuleType:
    try:
        import soundfile
    except (ImportError, OSError) as exc:  # OSError: the package came without its C library
        remedy = "run: pip install --force-reinstall soundfile"
        raise AudioError(
            f"WAV files cannot be read, libsndfile is missing ({exc}); {remedy}"
        ) from exc
    module: ModuleType = soundfile
    return module


def _conversion(path: Path) -> str:
    # No file is converted into itself.
    target = "converted.wav" if path.suffix.lower() == ".wav" else f"{path.stem}.wav"
    return f'ffmpeg -i "{path}" "{target}"'


def _unreadable(path: Path, exc: OSError) -> AudioError:
    return AudioError(f"{path} cannot be read: {exc.strerror or exc}")


def _unusable(path: Path, reason: str) -> AudioError:
    return AudioError(f"{path} is damaged, or a WAV file of an unknown kind: {reason.rstrip('.')}")
