"""Engines that compute on this machine: a blocking recogniser behind the asynchronous contract.

A recogniser lives on one thread of its own, so that neither the loop nor the audio thread ever
waits for it. Audio that arrives while it computes is collected and fed as one piece, up to a
limit: an engine that falls behind catches up instead of doing stale work piece by piece.

A recogniser that computes is waited for, however busy the computer is: the engine keeps reporting
that it works, during calls and between them. Only a call that takes far too long for its speech is
given up, because then the recogniser hangs.

The thread opens the recogniser, performs the jobs, and releases it, in one ``with`` block. It is a
daemon thread, so that a recogniser that hangs does not keep the process from ending.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from queue import SimpleQueue
from typing import TypeVar

from koe.asr import WORKING_INTERVAL, Engine, before_the_end
from koe.errors import AsrConnectionError, AsrTimeoutError
from koe.events import BYTES_PER_SECOND, EngineClosed, EngineWorking, Event
from koe.patience import COMPUTING, ENGINE_SECONDS, Patience

# The most audio that one call of the recogniser gets. With less there are more passes over the same
# speech; with more, a cancel and the next partial text are delayed.
FEED_LIMIT_BYTES = 5 * BYTES_PER_SECOND

# The amount of waiting audio from which on send_audio waits, so that a long file is not read into
# memory faster than it is recognised.
INBOX_LIMIT_BYTES = 60 * BYTES_PER_SECOND

# Seconds for which connect waits while the model loads from a slow disk, or while another session
# records. If another session computes its last text, connect waits longer, because that session
# ends soon or is given up.
CONNECT_TIMEOUT = 60.0

# How long one call of the recogniser may take: PATIENCE seconds, and PATIENCE_PER_SECOND more for
# each second of its speech. A busy computer takes 10 s for a second of speech, so a call that takes
# longer than this limit hangs.
PATIENCE = 30.0
PATIENCE_PER_SECOND = 20.0

# How long close waits for a recogniser: longer than one call takes, and shorter than a shell waits
# for the end of the core.
RELEASE_TIMEOUT = 1.0

# How long the end of the process waits for a recogniser (koe.patience).
END_SECONDS = ENGINE_SECONDS

log = logging.getLogger(__name__)


class Recogniser(ABC):
    """A blocking recogniser. All methods are called on one thread, which is not the loop's."""

    @abstractmethod
    def feed(self, pcm: bytes) -> list[Event]:
        """Take whole samples (16 kHz mono s16le) and return the new results.

        Raises:
            AsrError: The recogniser is lost.
        """

    def recognise_so_far(self) -> list[Event]:
        """Compute and return the text so far, in a recogniser whose `feed` does not do so.

        This method is called when neither more audio nor the end of the input is waiting, because
        a live text must not delay these. By default it does nothing.

        Raises:
            AsrError: The recogniser is lost.
        """
        return []

    def recognise_before_end(self) -> list[Event]:
        """Like `recognise_so_far`, but called when the end of the input is expected soon.

        By default it calls `recognise_so_far`.
        """
        return self.recognise_so_far()

    @abstractmethod
    def finish(self) -> list[Event]:
        """Return the last results; the last of them is FinalHeard.

        It is EngineClosed instead if the recogniser ended early, or without a final text.

        Raises:
            AsrError: The recogniser is lost.
        """


_Answer = TypeVar("_Answer")


class _Promise(Future[_Answer]):
    """A future whose result a thread sets; cancelling a waiter does not cancel the work."""

    def __init__(self) -> None:
        super().__init__()
        self.set_running_or_notify_cancel()


_Work = Callable[[Recogniser], list[Event]]
_Job = tuple[_Work, _Promise[list[Event]]]

Opener = Callable[[Callable[[], bool]], AbstractContextManager[Recogniser]]
"""A context manager that is entered on the engine's thread: it imports the library, loads the
model, waits for its turn and gives the recogniser; leaving it releases everything. It raises
AsrError if it fails. Its argument returns whether the engine was closed meanwhile; then it may
raise."""


class LocalEngine(Engine):
    """Runs a recogniser on a thread of its own.

    ``next_event`` drives the thread, so that no task is needed; a job of the thread continues if
    the wait for it is abandoned.

    Args:
        name: The engine's name, for its thread and for messages.
        opener: Gives the recogniser.
    """

    is_repeatable = True

    def __init__(self, name: str, opener: Opener) -> None:
        self._name = name
        self._opener = opener
        # The thread of the recogniser, started by connect.
        self._thread = threading.Thread(target=self._live, name=f"{COMPUTING}{name}", daemon=True)
        # The jobs of the thread, with the promises of their results; None ends it.
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        # Settled when the recogniser is open, or has failed; and when it is released.
        self._opened = _Promise[None]()
        self._released = _Promise[None]()
        # The thread is to end.
        self._closed = False
        # Audio that the recogniser has not got yet.
        self._inbox = bytearray()
        # Set while there is a job: audio in the inbox, or the end of the input.
        self._wake = asyncio.Event()
        # Set while the inbox takes more audio.
        self._has_room = asyncio.Event()
        self._has_room.set()
        # The end of the input is expected.
        self._end_is_near = False
        # No audio follows what is in the inbox.
        self._input_ended = False
        # The result of the present job; None: there is no job.
        self._answer: _Promise[list[Event]] | None = None
        # Bytes that the recogniser got.
        self._fed = 0
        # Seconds for which the work in progress was waited for.
        self._waited = 0.0
        # Events that next_event has not returned yet.
        self._events: deque[Event] = deque()

    async def connect(self) -> None:
        """Start the thread, which loads the model."""
        try:
            self._thread.start()
        except RuntimeError as exc:  # too many of them, or Python is ending
            raise AsrConnectionError(f"{self._name} could not start: {exc}") from exc
        while not await _is_settled(self._opened, CONNECT_TIMEOUT):
            if not any(map(self._may_follow, list(_living))):
                raise AsrConnectionError(
                    f"{self._name} did not start within {CONNECT_TIMEOUT:.0f} seconds"
                )
        self._opened.result()

    async def send_audio(self, pcm: bytes) -> None:
        """Collect audio; waits while the inbox is full.

        It yields to the loop once, for senders that never wait otherwise.
        """
        await self._has_room.wait()
        self._inbox += pcm
        self._wake.set()
        if len(self._inbox) >= INBOX_LIMIT_BYTES:
            self._has_room.clear()
        if len(self._inbox) >= FEED_LIMIT_BYTES:
            await asyncio.sleep(0)

    def expect_end(self) -> None:
        """Have the recogniser prepare for the end, with the next audio."""
        self._end_is_near = True

    async def finish_input(self) -> None:
        """Note that the inbox holds the last audio; never waits."""
        self._input_ended = True
        self._wake.set()

    async def next_event(self) -> Event:
        """Have the recogniser work until it has a result, or until an interval has passed.

        May be abandoned and called again.

        Raises:
            AsrTimeoutError: The recogniser hangs.
            AsrError: It is lost for another reason.
        """
        if self._thread.ident is None:
            raise AsrConnectionError("not connected")
        while not self._events:
            if self._answer is None:
                await self._wake.wait()
                self._answer = self._begin()
            elif await _is_settled(self._answer, WORKING_INTERVAL):
                self._events.extend(self._answer.result())
                self._answer, self._waited = None, 0.0
            else:
                return self._wait_longer()
        return self._events.popleft()

    async def close(self) -> None:
        """Have the thread release the recogniser after its present call.

        Waits for a short time, so that nothing computes when the process ends; a recogniser that
        hangs must not keep the process from ending.
        """
        self.abandon()
        if self._thread.ident is not None:  # else it was never started
            await _is_settled(self._released, RELEASE_TIMEOUT)

    def abandon(self) -> None:
        """Have the thread end, as `close` does, without waiting for it."""
        self._closed = True
        self._jobs.put(None)

    def _may_follow(self, other: LocalEngine) -> bool:
        """Whether another session may have the turn while it computes its last text."""
        is_another = other is not self and other._name == self._name
        return is_another and other._input_ended and not other._closed

    def _begin(self) -> _Promise[list[Event]] | None:
        """Give the thread the next job; return None if there is none."""
        # Whole samples only: an odd byte waits for its other half, and at the end is no sample.
        size = min(len(self._inbox), FEED_LIMIT_BYTES) & ~1
        if size:
            pcm = bytes(self._inbox[:size])
            del self._inbox[:size]
            if len(self._inbox) < INBOX_LIMIT_BYTES:
                self._has_room.set()
            self._fed += size
            return self._ask(
                lambda it: [*map(before_the_end, self._hear(it, pcm)), EngineWorking()]
            )
        if self._input_ended:
            return self._ask(lambda it: [*it.finish(), EngineClosed()])
        self._wake.clear()
        return None

    def _hear(self, recogniser: Recogniser, pcm: bytes) -> list[Event]:
        """Run on the thread: feed audio, and recognise it if nothing arrived meanwhile."""
        events = recogniser.feed(pcm)
        if self._inbox or self._input_ended:
            return events
        if self._end_is_near:
            return [*events, *recogniser.recognise_before_end()]
        return [*events, *recogniser.recognise_so_far()]

    def _ask(self, work: _Work) -> _Promise[list[Event]]:
        answer = _Promise[list[Event]]()
        self._jobs.put((work, answer))
        return answer

    def _wait_longer(self) -> Event:
        """Report why there is no result yet, one interval after the last report.

        Intervals are counted, and no clock is read, so that a recogniser does not seem to hang when
        the computer was asleep.
        """
        if self._closed:  # the thread may have ended without an answer
            return EngineClosed(is_early=True)
        self._waited += WORKING_INTERVAL
        speech = self._fed / BYTES_PER_SECOND
        limit = PATIENCE + PATIENCE_PER_SECOND * speech
        if self._waited > limit:
            raise AsrTimeoutError(
                f"{self._name} hangs: {limit:.0f} seconds were not enough for {speech:.0f} seconds "
                "of speech; restart the program, or choose another engine with asr.provider",
                is_permanent=True,
            )
        return EngineWorking()

    def _live(self) -> None:
        """Run on the thread: open the recogniser, do the jobs, and release it."""
        _living.add(self)
        try:
            with self._opener(lambda: self._closed) as recogniser:
                self._opened.set_result(None)
                while (job := self._jobs.get()) is not None and not self._closed:
                    _settle(job, recogniser)
        except Exception as exc:
            if self._opened.done():
                log.exception("releasing %s failed", self._name)
            else:
                self._opened.set_exception(exc)
        finally:
            _living.discard(self)
            self._released.set_result(None)


async def _is_settled(promise: _Promise[_Answer], seconds: float) -> bool:
    """Wait for a promise with a time limit; raises the error that it is settled with."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.wrap_future(promise)
    return promise.done()


def _settle(job: _Job, recogniser: Recogniser) -> None:
    work, answer = job
    try:
        answer.set_result(work(recogniser))
    except BaseException as exc:  # noqa: BLE001 - it is raised where the answer is awaited
        answer.set_exception(exc)


# The engines whose threads are running.
_living: set[LocalEngine] = set()


@atexit.register
def _end_all() -> None:
    """Have the threads end before the process does, and wait for them for a short time.

    A thread that computes while its libraries are unloaded would crash.
    """
    engines = list(_living)
    for engine in engines:
        engine.abandon()
    Patience(END_SECONDS).join(engine._thread for engine in engines)
