"""Recordings: a file or a pipe of any kind that libsndfile reads, as 16 kHz mono s16le.

The only module that knows file formats. It imports libsndfile when a recording is opened, so that
importing this module is cheap.
"""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, BinaryIO, cast

from koe.errors import AudioError
from koe.events import SAMPLE_RATE_HZ
from koe.files.pipe import Pipe
from koe.resampling import Resampler, is_possible
from koe.wav_header import DeclaredLength, read_declared_length, streamed_length, unfinished_at

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

    from koe.resampling import Samples

# The most values (frames times channels) in memory at once: 8 MB.
_CHUNK_VALUES = 1_000_000

# Seconds that may be missing at the end because the header was rounded.
_TOLERANCE = 0.05

# libsndfile mistakes many files that contain no audio for MPEG audio of layer I or II.
_DOUBTFUL = frozenset(("MPEG_LAYER_I", "MPEG_LAYER_II"))

# If a header gives this number of frames or more, the number counts as unknown.
_MOST_FRAMES = 2**48


# A web address. `Path` keeps only one of the two slashes after the colon.
_ADDRESS = re.compile(r"(https?|ftp):/", re.IGNORECASE)


def open_recording(path: Path, seconds_per_chunk: float = 1.0) -> AudioInput:
    """Open a recording of any format, sample rate, coding and number of channels.

    From a pipe, a WAV file is read while it arrives; for other kinds this call waits until they are
    complete. A recording that is shorter than its header says is read to its actual end.

    Args:
        path: A file or a named pipe.
        seconds_per_chunk: How much audio each chunk has at most.

    Raises:
        AudioError: There is no such file, it cannot be read, it is no recording, or it is empty.
    """
    try:
        mode = _mode_of(path)
        if stat.S_ISDIR(mode):
            raise AudioError(f"{path} is a directory; give a recording")
        if stat.S_ISREG(mode):
            return _open(_NamelessFile(_RecordingFile(path)), str(path), seconds_per_chunk)
        if stat.S_ISFIFO(mode):
            return open_pipe(os.open(path, os.O_RDONLY), str(path), seconds_per_chunk)
    except FileNotFoundError as exc:
        if _ADDRESS.match(str(path)):
            raise AudioError(
                f"{path} is a web address; download the recording, and give the file"
            ) from exc
        raise AudioError(f"{path} does not exist; give an existing recording") from exc
    except OSError as exc:
        raise _unreadable(str(path), exc) from exc
    raise AudioError(f"{path} is a device; save the recording to a file first")


def open_pipe(descriptor: int, name: str, seconds_per_chunk: float = 1.0) -> AudioInput:
    """Open a recording from a descriptor, which is closed with it; see `open_recording`.

    Args:
        descriptor: The descriptor of a pipe or of a file.
        name: The name to use in messages.
        seconds_per_chunk: How much audio each chunk has at most.

    Raises:
        AudioError: It cannot be read, is no recording, or is empty.
    """
    pipe = cast("BinaryIO", Pipe(descriptor, streamed_length))
    try:
        return _open(pipe, name, seconds_per_chunk)
    except OSError as exc:
        raise _unreadable(name, exc) from exc


def _open(file: BinaryIO, name: str, seconds_per_chunk: float) -> AudioInput:
    try:
        if not file.read(1):
            raise AudioError(f"{name} is empty: 0 bytes; give a recording that contains audio")
        return AudioInput(name, file, read_declared_length(file), seconds_per_chunk)
    except BaseException:
        file.close()
        raise


class AudioInput:
    """A recording. Iterate over it once for its chunks: 16 kHz mono s16le, whole samples.

    It is a context manager that closes the file. Iterating over a pipe waits for its audio.

    Attributes:
        name: The name to use in messages.
        duration: Length in seconds, more than 0; None: the header does not say.
    """

    def __init__(
        self, name: str, file: BinaryIO, declared: DeclaredLength | None, seconds_per_chunk: float
    ) -> None:
        soundfile = _import_soundfile()
        self.name = name
        # Owned by this object, which closes it.
        self._file = file
        # The length that the header of a WAV file gives; None for other files.
        self._declared = declared
        try:
            self._sound = soundfile.SoundFile(file)
        except soundfile.LibsndfileError as exc:
            raise _unusable(name, exc.error_string) from exc
        if self._sound.subtype in _DOUBTFUL:
            raise _unusable(name, "it looks like an unusual kind of MP3")
        # The exception that reading raises.
        self._decoding_error: type[Exception] = soundfile.LibsndfileError
        self._rate_hz: int = self._sound.samplerate
        if not is_possible(self._rate_hz):
            raise _unusable(name, f"it claims a sample rate of {self._rate_hz} Hz")
        if not self._sound.frames:
            raise AudioError(f"{name} is an empty recording: there is no sound in it")
        is_known = self._sound.frames < _MOST_FRAMES and (declared is None or declared.end)
        self.duration: float | None = self._sound.frames / self._rate_hz if is_known else None
        # How much to read at once; a frame is one sample of every channel.
        wanted = round(self._rate_hz * seconds_per_chunk)
        self._chunk_frames = max(1, min(wanted, _CHUNK_VALUES // self._sound.channels))
        # The number of frames that were read.
        self._frames = 0

    @property
    def flaw(self) -> str:
        """What is wrong with a recording that was read to its end; empty: nothing."""
        missing = self._missing_seconds
        if missing < _TOLERANCE:
            return ""
        return (
            f"{self.name} is cut off: according to its header, {missing:.1f} s are missing at its "
            "end; copy or record it again"
        )

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks.

        Raises:
            AudioError: The rest of the file cannot be read.
        """
        try:
            yield from self._converted() if self._needs_conversion else self._as_it_is()
        except OSError as exc:
            raise _unreadable(self.name, exc) from exc
        except self._decoding_error as exc:
            raise _unusable(self.name, str(exc)) from exc

    def __enter__(self) -> AudioInput:
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
    def _missing_seconds(self) -> float:
        """How many seconds are missing in the file, compared with its header."""
        if self._declared is not None:
            there = self._file.arrived if isinstance(self._file, Pipe) else _size_of(self._file)
            return max(0, (self._declared.end or 0) - there) / self._declared.bytes_per_second
        if self.duration is None:
            return 0.0
        return self.duration - self._frames / self._rate_hz

    @property
    def _needs_conversion(self) -> bool:
        shape = (self._rate_hz, self._sound.channels, self._sound.subtype)
        return shape != (SAMPLE_RATE_HZ, 1, "PCM_16")

    def _as_it_is(self) -> Iterator[bytes]:
        while (samples := self._sound.read(self._chunk_frames, dtype="int16")).size:
            self._frames += len(samples)
            yield samples.astype("<i2").tobytes()

    def _converted(self) -> Iterator[bytes]:
        resampler = Resampler(self._rate_hz)
        for frames in self._finite():
            if pcm := resampler.add(frames):
                yield pcm
        if rest := resampler.finish():
            yield rest

    def _finite(self) -> Iterator[Samples]:
        """Yield the frames, with 0 for values that are no numbers: resampling would spread them."""
        import numpy

        while (frames := self._sound.read(self._chunk_frames, always_2d=True)).size:
            self._frames += len(frames)
            frames[~numpy.isfinite(frames)] = 0.0
            yield frames


def _mode_of(path: Path) -> int:
    """Return the kind of a file, before it is opened, because Windows can't open directories."""
    try:
        return path.stat().st_mode
    except ValueError as exc:  # the name has a NUL character
        raise AudioError(f"{str(path)!r} cannot be the name of a file") from exc


class _RecordingFile(io.FileIO):
    """A file. The length in the header of an unfinished WAV file reads as unknown."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        # Where that length is; None: the header is finished.
        self._unfinished_at: int | None = None
        try:
            self.seek(0, os.SEEK_END)  # a file without an end can't be read as a recording
            self._unfinished_at = unfinished_at(cast("BinaryIO", self))
        except BaseException:
            self.close()
            raise

    def readinto(self, buffer: Buffer, /) -> int | None:
        """Read as usual, and replace the length."""
        begin, view = self.tell(), memoryview(buffer).cast("B")
        count = super().readinto(view)
        if self._unfinished_at is not None and count:
            for at in range(self._unfinished_at, self._unfinished_at + 4):
                if begin <= at < begin + count:
                    view[at - begin] = 0xFF
        return count


class _NamelessFile(io.BufferedReader):
    """A file without its name: soundfile takes files named ``.raw`` for files without a header."""

    name = ""


def _import_soundfile() -> ModuleType:
    try:
        import soundfile
    except (ImportError, OSError) as exc:  # OSError: the C library of the package is missing
        remedy = "run: pip install --force-reinstall soundfile"
        raise AudioError(
            f"recordings cannot be read, because libsndfile is missing ({exc}); {remedy}"
        ) from exc
    module: ModuleType = soundfile
    return module


def _size_of(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def _unreadable(name: str, exc: OSError) -> AudioError:
    return AudioError(f"{name} cannot be read: {exc.strerror or exc}")


def _unusable(name: str, reason: str) -> AudioError:
    path = Path(name)
    begins = (
        f"{name} is damaged, or a recording of a kind that koe does not read "
        f"({reason.rstrip('.')}); convert it: "
    )
    if not path.is_file():  # the recording came through a pipe, which can't be read a second time
        return AudioError(f"{begins}… | ffmpeg -i - -f wav - | koe dictate -")
    # A recording can't be converted into itself.
    target = "converted.wav" if path.suffix.lower() == ".wav" else f"{path.stem}.wav"
    return AudioError(f'{begins}ffmpeg -i "{name}" "{target}"')
