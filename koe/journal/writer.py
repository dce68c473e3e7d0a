"""Writes the journal: calls are cheap for the loop's thread, and other threads do the work.

Audio is in the file some milliseconds later, so a killed process loses no more than that; once a
second the file is synced to the disk. If writing fails, the user is warned once, and the session
continues without a record.
"""

from __future__ import annotations

import atexit
import errno
import os
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic, monotonic_ns

from koe import __version__
from koe.errors import JournalError
from koe.events import Event, Notice, ReportError
from koe.journal.folder import new_id, to_milliseconds
from koe.journal.format import FORMAT, End, Header, Mark, Marked
from koe.journal.recording import Ended, Recording
from koe.journal.threads import Writer

# Seconds that the end of a process waits for the disk.
EXIT_SECONDS = 2.0


class SessionJournal:
    """The record of one session. All methods but `read` take microseconds and never raise.

    Attributes:
        id: The ID of the journal's entry.
        remedy: How a user gets a missing text, as a sentence; empty: the audio is not kept.
        has_failed: Whether an error was reported to the host, so that there will be no text.

    Args:
        entry_id: The ID of the journal's entry.
        recording: Writes the file.
        writer: Runs the recording's methods on its thread.
        has_file: Whether there will be a file.
    """

    def __init__(
        self, entry_id: str, recording: Recording, writer: Writer, *, has_file: bool
    ) -> None:
        self.id = entry_id
        self.remedy = remedy_for("last") if has_file else ""
        self.has_failed = False
        self._recording = recording
        self._writer = writer
        self._put = writer.put

    def audio(self, pcm: bytes) -> None:
        """Record whole samples: 16 kHz mono s16le."""
        self._put(partial(self._recording.audio, monotonic_ns(), pcm))

    def event(self, event: Event | Notice) -> None:
        """Record an event that happened, or a notice that the host was given."""
        self.has_failed = self.has_failed or isinstance(event, ReportError)
        self._put(partial(self._recording.event, monotonic_ns(), event))

    def mark(self, mark: Mark, *numbers: int) -> None:
        """Record a moment that is no event."""
        self._put(partial(self._recording.mark, Marked(mark, numbers, monotonic_ns())))

    def end(self, end: End) -> None:
        """Record the end; nothing is recorded after it."""
        self._put(partial(self._recording.end, monotonic_ns(), end))
        self.stop()

    def stop(self) -> None:
        """Record nothing more."""
        self._put = _ignore
        self._writer.dismiss(self.id)

    @property
    def failure(self) -> str:
        """Why something of the session is not kept, as a sentence; empty: nothing failed yet."""
        exc = self._recording.failure
        return "" if exc is None else _not_kept(exc, self._recording.directory)

    @property
    def path(self) -> Path:
        """The file, which need not exist."""
        return self._recording.path

    @property
    def persisted(self) -> int:
        """The number of samples in the file, which can be read back."""
        file = self._recording.file
        return 0 if file is None else file.samples

    def read(self, start: int, count: int) -> bytes:
        """Read audio back, on any thread but the loop's, because it blocks.

        Args:
            start: The first sample.
            count: The number of samples; only the first `persisted` ones of the session exist.

        Raises:
            JournalError: There is no file, or it can't be read.
        """
        file = self._recording.file
        if file is None:
            raise JournalError(self.id, "there is no file")
        return file.read(start, count)


class Journal:
    """Records the sessions of this process in one folder.

    Args:
        directory: The journal's folder; created when the first session begins.
        warn: Called once, on any thread, with a sentence that says why there is no record.
        ended: Called for each session that is over, on the writing thread; it may block.
        now: Returns the time, in UTC.
    """

    def __init__(
        self,
        directory: Path,
        warn: Callable[[str], None],
        ended: Callable[[Ended], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._directory = directory
        self._warn = warn
        self._ended = ended
        self._now = now
        # Guards the attributes below.
        self._lock = threading.Lock()
        # The latest time at which a session began. The clock may be set back, and the newest entry
        # must stay the last one.
        self._latest = datetime.min.replace(tzinfo=UTC)
        # The threads; None while there are none.
        self._writer: Writer | None = None
        # Whether the user was warned; a second warning would say nothing new.
        self._has_warned = False

    def begin(self, header: Header, *, has_file: bool = True) -> SessionJournal:
        """Begin the record of a session, on any thread; it waits for nothing and never raises.

        Args:
            header: What is known of the session. Version, time and process are filled in here.
            has_file: False: nothing is written, and only the end is reported.
        """
        moment = self._now()
        header = replace(
            header,
            format=FORMAT,
            koe=__version__,
            began=to_milliseconds(moment),
            pid=os.getpid(),
        )
        with self._lock:
            self._latest = max(self._latest, moment)
            entry_id = new_id(self._latest)
            writer = self._writer = self._writer or Writer(self._fail)
            recording = Recording(
                entry_id, self._directory, header, writer, self._fail, self._ended
            )
            session = SessionJournal(entry_id, recording, writer, has_file=has_file)
            writer.attend(entry_id, session)
            is_running = writer.start()
        if is_running:
            _journals.add(self)
            if has_file:
                writer.put(partial(recording.open, monotonic_ns()))
        else:
            session.stop()
            recording.fail(OSError(errno.EAGAIN, "the system allows no more threads"))
        return session

    def flush(self, seconds: float) -> None:
        """Wait until what was recorded is in the files, but no longer than ``seconds``."""
        with self._lock:
            writer = self._writer
        if writer is not None:
            writer.flush(seconds)

    def close(self, seconds: float) -> None:
        """Write what was recorded, and end the threads; wait for that no longer than ``seconds``.

        Running sessions are not recorded any further, and their files have no end. The next session
        starts new threads.
        """
        with self._lock:
            writer, self._writer = self._writer, None
        if writer is not None:
            writer.stop(seconds)

    def _fail(self, exc: OSError) -> None:
        with self._lock:
            is_first, self._has_warned = not self._has_warned, True
        if is_first:
            self._warn(_not_kept(exc, self._directory))


def _not_kept(exc: OSError, directory: Path) -> str:
    where = exc.filename or directory
    return f"The recording can't be stored: {where}: {exc.strerror}; dictation continues without it"


def remedy_for(entry_id: str) -> str:
    """How a user gets the missing text of a recording, as a sentence."""
    return f"The recording is kept; to try it again, run: koe history retry {entry_id}"


def _ignore(job: Callable[[], None]) -> None:
    """Do nothing: the record has ended."""


# The journals that may have something to write.
_journals: weakref.WeakSet[Journal] = weakref.WeakSet()


def flush_all(seconds: float = EXIT_SECONDS) -> None:
    """Wait until all journals have written what was recorded, but no longer than ``seconds``."""
    deadline = monotonic() + seconds
    for journal in list(_journals):
        journal.flush(max(0.0, deadline - monotonic()))


# The interpreter of the C library is never finalised; there, koe_py_exit calls flush_all.
atexit.register(flush_all)
