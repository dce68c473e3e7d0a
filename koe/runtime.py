"""The loop thread: the only place that knows that there are threads.

A shell calls from any thread and waits for nothing, so the core lives on a thread of its own. It
is also where everything is imported that the start does not need: asyncio, and the core itself.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from koe.config.settings import Settings
from koe.errors import RuntimeStoppedError
from koe.session import SessionRules

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from koe.core import Core

# Of the loop's thread. Those of engines begin with "koe-" too.
THREAD_NAME = "koe-loop"

# The imports take some 50 ms; only a machine in great trouble needs longer than this.
START_TIMEOUT = 10.0


class Runtime:
    """Runs one core on a thread of its own, from ``start`` to ``stop``.

    Args:
        settings: For the core.
        rules: For the core.
    """

    def __init__(self, settings: Settings, rules: SessionRules) -> None:
        self._settings = settings
        self._rules = rules
        # Set when _core and _stop are, or when the thread has ended without them.
        self._started = threading.Event()
        # The core, while it lives.
        self._core: Core | None = None
        # Ends the loop; called on its thread.
        self._stop: Callable[[], None] | None = None
        # The loop, from its first moment.
        self._loop: asyncio.AbstractEventLoop | None = None
        # stop was called; it may come before the loop runs.
        self._stopping = False
        # A daemon, so that a callback that never returns does not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)

    def start(self) -> None:
        """Start the thread; returns at once."""
        self._thread.start()

    def core(self) -> Core:
        """Return the core, once it is there.

        Raises:
            RuntimeStoppedError: The thread has stopped, or could not start.
        """
        self._started.wait(START_TIMEOUT)
        core = self._core
        if core is None:
            raise RuntimeStoppedError("it has stopped or could not start")
        return core

    def stop(self, seconds: float) -> None:
        """End all sessions in silence, and wait for the thread, but no longer than so.

        A thread that is inside a callback ends when the callback returns.
        """
        deadline = time.monotonic() + seconds
        self._stopping = True
        self._started.wait(seconds)
        if self._loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # the loop was closed since
                self._loop.call_soon_threadsafe(self._stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        try:
            import asyncio

            from koe.core import Core

            asyncio.run(self._serve(Core))
        finally:
            self._started.set()

    async def _serve(self, make_core: type[Core]) -> None:
        import asyncio

        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        core = make_core(self._settings, self._rules, loop)
        self._core, self._stop, self._loop = core, stopped.set, loop
        self._started.set()
        if not self._stopping:
            await stopped.wait()
        self._core = None
        await core.close()
