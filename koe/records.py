"""The records and the history of a core's sessions, as far as the settings keep them."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from typing import TYPE_CHECKING, Protocol

from koe.config.settings import Settings
from koe.daemon_threads import DaemonThreads
from koe.diagnostics import report
from koe.errors import HistoryError, KoeError
from koe.events import Event, Notice
from koe.journal.folder import journal_directory
from koe.journal.format import End, Header, Mark
from koe.journal.reader import Recorded, read_session
from koe.journal.recording import Ended
from koe.journal.writer import Journal, SessionJournal, remedy_for

if TYPE_CHECKING:
    from koe.journal.entries import Entry
    from koe.journal.history import History

# Seconds from the start until the files of earlier processes are checked, which must not delay the
# first dictation.
RECOVERY_DELAY = 5.0

# The most seconds that each step of closing waits for the disk.
CLOSE_TIMEOUT = 0.5

log = logging.getLogger(__name__)


class Record(Protocol):
    """Where a session is recorded. No method waits or raises."""

    @property
    def remedy(self) -> str:
        """How a user gets a missing text, as a sentence; empty: the audio is not kept."""

    @property
    def failure(self) -> str:
        """Why something of it is not kept, as a sentence; empty: nothing failed yet."""

    def audio(self, pcm: bytes) -> None:
        """Add whole samples."""

    def event(self, event: Event | Notice) -> None:
        """Add what happened, or a notice that the host was given."""

    def mark(self, mark: Mark, *numbers: int) -> None:
        """Add a mark."""

    def end(self, end: End) -> None:
        """Close the record."""


class Records:
    """The records of one core. Made and closed on the loop's thread, otherwise used on any thread.

    Args:
        settings: Where the files are, and what is kept.
        loop: Where the core runs.
    """

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        self._settings = settings
        # Writes the files.
        self._journal = Journal(journal_directory(settings.directory), report, self._keep)
        # Writes the history, not on the journal's thread, because that writes audio.
        self._threads = DaemonThreads()
        # Pending writes, in order. One thread performs them, since several would only wait for each
        # other.
        self._pending: deque[Callable[[], object]] = deque()
        # The work of the thread that writes; None: nothing is being written.
        self._writing: Future[None] | None = None
        # The newest session.
        self._newest: SessionJournal | None = None
        # The sessions that are not in the history yet: ID → ends of later tries at the recording.
        self._unlisted: dict[str, list[End]] = {}
        # Guards the four attributes above.
        self._lock = threading.Lock()
        # Checks the files of earlier processes.
        self._recovery = loop.call_later(RECOVERY_DELAY, self._write, self._recover)

    def begin(self, header: Header) -> SessionJournal | None:
        """Begin the record of a session; return None if the settings keep nothing.

        Args:
            header: What is known of the session. Version, time and process are filled in here.
        """
        kept = self._settings.current.config.history
        keeps_audio = kept.audio != "nothing"
        if not (keeps_audio or kept.text):
            return None
        record = self._journal.begin(header, has_file=keeps_audio)
        if not record.failure:
            with self._lock:
                self._newest = record
                self._unlisted[record.id] = []
        return record

    def again(self, entry_id: str) -> AnotherTry:
        """Begin the record of another try at an entry."""

        def keep(end: End) -> None:
            with self._lock:
                if (waiting := self._unlisted.get(entry_id)) is not None:
                    waiting.append(end)
                    return
            self._history.retried(entry_id, end)

        return AnotherTry(remedy_for(entry_id), lambda end: self._write(partial(keep, end)))

    def recording(self, entry_id: str) -> tuple[str, Recorded]:
        """Return the ID of an entry, and the content of its recording's file. Blocks.

        Raises:
            HistoryError: There is no such entry, or it has no recording, or its session is not
                over.
            JournalError: The recording can't be read.
        """
        from koe.journal.history import LAST

        history = self._history
        unlisted = self._unlisted_newest()
        if unlisted is not None and entry_id in (LAST, unlisted.id):
            return _require_failed(unlisted).id, read_session(unlisted.path)
        entry = history.entry(entry_id)
        return entry.id, read_session(history.recording_of(entry.id))

    def newest_recording(self) -> str:
        """Return the ID of the newest entry with a recording. Blocks.

        Raises:
            HistoryError: There is none, or a session is not over, or the history can't be read.
        """
        if (unlisted := self._unlisted_newest()) is not None:
            return _require_failed(unlisted).id
        newest = next((it for it in self._history.list() if it.has_audio), None)
        if newest is None:
            raise HistoryError("the history has no recording that could be recognised again")
        return newest.id

    def heard(self, entry_id: str) -> Entry:
        """Return an entry with a text. Blocks.

        Raises:
            HistoryError: There is no such entry, or nothing was heard.
        """
        self._unlisted_newest()
        entry = self._history.entry(entry_id)
        if not entry.heard:
            raise HistoryError(
                f"{entry.id} has no text that could be corrected; "
                f"to recognise it again, run: koe history retry {entry.id}"
            )
        return entry

    async def close(self) -> None:
        """Write what is not written yet; wait for each thread, but at most `CLOSE_TIMEOUT`."""
        self._recovery.cancel()
        await _on_thread(lambda: self._journal.close(CLOSE_TIMEOUT))
        if (writing := self._writing) is not None:
            await _on_thread(lambda: wait([writing], CLOSE_TIMEOUT))

    @property
    def _history(self) -> History:
        from koe.journal.history import History  # the first call of a shell does not need it

        return History(self._settings.directory, self._settings.current.config.history)

    def _unlisted_newest(self) -> SessionJournal | None:
        """Return the newest session if it is not in the history, even after a short wait."""
        self._journal.flush(CLOSE_TIMEOUT)
        if (writing := self._writing) is not None:
            wait([writing], CLOSE_TIMEOUT)
        newest = self._newest
        return newest if newest is not None and newest.id in self._unlisted else None

    def _keep(self, ended: Ended) -> None:
        """Put a session into the history, or remove its file."""

        def keep() -> None:
            try:
                self._history.record(ended)
            finally:
                with self._lock:
                    waiting = self._unlisted.pop(ended.id, [])
            for end in waiting:
                self._history.retried(ended.id, end)

        self._write(keep)

    def _recover(self) -> None:
        self._history.recover()
        self._history.prune()

    def _write(self, work: Callable[[], object]) -> None:
        """Queue a write."""
        with self._lock:
            self._pending.append(work)
            if self._writing is None:
                self._writing = self._threads.submit(self._write_all)

    def _write_all(self) -> None:
        """Perform the queued writes; report failures, and go on."""
        while True:
            with self._lock:
                if not self._pending:
                    self._writing = None
                    return
                work = self._pending.popleft()
            try:
                work()
            except KoeError as exc:
                report(exc)
            except Exception:  # a bug in koe must be reported
                log.exception("the history could not be written")


def _require_failed(session: SessionJournal) -> SessionJournal:
    """Return the session if it has failed; it may still be recording.

    Raises:
        HistoryError: The session has not failed, so it may still give a text.
    """
    if not session.has_failed:
        raise HistoryError("the newest dictation is not over; try again after its end")
    return session


async def _on_thread(work: Callable[[], object]) -> None:
    """Do short work on another thread, or on this one if the system has no more threads."""
    try:
        await asyncio.to_thread(work)
    except RuntimeError:
        work()


class AnotherTry:
    """The record of a session whose recording is stored already: only its end is recorded.

    Args:
        remedy: How a user gets the text if this try fails too, as a sentence.
        keep: Called with the end.
    """

    failure = ""

    def __init__(self, remedy: str, keep: Callable[[End], None]) -> None:
        self.remedy = remedy
        self._keep = keep

    def audio(self, pcm: bytes) -> None:
        """Ignore the audio, which is stored already."""

    def event(self, event: Event | Notice) -> None:
        """Ignore the event."""

    def mark(self, mark: Mark, *numbers: int) -> None:
        """Ignore the mark."""

    def end(self, end: End) -> None:
        """Report the end of the session."""
        self._keep(end)
