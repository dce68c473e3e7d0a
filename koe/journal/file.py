"""A file of the journal while it is written."""

from __future__ import annotations

import os
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from operator import itemgetter
from pathlib import Path

from koe.errors import JournalError
from koe.events import SAMPLE_RATE_HZ
from koe.files.folders import sync_folder
from koe.journal.folder import create
from koe.journal.format import JournalRecord, JournalRecords, Kind
from koe.journal.reader import audio_between, open_recording

# One second: the most audio that is skipped to find a sample.
_INDEX_STEP = SAMPLE_RATE_HZ

# Windows has no pread, and keeps an open file from being removed.
_HAS_PREAD = hasattr(os, "pread")

# Not every system has fdatasync. It omits the modification time, which is not needed.
_sync = getattr(os, "fdatasync", os.fsync)


class RecordingFile:
    """A file that is written by one thread, and can be read and synced by others meanwhile.

    Attributes:
        path: Where it is.
        samples: The number of samples in it.

    Args:
        path: As for `koe.journal.folder.create`.

    Raises:
        OSError: As `koe.journal.folder.create`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.samples = 0
        # None: it is closed.
        self._descriptor: int | None = create(path)
        # The size of its records, in bytes.
        self._size = 0
        # The number of bytes that are on the disk.
        self._synced_size = 0
        # Whether its name is on the disk, too.
        self._name_is_synced = False
        # For about one sample per second: the sample, and the offset of the record that it begins.
        self._index = [(0, 0)]
        # Keeps the file open while it is synced.
        self._closing = threading.Lock()

    def append(self, record: JournalRecord) -> None:
        """Write a record at once, without a buffer; on the writing thread.

        Raises:
            OSError: It can't be written. The file then ends with the previous record.
        """
        assert self._descriptor is not None, "the file is open"
        if record.kind == Kind.AUDIO and self.samples - self._index[-1][0] >= _INDEX_STEP:
            self._index.append((self.samples, self._size))
        rest = packed = record.packed()
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(packed)
        if record.kind == Kind.AUDIO:
            self.samples += len(record.payload) // 2

    def read(self, start: int, count: int) -> bytes:
        """Return written audio, on any thread; fewer samples at the end.

        An open file can be read even after it was removed.

        Raises:
            JournalError: It can't be read.
        """
        position, offset = self._index[bisect_right(self._index, start, key=itemgetter(0)) - 1]
        try:
            with self._reading_from(offset) as read:
                return b"".join(audio_between(JournalRecords(read), position, start, count))
        except OSError as exc:
            raise JournalError(str(self.path), f"it cannot be read: {exc.strerror}") from exc

    @contextmanager
    def _reading_from(self, offset: int) -> Iterator[Callable[[int], bytes]]:
        """Give a function that returns the next bytes from an offset on."""
        with self._closing:
            if self._descriptor is not None and _HAS_PREAD:
                yield _PositionedReader(self._descriptor, offset)
                return
        with open_recording(self.path) as file:
            file.seek(offset)
            yield file.read

    def sync(self) -> None:
        """Sync all that is written to the disk, on any thread; a closed file is ignored.

        Raises:
            OSError: The disk failed.
        """
        with self._closing:
            size = self._size
            if self._descriptor is not None and size > self._synced_size:
                _sync(self._descriptor)
                self._synced_size = size
                if not self._name_is_synced:
                    self._name_is_synced = True
                    sync_folder(self.path.parent)
                    sync_folder(self.path.parent.parent)

    def close(self) -> None:
        """Close the file, which unlocks it; on the writing thread. Later calls do nothing."""
        with self._closing:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None


class _PositionedReader:
    """Reads an open file from an offset on, without moving the file's own position."""

    def __init__(self, descriptor: int, offset: int) -> None:
        self._descriptor = descriptor
        self._offset = offset

    def __call__(self, count: int) -> bytes:
        data = os.pread(self._descriptor, count, self._offset)
        self._offset += len(data)
        return data
