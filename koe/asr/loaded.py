"""A model in memory, shared by all sessions of the process, and freed some time after the last.

Loading a model takes seconds, so the model is kept for the next session. But it takes up to some
gigabytes of memory, so it is kept for a limited time only.
"""

from __future__ import annotations

import atexit
import ctypes
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Generic, TypeVar

from koe.patience import COMPUTING

M = TypeVar("M")


class Loaded(Generic[M]):
    """Holds one model; used on the threads of engines.

    A session that needs another model replaces the first, which is freed as soon as no session uses
    it.

    Args:
        close: Frees a model.
    """

    def __init__(self, close: Callable[[M], None]) -> None:
        self._close = close
        # Guards the attributes below.
        self._lock = threading.Lock()
        # The model, what it was made of, and how many sessions use it.
        self._entry: _Entry[M] | None = None
        # Frees the model some time after the last session.
        self._timer: threading.Timer | None = None
        # The process is ending, so nothing is freed any more.
        self._is_kept = False
        _keepers.append(self._keep)

    @contextmanager
    def used(self, made_of: object, load: Callable[[], M], minutes: int | None) -> Iterator[M]:
        """Yield the model for the block, loaded if necessary. Blocks; raises what ``load`` raises.

        Args:
            made_of: What the model depends on, such as files with their dates, and settings; equal
                for equal models.
            load: Makes the model.
            minutes: How long to keep the model after the last session; None: without limit.
        """
        with self._lock:
            self._stop_timer()
            entry = self._entry
            if entry is None or entry.made_of != made_of:
                self._forget()  # freed before the next one takes as much memory
                entry = self._entry = _Entry(made_of, load())
            entry.users += 1
        try:
            yield entry.model
        finally:
            with self._lock:
                entry.users -= 1
                if entry is not self._entry:
                    self._free(entry)
                elif not entry.users and minutes is not None:
                    self._start_timer(60.0 * minutes)

    def _start_timer(self, seconds: float) -> None:
        if self._is_kept:
            return
        if not seconds:
            self._forget()
            return
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.name = f"{COMPUTING}model-timer"
        self._timer.daemon = True
        self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        """Free the model, on the timer's thread, unless a session began to use it in between."""
        with self._lock:
            if self._timer is threading.current_thread():
                self._timer = None
                self._forget()

    def _forget(self) -> None:
        entry, self._entry = self._entry, None
        if entry is not None:
            self._free(entry)

    def _free(self, entry: _Entry[M]) -> None:
        if not entry.users:
            self._close(entry.model)
            _give_memory_back()

    def _keep(self) -> None:
        self._is_kept = True
        # If another thread holds the lock, it loads or frees a model, and no timer is running.
        if self._lock.acquire(blocking=False):
            try:
                self._stop_timer()
            finally:
                self._lock.release()


_keepers: list[Callable[[], None]] = []


@atexit.register
def keep_all() -> None:
    """Stop freeing models: the process is ending, and its libraries are being unloaded."""
    for keep in _keepers:
        keep()


def _give_memory_back() -> None:
    """Have glibc return freed memory to the system; by itself it keeps 50 MB of a small model."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


class _Entry(Generic[M]):
    """A model, what it was made of, and how many sessions use it."""

    def __init__(self, made_of: object, model: M) -> None:
        self.made_of = made_of
        self.model = model
        self.users = 0
