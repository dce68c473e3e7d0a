"""The core: settings, and at most one session that records.

A core never learns who hosts it. A session is begun with two things from its host: where audio
comes from, and whom to notify.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial

from koe.asr import open_engine
from koe.config.settings import Settings
from koe.errors import RuntimeStoppedError
from koe.events import Mode, Notice
from koe.runner import AudioSource, Runner
from koe.session import Session, SessionRules


class Core:
    """Begins and ends sessions. All methods but ``close`` may be called on any thread.

    Args:
        settings: The configuration, loaded.
        rules: What the host expects of a session.
        loop: Where sessions run.
    """

    def __init__(
        self, settings: Settings, rules: SessionRules, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.settings = settings
        self._rules = rules
        self._loop = loop
        # Guards _current.
        self._lock = threading.Lock()
        # The session that end, cancel and accept mean; None before the first and after a cancel.
        self._current: Runner | None = None
        # The sessions that run: the current one, and any that it superseded and that finish still.
        self._running: dict[asyncio.Task[None], Runner] = {}
        # close was called: nothing starts any more.
        self._closed = False

    def begin(self, mode: Mode, audio: AudioSource, notify: Callable[[Notice], None]) -> Runner:
        """Begin a session with the settings as they are on disk now.

        A session that still records is ended or cancelled first, as the rules say. Everything
        that can go wrong is told by notices.

        Args:
            mode: Whether the key is held or toggled.
            audio: The session's audio, from its first sample.
            notify: Called on the loop's thread, in order.

        Raises:
            RuntimeStoppedError: The loop has ended; no session was begun.
        """
        self.settings.refresh()
        current = self.settings.current
        session = Session(
            engine=current.config.asr.provider,
            mode=mode,
            final_wait=current.config.asr.final_wait_timeout,
            rules=self._rules,
        )
        asr = current.config.asr.with_models_in(self.settings.models)
        engine = partial(open_engine, asr, current.terms)
        runner = Runner(session, engine, audio, notify)
        with self._lock:
            self._call_soon(self._start, runner, self._current)
            self._current = runner
        return runner

    def end(self) -> None:
        """End the input of the current session; its text follows. No session: nothing.

        Raises:
            RuntimeStoppedError: The loop has ended, and the session with it.
        """
        with self._lock:
            if self._current is not None:
                self._call_soon(self._current.end_input)

    def cancel(self) -> None:
        """End the current session without text. No session: nothing.

        Raises:
            RuntimeStoppedError: The loop has ended, and the session with it.
        """
        with self._lock:
            if self._current is not None:
                self._call_soon(self._current.cancel)
                self._current = None

    def accept(self) -> bool:
        """Ask the current session to deliver what was heard, uncorrected.

        Returns:
            Whether there is a session whose text is still to come: False from the moment on in
            which it is handed over.
        """
        with self._lock:
            return self._current is not None and not self._current.finished

    async def close(self) -> None:
        """End all sessions in silence; on the loop's thread."""
        self._closed = True
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def abandon(self) -> None:
        """Have all engines let go of what another core's sessions may wait for.

        For a core whose loop hangs in a callback, so that close can't run. The sessions themselves
        end when the callback returns, if ever.
        """
        for runner in list(self._running.values()):
            runner.abandon()

    def _call_soon(self, callback: Callable[..., object], *arguments: object) -> None:
        """Call on the loop's thread, from any; a core that is just going has no loop any more."""
        try:
            self._loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError as exc:
            raise RuntimeStoppedError("it has stopped") from exc

    def _start(self, runner: Runner, previous: Runner | None) -> None:
        if self._closed:
            runner.give_up()
            return
        if previous is not None:
            # Before the new session reads: what is waiting now belongs to the old one.
            if self._rules.finish_superseded:
                previous.end_input()
            else:
                previous.cancel()
        task = runner.start()
        self._running[task] = runner
        task.add_done_callback(self._running.pop)
