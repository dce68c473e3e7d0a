"""Writes the file of one session; everything runs on the writing thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from koe.events import Event, Notice
from koe.journal.events import Encoder
from koe.journal.file import RecordingFile
from koe.journal.folder import path_of
from koe.journal.format import End, Header, JournalRecord, Kind, Marked
from koe.journal.threads import Writer

# The most bytes of audio in one record: two seconds. Longer audio, as from a file, is split.
PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that is over.

    Attributes:
        id: The ID of the journal's entry.
        path: The file, which is closed and not locked any more; None: there is none.
        header: What was known when the session began.
        end: The facts at the end. They are in the file, too, unless writing failed.
        samples: The number of samples in the file; without a file, the number that came.
    """

    id: str
    path: Path | None
    header: Header
    end: End
    samples: int


class Recording:
    """The file of one session. If it can't be created, only the end is reported.

    Any thread may read the attributes.

    Attributes:
        directory: The journal's folder.
        file: The file, open or closed; None: there is none, or none yet.
        failure: Why something is not in the file; None: nothing failed yet.

    Args:
        entry_id: The ID of the journal's entry.
        directory: The journal's folder.
        header: The first record of the file.
        writer: The owner of the writing thread.
        fail: Called with the error when something can't be written.
        ended: Called when the session is over.
    """

    def __init__(
        self,
        entry_id: str,
        directory: Path,
        header: Header,
        writer: Writer,
        fail: Callable[[OSError], None],
        ended: Callable[[Ended], None],
    ) -> None:
        self.directory = directory
        self.file: RecordingFile | None = None
        self.failure: OSError | None = None
        self._id = entry_id
        self._header = header
        self._writer = writer
        self._fail = fail
        self._ended = ended
        self._encoder = Encoder()
        # The number of samples that came.
        self._samples = 0
        # Writing failed: only the end may follow.
        self._is_incomplete = False

    @property
    def path(self) -> Path:
        """Where the file is, or would be."""
        return path_of(self.directory, self._id)

    def open(self, nanoseconds: int) -> None:
        """Create the file."""
        try:
            file = RecordingFile(self.path)
            try:
                file.append(JournalRecord(Kind.HEADER, nanoseconds, self._header.payload()))
            except OSError:
                file.close()
                file.path.unlink()
                raise
        except OSError as exc:
            self.fail(exc)
            return
        self.file = file
        self._writer.opened(file)
        self._writer.wrote()

    def fail(self, exc: OSError) -> None:
        """Note and report why something is not written."""
        self.failure = exc
        self._fail(exc)

    def audio(self, nanoseconds: int, pcm: bytes) -> None:
        """Write audio."""
        self._samples += len(pcm) // 2
        for start in range(0, len(pcm), PIECE_BYTES):
            self._append(Kind.AUDIO, nanoseconds, pcm[start : start + PIECE_BYTES])

    def event(self, nanoseconds: int, event: Event | Notice) -> None:
        """Write an event."""
        self._append(Kind.EVENT, nanoseconds, self._encoder.encode(event))

    def mark(self, marked: Marked) -> None:
        """Write a mark."""
        self._append(Kind.MARK, marked.nanoseconds, marked.payload())

    def end(self, nanoseconds: int, end: End) -> None:
        """Write the end, and report it; also after a failure, as the disk may have room again."""
        self._is_incomplete = False
        self._append(Kind.END, nanoseconds, end.payload())
        path = None
        if self.file is not None:
            self._writer.close(self.file)
            path, self._samples = self.file.path, self.file.samples
        self._ended(Ended(self._id, path, self._header, end, self._samples))

    def _append(self, kind: Kind, nanoseconds: int, payload: bytes) -> None:
        if self.file is None or self._is_incomplete:
            return
        try:
            self.file.append(JournalRecord(kind, nanoseconds, payload))
        except OSError as exc:
            self._is_incomplete = True
            self.fail(exc)
        else:
            self._writer.wrote()
