"""The journal's two threads: one that writes, and one that syncs, for which no write waits."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from koe.journal.file import RecordingFile

# How much a power failure may cost.
SYNC_INTERVAL = 1.0

log = logging.getLogger(__name__)


class Writer:
    """Does jobs, in order, on a thread of its own, and syncs the files that they write to.

    The threads are daemons, because a disk that hangs must not keep a process from ending. Their
    names do not begin with "koe-": those of engines do, and the end of a process waits for them.

    Args:
        fail: Told on either thread that a file can't be synced.

    Attributes:
        put: Has a job done, from any thread; takes a microsecond.
    """

    def __init__(self, fail: Callable[[OSError], None]) -> None:
        self._fail = fail
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self.put: Callable[[Callable[[], None]], None] = self._jobs.put
        # The files that are open; replaced as a whole by the writing thread.
        self._files: frozenset[RecordingFile] = frozenset()
        # Something was written that is not synced.
        self._news = threading.Event()
        # No job will come any more.
        self._stopped = threading.Event()
        self._writing = threading.Thread(target=self._write_on, name="journal-writer", daemon=True)
        # Started by the writing thread, when there is something to sync.
        self._syncing = threading.Thread(target=self._sync_on, name="journal-sync", daemon=True)

    def start(self) -> bool:
        """Start writing, unless that was done; False: there can be no more threads."""
        try:
            if self._writing.ident is None:
                self._writing.start()
        except RuntimeError:
            return False
        return True

    def opened(self, file: RecordingFile) -> None:
        """Take care of a file from now on; on the writing thread."""
        self._files |= {file}
        if self._syncing.ident is None:
            try:
                self._syncing.start()
            except RuntimeError:  # no more threads: it is synced when it is closed
                log.exception("the journal is not synced while it is written")

    def wrote(self) -> None:
        """Have the files synced soon; on the writing thread."""
        if not self._news.is_set():
            self._news.set()

    def close(self, file: RecordingFile) -> None:
        """Sync and close a file; on the writing thread."""
        self._files -= {file}
        try:
            file.sync()
        except OSError as exc:
            self._fail(exc)
        file.close()

    def flush(self, seconds: float) -> None:
        """Wait until all jobs so far are done, but no longer than so."""
        # In a process that was forked off, the thread is not there.
        if self._writing.is_alive() and threading.current_thread() is not self._writing:
            done = threading.Event()
            self.put(done.set)
            done.wait(seconds)

    def stop(self, seconds: float) -> None:
        """Do the jobs so far, close all files, and end; wait for it, but no longer than so."""
        deadline = time.monotonic() + seconds
        self._jobs.put(None)
        for thread in (self._writing, self._syncing):
            if thread.ident is not None and thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _write_on(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:  # a bug of ours, which must not cost the records that follow
                log.exception("the journal lacks a record")
        for file in self._files:
            self.close(file)
        self._stopped.set()
        self._news.set()

    def _sync_on(self) -> None:
        while self._news.wait() and not self._stopped.wait(SYNC_INTERVAL):
            self._news.clear()
            for file in self._files:
                try:
                    file.sync()
                except OSError as exc:
                    self._fail(exc)
