"""The journal's two threads: one writes, the other syncs, and no write waits for a sync."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Protocol

from koe.journal.file import RecordingFile

# Seconds between two checks for jobs by the writing thread, while there are clients. To wake that
# thread for each job would take the loop's thread 40 µs where processors sleep deeply, as in
# virtual machines; to add a job to a queue takes less than 1 µs. A process that is killed loses at
# most 30 ms of audio: this interval, and a piece of 20 ms that was not handed over yet.
POLL_INTERVAL = 0.010

# Seconds between syncs: the most audio that a power failure costs.
SYNC_INTERVAL = 1.0

log = logging.getLogger(__name__)


class JobOwner(Protocol):
    """A client that queues jobs."""

    def stop(self) -> None:
        """Queue no more jobs. Any thread may call this."""


class Writer:
    """Performs jobs, in order, on its own thread, and syncs the files that they write to.

    The threads are daemon threads, because a disk that hangs must not keep a process from ending.
    At the end of a process, `koe.journal.writer.flush_all` waits a limited time for the jobs.

    Args:
        fail: Called on either thread when a file can't be synced.

    Attributes:
        put: Queues a job, which is done soon while there is a client. Any thread may call this; it
            takes less than 1 µs.
    """

    def __init__(self, fail: Callable[[OSError], None]) -> None:
        self._fail = fail
        # The jobs; None: end the thread.
        self._jobs: deque[Callable[[], None] | None] = deque()
        self.put: Callable[[Callable[[], None]], None] = self._jobs.append
        # Weak references to the clients that may put jobs, by name.
        self._clients: dict[str, weakref.ref[JobOwner]] = {}
        # Makes the writing thread look for jobs at once.
        self._wake = threading.Event()
        # The files that are open; replaced as a whole by the writing thread.
        self._files: frozenset[RecordingFile] = frozenset()
        # Set when something was written that is not synced.
        self._news = threading.Event()
        # Set when no more jobs will be done.
        self._stopped = threading.Event()
        self._writing = threading.Thread(target=self._write_on, name="journal-writer", daemon=True)
        # Started by the writing thread, when there is something to sync.
        self._syncing = threading.Thread(target=self._sync_on, name="journal-sync", daemon=True)

    def start(self) -> bool:
        """Start the writing thread, unless it runs; False: the system has no more threads."""
        try:
            if self._writing.ident is None:
                self._writing.start()
        except RuntimeError:
            return False
        return True

    def attend(self, name: str, client: JobOwner) -> None:
        """Add a client, and perform its jobs from now on."""
        self._clients[name] = weakref.ref(client)
        self._wake.set()

    def dismiss(self, name: str) -> None:
        """Remove a client; jobs that it has queued are still performed."""
        self._clients.pop(name, None)

    def opened(self, file: RecordingFile) -> None:
        """Sync a file from now on; on the writing thread."""
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
        """Wait until all jobs so far are done, but no longer than ``seconds``."""
        # In a process that was forked, the thread does not exist.
        if self._writing.is_alive() and threading.current_thread() is not self._writing:
            done = threading.Event()
            self.put(done.set)
            self._wake.set()
            done.wait(seconds)

    def stop(self, seconds: float) -> None:
        """Do the jobs so far, close all files, and end; wait no longer than ``seconds``."""
        deadline = time.monotonic() + seconds
        for client in self._present():
            client.stop()
        self._jobs.append(None)
        self._wake.set()
        for thread in (self._writing, self._syncing):
            if thread.ident is not None and thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _write_on(self) -> None:
        is_over = False
        while not is_over:
            # The event is cleared before the clients are counted, because a new client sets it. The
            # clients are counted before the jobs are done: a client queues its last job and then
            # leaves, so if none is left now, that job is in the queue already.
            self._wake.clear()
            pause = POLL_INTERVAL if self._present() else None
            is_over = self._do_jobs()
            if not is_over:
                self._wake.wait(pause)
        for file in self._files:
            self.close(file)
        self._stopped.set()
        self._news.set()

    def _do_jobs(self) -> bool:
        """Do all jobs; return whether the last one was to end the thread."""
        while self._jobs:
            job = self._jobs.popleft()
            if job is None:
                return True
            try:
                job()
            except Exception:  # a bug in koe must not cost the records that follow
                log.exception("the journal lacks a record")
        return False

    def _present(self) -> list[JobOwner]:
        """Return the clients, and drop those that were garbage-collected."""
        present = []
        for name, reference in list(self._clients.items()):
            client = reference()
            if client is None:
                self.dismiss(name)
            else:
                present.append(client)
        return present

    def _sync_on(self) -> None:
        while self._news.wait() and not self._stopped.wait(SYNC_INTERVAL):
            self._news.clear()
            for file in self._files:
                try:
                    file.sync()
                except OSError as exc:
                    self._fail(exc)
