"""A thread on which a model computes as long as it is loaded.

glibc keeps the memory that a thread has freed for that thread: up to 64 MB each. With a thread for
each session, a process had 400 MB after 20 sessions, and it has 230 MB with this one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

from koe.daemon_threads import settle

Args = ParamSpec("Args")
Returned = TypeVar("Returned")


class ModelThread:
    """Runs calls one after another; a daemon thread, so that it does not keep the process alive."""

    def __init__(self) -> None:
        # None ends the thread.
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="model", daemon=True)
        self._thread.start()

    def run(
        self, function: Callable[Args, Returned], /, *args: Args.args, **kwargs: Args.kwargs
    ) -> Returned:
        """Call a function on the thread, and return its result or raise its exception."""
        return self.submit(function, *args, **kwargs).result()

    def submit(
        self, function: Callable[Args, Returned], /, *args: Args.args, **kwargs: Args.kwargs
    ) -> Future[Returned]:
        """Call a function on the thread, without waiting for it."""
        done = Future[Returned]()
        self._calls.put(lambda: settle(done, function, *args, **kwargs))
        return done

    def close(self) -> None:
        """Wait until the thread has performed all calls, and end it."""
        self._calls.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()
