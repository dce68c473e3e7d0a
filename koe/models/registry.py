"""Downloads in the background, for shells.

Every download has a thread of its own, and all its callbacks are called on that thread, one at a
time: the start, the progress, and last exactly one final status. No lock is held meanwhile, so a
callback may start, cancel and close downloads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path

from koe.diagnostics import Level, report
from koe.errors import ModelError
from koe.text import is_unicode

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio

    from koe.models.download import TimeLimits
    from koe.models.transfer import Progress, Retry

    OnProgress = Callable[[Progress], None]
    OnStatus = Callable[["DownloadStatus", str], None]


class StartResult(IntEnum):
    """The result of a request to download; the values are those of the C contract."""

    STARTED = 0
    ALREADY_RUNNING = -1  # a download of the same path is running
    REFUSED = -2  # no path, no callbacks, no thread, or close was called


class DownloadStatus(IntEnum):
    """The state of a download; the values are those of the C contract. STARTED is not final."""

    STARTED = 0
    COMPLETED = 1
    FAILED = 2
    CANCELLED = 3


class Downloads:
    """Downloads models in the background. All methods may be called on any thread.

    Args:
        root: The models directory.
        patience: How long to wait for servers.
    """

    def __init__(self, root: Path, patience: TimeLimits | None = None) -> None:
        self._root = root
        self._patience = patience
        # Guards the three attributes below.
        self._lock = threading.Lock()
        # The running downloads, by the path that the caller gave. A download that is reporting its
        # end is not among them.
        self._running: dict[str, _Download] = {}
        # The threads of all downloads, including those that are reporting their end.
        self._threads: list[threading.Thread] = []
        # close was called: nothing starts any more.
        self._closed = False

    def start(
        self, path: str | None, on_progress: OnProgress | None, on_status: OnStatus | None
    ) -> StartResult:
        """Begin a download, and return at once.

        Args:
            path: The model; None: not given, or not text.
            on_progress: Called for every piece that comes.
            on_status: Called when the download has started, perhaps before this returns, and when
                it has ended, with a sentence.

        Returns:
            Whether it was started; if not, neither callback is ever called.
        """
        if path is None or on_progress is None or on_status is None:
            return StartResult.REFUSED
        if "\0" in path or not is_unicode(path):
            return StartResult.REFUSED
        download = _Download(self._root, path, on_progress, on_status, self._patience, self._forget)
        with self._lock:
            if self._closed:
                return StartResult.REFUSED
            if path in self._running:
                return StartResult.ALREADY_RUNNING
            try:
                download.thread.start()
            except RuntimeError as exc:  # the system has no more threads
                report(f"download of {path} not started: {exc}", Level.ERROR)
                return StartResult.REFUSED
            self._running[path] = download
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            self._threads.append(download.thread)
        return StartResult.STARTED

    def cancel(self, path: str | None) -> bool:
        """Ask a download to end; its final status follows.

        Args:
            path: Exactly as it was given to `start`.

        Returns:
            Whether there is such a download.
        """
        with self._lock:
            download = self._running.get(path) if path is not None else None
        if download is None:
            return False
        download.cancel()
        return True

    def close(self, seconds: float) -> None:
        """Cancel all downloads and wait for their last callbacks, but no longer than ``seconds``.

        If a callback does not return in time, or calls this method, its download makes its last
        callback after this method has returned.
        """
        deadline = time.monotonic() + seconds
        with self._lock:
            self._closed = True
            downloads, threads = list(self._running.values()), self._threads
        for download in downloads:
            download.cancel()
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _forget(self, path: str) -> None:
        with self._lock:
            del self._running[path]


class _Download:
    """One download and its thread.

    Args:
        forget: Called before the final status, whose callback may start the same path again.
    """

    def __init__(
        self,
        root: Path,
        path: str,
        on_progress: OnProgress,
        on_status: OnStatus,
        patience: TimeLimits | None,
        forget: Callable[[str], None],
    ) -> None:
        self._root = root
        self._path = path
        self._on_progress = on_progress
        self._on_status = on_status
        self._patience = patience
        self._forget = forget
        # Guards the two attributes below.
        self._lock = threading.Lock()
        # cancel was called; it may come before there is a task.
        self._cancelled = False
        # Ends the work; called on any thread. None when there is nothing to end.
        self._end: Callable[[], object] | None = None
        # A daemon, so that a callback that never returns does not keep the process from ending.
        self.thread = threading.Thread(target=self._run, name="model-download", daemon=True)

    def cancel(self) -> None:
        with self._lock:
            # A second cancel would interrupt the closing of the connections.
            if self._end is not None and not self._cancelled:
                self._end()
            self._cancelled = True

    def _run(self) -> None:
        # The message after an unexpected exception, which Python prints.
        status, message = DownloadStatus.FAILED, "internal error: the download has crashed"
        try:
            self._on_status(DownloadStatus.STARTED, "started")
            status, message = self._perform()
        finally:
            self._forget(self._path)
            self._on_status(status, message)

    def _perform(self) -> tuple[DownloadStatus, str]:
        # The import takes a tenth of a second, and the caller of start must not wait for it.
        import asyncio

        from koe import daemon_threads
        from koe.models import pull

        async def work() -> None:
            task = asyncio.current_task()
            assert task is not None
            if not self._begin(asyncio.get_running_loop(), task):
                # Not by task.cancel(), which the HTTP library ignores before its first step.
                raise asyncio.CancelledError
            try:
                await pull.pull(self._root, self._path, self._tell, self._patience)
            finally:
                with self._lock:
                    self._end = None

        try:
            daemon_threads.run(work())
        except asyncio.CancelledError:
            return DownloadStatus.CANCELLED, "cancelled"
        except ModelError as exc:
            return DownloadStatus.FAILED, str(exc)
        return DownloadStatus.COMPLETED, "completed"

    def _begin(self, loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> bool:
        """Make `cancel` end the task; return False if `cancel` was called before."""
        with self._lock:
            if not self._cancelled:
                self._end = lambda: loop.call_soon_threadsafe(task.cancel)
            return not self._cancelled

    def _tell(self, notice: Progress | Retry) -> None:
        from koe.models.transfer import Progress

        if isinstance(notice, Progress):
            self._on_progress(notice)
        else:
            report(f"{notice.error}; trying again in {notice.pause:g} s")
