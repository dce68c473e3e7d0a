"""The thread of the event loop, on which a core runs.

Shells call from any thread and must not wait, so the core has a thread of its own. That thread also
imports everything that the start does not need: asyncio, and the core itself.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar

from koe.config.settings import Settings
from koe.diagnostics import Level, report
from koe.errors import RuntimeStoppedError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine

    from koe.core import Core
    from koe.session_rules import SessionRules

T = TypeVar("T")

# What that thread imports: asyncio, and the modules of koe that the start does not need.
IMPORTED_LATER = (
    "asyncio", "koe.answers", "koe.answers.flaws", "koe.asr", "koe.config.prompts", "koe.core",
    "koe.daemon_threads", "koe.events", "koe.files.folders", "koe.files.lock",
    "koe.files.regular", "koe.finishing", "koe.hearing", "koe.http", "koe.http.errors",
    "koe.http.request", "koe.journal", "koe.journal.events", "koe.journal.file",
    "koe.journal.folder", "koe.journal.format", "koe.journal.reader", "koe.journal.recording",
    "koe.journal.replay", "koe.journal.threads", "koe.journal.values", "koe.journal.writer",
    "koe.json_text", "koe.leg", "koe.llm", "koe.llm.anthropic_messages", "koe.llm.asking",
    "koe.llm.correction", "koe.llm.exchange", "koe.llm.openai_chat", "koe.llm.openai_responses",
    "koe.llm.protocols", "koe.llm.refusals", "koe.llm.service", "koe.masking",
    "koe.prompts", "koe.records", "koe.runner", "koe.session", "koe.session_messages",
    "koe.session_rules", "koe.spool", "koe.stitching", "koe.tokens", "koe.transcript",
)  # fmt: skip


# The imports take some 50 ms; only an overloaded machine needs longer than this.
START_TIMEOUT = 10.0

# Seconds in which the loop must begin a task; if it does not, a callback is blocking it.
PATIENCE = 1.0


class Runtime:
    """Runs one core on a thread of its own, from ``start`` to ``stop``.

    Args:
        settings: For the core.
        rules: Makes the rules of the core's sessions; called on its thread.
    """

    def __init__(self, settings: Settings, rules: Callable[[], SessionRules]) -> None:
        self._settings = settings
        self._rules = rules
        # Set when _core and _stop are set, or when the thread has ended without them.
        self._started = threading.Event()
        # The core, while it lives.
        self._core: Core | None = None
        # Ends the loop; called on its thread.
        self._stop: Callable[[], None] | None = None
        # The loop; None until it runs.
        self._loop: asyncio.AbstractEventLoop | None = None
        # stop was called; it may come before the loop runs.
        self._stopping = False
        # A daemon, so that a callback that never returns does not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="koe-loop", daemon=True)

    def start(self) -> None:
        """Start the thread; returns at once.

        Raises:
            RuntimeStoppedError: A module is missing, or the system has no more threads.
        """
        # The modules are only searched for, not imported: that takes 2 ms instead of 50.
        missing = [name for name in IMPORTED_LATER if find_spec(name) is None]
        if missing:
            raise RuntimeStoppedError(f"missing: {', '.join(missing)}; install koe again")
        try:
            self._thread.start()
        except RuntimeError as exc:
            raise RuntimeStoppedError(str(exc)) from exc

    def core(self) -> Core:
        """Return the core; wait until it exists.

        Raises:
            RuntimeStoppedError: The thread has stopped, or could not start.
        """
        self._started.wait(START_TIMEOUT)
        core = self._core
        if core is None:
            raise RuntimeStoppedError("it has stopped or could not start")
        return core

    def run(self, make: Callable[[Core], Coroutine[object, object, T]], seconds: float) -> T:
        """Run a coroutine on the loop and wait for it.

        Args:
            make: Makes the coroutine, whose exceptions are raised here.
            seconds: How long to wait.

        Raises:
            RuntimeStoppedError: The loop has stopped, or stops meanwhile; a callback blocks it for
                too long; or this is the loop's own thread, which can't wait for itself.
        """
        import asyncio
        from concurrent.futures import CancelledError, wait

        core, loop = self.core(), self._loop
        if threading.current_thread() is self._thread or loop is None:
            raise RuntimeStoppedError("it can't wait for itself")
        begun = threading.Event()

        async def begin() -> T:
            begun.set()
            return await make(core)

        coroutine = begin()
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        except RuntimeError as exc:  # the loop was closed meanwhile
            coroutine.close()
            raise RuntimeStoppedError("it has stopped") from exc
        is_over, _ = wait([future], seconds) if begun.wait(PATIENCE) else ((), ())
        if not is_over and future.cancel():
            raise RuntimeStoppedError("a callback does not return")
        try:
            return future.result()
        except CancelledError as exc:
            raise RuntimeStoppedError("it has stopped") from exc

    def stop(self, seconds: float) -> None:
        """End all sessions without notices, and wait for the thread; no longer than ``seconds``.

        A thread that is inside a callback ends when the callback returns. If that takes longer, its
        sessions release their engines nevertheless.
        """
        deadline = time.monotonic() + seconds
        self._stopping = True
        self._started.wait(seconds)
        core = self._core
        if self._loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # the loop was closed meanwhile
                self._loop.call_soon_threadsafe(self._stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(max(0.0, deadline - time.monotonic()))
            if self._thread.is_alive() and core is not None:
                core.abandon()

    def _run(self) -> None:
        try:
            from koe import daemon_threads
            from koe.core import Core

            daemon_threads.run(self._serve(Core))
        except (ImportError, SyntaxError, OSError) as exc:  # damaged installation, too many files
            report(f"the core cannot run: {type(exc).__name__}: {exc}", Level.ERROR)
        finally:
            self._started.set()

    async def _serve(self, make_core: type[Core]) -> None:
        import asyncio

        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        core = make_core(self._settings, self._rules(), loop)
        self._core, self._stop, self._loop = core, stopped.set, loop
        self._started.set()
        if not self._stopping:
            await stopped.wait()
        self._core = None
        await core.close()
