"""Reads a recording of the journal for another recognition."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from koe.journal.reader import audio_of

_BYTES_PER_SAMPLE = 2


class RecordedAudio:
    """The audio of a file, read by position; fast for consecutive pieces.

    Any thread may read it. It can be the store of a `koe.spool.Spool`.

    Args:
        path: The file.
        samples: How many samples it has.
    """

    def __init__(self, path: Path, samples: int) -> None:
        self.persisted = samples
        self._path = path
        # Guards the attributes below: a leg that was lost may still read when the next one begins.
        self._lock = threading.Lock()
        # The records that were not read yet, the position of the next sample to return, and audio
        # that was read from the file but not returned yet.
        self._pieces: Iterator[bytes] = iter(())
        self._position = -1
        self._rest = b""

    def read(self, start: int, count: int) -> bytes:
        """Return samples from a position on; fewer than ``count`` only at the end.

        Raises:
            JournalError: The file can't be read.
        """
        with self._lock:
            return self._read(start, count)

    def _read(self, start: int, count: int) -> bytes:
        if start != self._position:
            self._pieces, self._position, self._rest = audio_of(self._path, start), start, b""
        parts, wanted = [self._rest], count * _BYTES_PER_SAMPLE - len(self._rest)
        while wanted > 0 and (piece := next(self._pieces, b"")):
            parts.append(piece)
            wanted -= len(piece)
        pcm = b"".join(parts)
        size = count * _BYTES_PER_SAMPLE
        self._rest = pcm[size:]
        self._position += len(pcm[:size]) // _BYTES_PER_SAMPLE
        return pcm[:size]
