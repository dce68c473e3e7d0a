"""What a core keeps of its sessions, as the settings want it: their records, and their history."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from typing import TYPE_CHECKING

from koe.config.settings import Settings
from koe.daemon_threads import DaemonThreads
from koe.diagnostics import report
from koe.errors import HistoryError, KoeError
from koe.events import Event, Notice
from koe.journal.folder import journal_directory
from koe.journal.format import End, Header, Mark
from koe.journal.reader import Recorded, read_session
from koe.journal.recording import Ended
from koe.journal.writer import Journal, SessionJournal

if TYPE_CHECKING:
    from koe.journal.entries import Entry
    from koe.journal.history import History

REMEDY = "The recording is kept; to try it again, run: koe history retry last"
"""What a user can do who lacks a text."""

# Seconds after the start until what an earlier process left is looked at: reading its files must
# not slow the first dictation down.
RECOVERY_DELAY = 5.0

# How long the end of a core waits for the disk.
CLOSE_TIMEOUT = 0.5

log = logging.getLogger(__name__)


class Records:
    """The records of one core; made and closed on the loop's thread, else used on any.

    Args:
        settings: Where the files are, and what is kept.
        loop: Where the core runs.
    """

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        self._settings = settings
        # Writes the files.
        self._journal = Journal(journal_directory(settings.directory), report, self._keep)
        # Writes the history: not on the journal's thread, which has audio to write.
        self._threads = DaemonThreads()
        # What is to be written, in order. One thread at a time does it: threads that wait for each
        # other would only take memory.
        self._works: deque[Callable[[], object]] = deque()
        # The thread that does it; None: there was nothing to write.
        self._writing: Future[None] | None = None
        # Held while these two are changed.
        self._lock = threading.Lock()
        # Looks after what an earlier process left.
        self._recovery = loop.call_later(RECOVERY_DELAY, self._write, self._recover)

    def begin(self, header: Header) -> SessionJournal | None:
        """Begin the record of a session; None: nothing is kept.

        Args:
            header: Its version, moment and process are filled in.
        """
        kept = self._settings.current.config.history
        keeps_audio = kept.audio != "nothing"
        if not (keeps_audio or kept.text):
            return None
        return self._journal.begin(header, has_file=keeps_audio)

    def again(self, entry_id: str) -> AnotherTry:
        """Begin the record of another try at an entry."""
        return AnotherTry(lambda end: self._write(partial(self._history.retried, entry_id, end)))

    def recording(self, entry_id: str) -> tuple[Entry, Recorded]:
        """Return an entry, and what its file says. Blocks.

        Raises:
            HistoryError: There is no such entry, or it has no recording.
            JournalError: It can't be read.
        """
        history = self._history
        entry = history.entry(entry_id)
        return entry, read_session(history.recording_of(entry.id))

    def heard(self, entry_id: str) -> Entry:
        """Return an entry with a text. Blocks.

        Raises:
            HistoryError: There is no such entry, or nothing was heard.
        """
        entry = self._history.entry(entry_id)
        if not entry.heard:
            raise HistoryError(
                f"{entry.id} has no text that could be corrected; "
                f"to recognise it again, run: koe history retry {entry.id}"
            )
        return entry

    async def close(self) -> None:
        """Write what is left to write; waits for it, but not for long."""
        self._recovery.cancel()
        await asyncio.to_thread(self._journal.close, CLOSE_TIMEOUT)
        if (writing := self._writing) is not None:
            await asyncio.to_thread(wait, [writing], CLOSE_TIMEOUT)

    @property
    def _history(self) -> History:
        from koe.journal.history import History  # the first call of a shell does not need it

        return History(self._settings.directory, self._settings.current.config.history)

    def _keep(self, ended: Ended) -> None:
        """Put a session into the history, or remove its file."""
        self._write(partial(self._history.record, ended))

    def _recover(self) -> None:
        self._history.recover()
        self._history.prune()

    def _write(self, work: Callable[[], object]) -> None:
        """Have something written, after what was asked for before."""
        with self._lock:
            self._works.append(work)
            if self._writing is None:
                self._writing = self._threads.submit(self._write_all)

    def _write_all(self) -> None:
        """Write; a failure is reported, and costs nothing else."""
        while True:
            with self._lock:
                if not self._works:
                    self._writing = None
                    return
                work = self._works.popleft()
            try:
                work()
            except KoeError as exc:
                report(exc)
            except Exception:  # a bug of ours, which must not pass in silence
                log.exception("the history could not be written")


class AnotherTry:
    """The record of a session with a recording that is kept already: its end is all that counts.

    Args:
        keep: Called with the end.
    """

    def __init__(self, keep: Callable[[End], None]) -> None:
        self._keep = keep

    def audio(self, pcm: bytes) -> None:
        """The audio is kept already."""

    def event(self, event: Event | Notice) -> None:
        """How it went is not kept."""

    def mark(self, mark: Mark, *numbers: int) -> None:
        """Likewise."""

    def end(self, end: End) -> None:
        """Note what it gave."""
        self._keep(end)
