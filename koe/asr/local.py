"""Engines that compute on this machine: a blocking recogniser behind the asynchronous contract.

A recogniser lives on one thread of its own, so that neither the loop nor the audio thread ever
waits for it. Audio that arrives while it computes is collected and fed as one piece, up to a
limit: an engine that falls behind catches up instead of doing stale work piece by piece.

However busy the computer is, a recogniser that computes is waited for: the engine says again and
again that it works, during a call as between calls. Only a call that takes out of all proportion to
the speech is given up, because then the recogniser hangs.

The thread opens the recogniser, does what it is asked to, and releases it, in one block that is
left on every path. It is a daemon: a recogniser that hangs keeps no process from ending.
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
from koe.patience import ENGINE_SECONDS, Patience

# The most audio that one call of the recogniser gets. Less would cost more passes over the same
# speech, more would delay a cancel and the next partial text.
FEED_LIMIT_BYTES = 5 * BYTES_PER_SECOND

# With so much audio waiting, send_audio waits too, so that a long file is not read into memory
# faster than it is recognised.
INBOX_LIMIT_BYTES = 60 * BYTES_PER_SECOND

# How long connect waits for a model on a slow disk, and for the turn of a session that records. The
# turn of one that computes its last text does not count: that one ends, or is given up.
CONNECT_TIMEOUT = 60.0

# Seconds for which one call of the recogniser is waited for: so many, and so many for each second
# of speech that it was given. A busy computer takes 10 s for a second; what takes longer hangs.
PATIENCE = 30.0
PATIENCE_PER_SECOND = 20.0

# How long close waits for a recogniser: longer than one call of it takes, and less than a shell
# waits for the core's end.
RELEASE_TIMEOUT = 1.0

# How long the end of the process waits for one (koe.patience).
END_SECONDS = ENGINE_SECONDS

log = logging.getLogger(__name__)


class Recogniser(ABC):
    """A blocking recogniser; all of it is called on one thread, which is not the loop's."""

    @abstractmethod
    def feed(self, pcm: bytes) -> list[Event]:
        """Take whole samples (16 kHz mono s16le) and return what became known.

        Raises:
            AsrError: The recogniser is lost.
        """

    def recognise_so_far(self) -> list[Event]:
        """Return the text so far, of a recogniser for which that is more work than to feed it.

        It is called after audio behind which no other audio and no end of input waits: nothing is
        to wait for a live text. By default there is no such work.

        Raises:
            AsrError: The recogniser is lost.
        """
        return []

    @abstractmethod
    def finish(self) -> list[Event]:
        """Return the last results, of which the last is FinalHeard.

        Or EngineClosed, of a recogniser that ended by itself before this was called.

        Raises:
            AsrError: The recogniser is lost.
        """


_Answer = TypeVar("_Answer")


class _Promise(Future[_Answer]):
    """A future whose result a thread sets. A waiter may stop waiting, and that cancels nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.set_running_or_notify_cancel()


_Work = Callable[[Recogniser], list[Event]]
_Job = tuple[_Work, _Promise[list[Event]]]

Opener = Callable[[Callable[[], bool]], AbstractContextManager[Recogniser]]
"""Entered on the engine's thread: imports, loads the model, waits for its turn, gives the
recogniser, and on leaving releases all of it. It raises AsrError when it can't. Its argument
returns whether the engine was closed meanwhile; then it may give up by raising."""


class LocalEngine(Engine):
    """Runs a recogniser on a thread of its own.

    ``next_event`` does the driving, so there is no task to look after; what the thread was asked
    for is kept when a wait for it is abandoned.

    Args:
        name: The engine's name, for its thread and for messages.
        opener: Gives the recogniser.
    """

    is_repeatable = True

    def __init__(self, name: str, opener: Opener) -> None:
        self._name = name
        self._opener = opener
        # Where the recogniser lives, from connect on.
        self._thread = threading.Thread(target=self._live, name=f"koe-{name}", daemon=True)
        # What the thread has to do, and where the answer goes; None wakes it up to end.
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        # The thread's word that the recogniser is there, or why not; and that it is released.
        self._opened = _Promise[None]()
        self._released = _Promise[None]()
        # The thread does nothing any more but end.
        self._closed = False
        # Audio that the recogniser has not seen yet.
        self._inbox = bytearray()
        # Something to do: audio in the inbox, or the end of input.
        self._wake = asyncio.Event()
        # The inbox takes more audio.
        self._has_room = asyncio.Event()
        self._has_room.set()
        # No audio follows what is in the inbox.
        self._input_ended = False
        # What the thread is doing; None: nothing.
        self._answer: _Promise[list[Event]] | None = None
        # Bytes that the recogniser was given.
        self._fed = 0
        # Seconds for which its present call was waited for.
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

        A sender that never waits for anything else lets others have their turn here.
        """
        await self._has_room.wait()
        self._inbox += pcm
        self._wake.set()
        if len(self._inbox) >= INBOX_LIMIT_BYTES:
            self._has_room.clear()
        if len(self._inbox) >= FEED_LIMIT_BYTES:
            await asyncio.sleep(0)

    async def finish_input(self) -> None:
        """Note that the inbox holds the last audio; never waits."""
        self._input_ended = True
        self._wake.set()

    async def next_event(self) -> Event:
        """Have the recogniser work until it says something, or until that takes a while.

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
        """Have the thread release the recogniser once it is done with its present call.

        Waits for that, so that nothing computes when the process ends, but not for long: a
        recogniser that hangs must not keep a process from ending.
        """
        self.abandon()
        if self._thread.ident is not None:  # else it was never started
            await _is_settled(self._released, RELEASE_TIMEOUT)

    def abandon(self) -> None:
        """Have the thread end as close does, without waiting for it."""
        self._closed = True
        self._jobs.put(None)

    def _may_follow(self, other: LocalEngine) -> bool:
        """Whether another session may have the turn, because it computes its last text."""
        is_another = other is not self and other._name == self._name
        return is_another and other._input_ended and not other._closed

    def _begin(self) -> _Promise[list[Event]] | None:
        """Give the thread one piece of the work that is waiting; None: there is none."""
        # Whole samples only: an odd byte waits for its other half, and at the end is no sample.
        size = min(len(self._inbox), FEED_LIMIT_BYTES) & ~1
        if size:
            pcm = bytes(self._inbox[:size])
            del self._inbox[:size]
            if len(self._inbox) < INBOX_LIMIT_BYTES:
                self._has_room.set()
            self._fed += size
            feed = _feed if self._inbox or self._input_ended else _feed_and_recognise
            return self._ask(lambda it: [*map(before_the_end, feed(it, pcm)), EngineWorking()])
        if self._input_ended:
            return self._ask(lambda it: [*it.finish(), EngineClosed()])
        self._wake.clear()
        return None

    def _ask(self, work: _Work) -> _Promise[list[Event]]:
        answer = _Promise[list[Event]]()
        self._jobs.put((work, answer))
        return answer

    def _wait_longer(self) -> Event:
        """Say why the answer is not there yet, one interval after the last time.

        Intervals are counted and no clock is read, so that a computer that sleeps in between does
        not make the recogniser hang.
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
        """Run on the thread: load the recogniser, do the jobs, and release it."""
        _living.add(self)
        try:
            with self._opener(lambda: self._closed) as recogniser:
                self._opened.set_result(None)
                while (job := self._jobs.get()) is not None and not self._closed:
                    _settle(job, recogniser)
        except Exception as exc:
            if self._opened.done():
                log.exception("%s was not released in order", self._name)
            else:
                self._opened.set_exception(exc)
        finally:
            _living.discard(self)
            self._released.set_result(None)


def _feed(recogniser: Recogniser, pcm: bytes) -> list[Event]:
    return recogniser.feed(pcm)


def _feed_and_recognise(recogniser: Recogniser, pcm: bytes) -> list[Event]:
    return [*recogniser.feed(pcm), *recogniser.recognise_so_far()]


async def _is_settled(promise: _Promise[_Answer], seconds: float) -> bool:
    """Wait for a promise, for so many seconds at most; raises what it is settled with."""
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


# The engines whose threads run.
_living: set[LocalEngine] = set()


@atexit.register
def _end_all() -> None:
    """Have the threads end before the process does, and wait for them, but not for long.

    One that computed on, while the libraries that it computes with are taken down, would crash.
    """
    engines = list(_living)
    for engine in engines:
        engine.abandon()
    Patience(END_SECONDS).join(engine._thread for engine in engines)
