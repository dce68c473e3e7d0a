"""Engines that compute on this machine: a blocking recogniser behind the asynchronous contract.

A recogniser is fed on one thread of its own, so that neither the loop nor the audio thread ever
waits for it. Audio that arrives while it computes is collected and fed as one piece, up to a
limit: an engine that falls behind catches up instead of doing stale work piece by piece.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from koe.asr import Engine
from koe.errors import AsrConnectionError
from koe.events import BYTES_PER_SECOND, EngineClosed, EngineWorking, Event

# The most audio that one call of the recogniser gets. Less would cost more passes over the same
# speech, more would delay a cancel and the next partial text.
FEED_LIMIT_BYTES = 5 * BYTES_PER_SECOND

# With so much audio waiting, send_audio waits too, so that a long file is not read into memory
# faster than it is recognised.
INBOX_LIMIT_BYTES = 60 * BYTES_PER_SECOND

# How long connect waits, for a model on a slow disk or for another session's turn to end; somebody
# who dictates has given up by then.
CONNECT_TIMEOUT = 60.0

# How long close waits for a recogniser: longer than one call of it takes, and less than a shell
# waits for the core's end.
RELEASE_TIMEOUT = 1.0


class Recogniser(ABC):
    """A blocking recogniser; all of it is called on one thread, which is not the loop's."""

    @abstractmethod
    def feed(self, pcm: bytes) -> list[Event]:
        """Take whole samples (16 kHz mono s16le) and return what became known.

        Raises:
            AsrError: The recogniser is lost.
        """

    @abstractmethod
    def finish(self) -> list[Event]:
        """Return the last results, of which the last is FinalHeard.

        Raises:
            AsrError: The recogniser is lost.
        """

    @abstractmethod
    def close(self) -> None:
        """Release everything."""


class LocalEngine(Engine):
    """Runs a recogniser on a thread of its own.

    ``next_event`` does the driving, so there is no task to look after; it must not be abandoned
    half-way except to close the engine.

    Args:
        name: The engine's name, for its thread.
        load: Called on the thread: imports, loads the model, returns the recogniser. It raises
            AsrError when it can't. Its argument tells whether the engine was closed meanwhile;
            then it may give up by raising.
    """

    def __init__(self, name: str, load: Callable[[Callable[[], bool]], Recogniser]) -> None:
        # For the thread, and for messages.
        self._name = name
        # Makes the recogniser.
        self._load = load
        # The one thread on which the recogniser lives.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"koe-{name}")
        # There once it is loaded; only that thread touches it.
        self._recogniser: Recogniser | None = None
        # close was called.
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
        # Events that next_event has not returned yet.
        self._events: deque[Event] = deque()

    async def connect(self) -> None:
        """Load the model, on the engine's thread."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await loop.run_in_executor(self._thread, self._open)
        except TimeoutError as exc:
            raise AsrConnectionError(
                f"{self._name} did not start within {CONNECT_TIMEOUT:.0f} seconds"
            ) from exc

    async def send_audio(self, pcm: bytes) -> None:
        """Collect audio; waits while the inbox is full."""
        await self._has_room.wait()
        self._inbox += pcm
        self._wake.set()
        if len(self._inbox) >= INBOX_LIMIT_BYTES:
            self._has_room.clear()

    async def finish_input(self) -> None:
        """Note that the inbox holds the last audio; never waits."""
        self._input_ended = True
        self._wake.set()

    async def next_event(self) -> Event:
        """Feed the recogniser until it says something."""
        while not self._events:
            await self._wake.wait()
            self._events.extend(await self._advance())
        return self._events.popleft()

    async def close(self) -> None:
        """Have the thread release the recogniser once it is done with its present call.

        Waits for that, so that nothing computes when the process ends, but not for long: a
        recogniser that hangs must not keep anybody from ending.
        """
        if self._closed:
            return
        self._closed = True
        released = asyncio.wrap_future(self._thread.submit(self._release))
        self._thread.shutdown(wait=False)
        await asyncio.wait([released], timeout=RELEASE_TIMEOUT)

    async def _advance(self) -> list[Event]:
        """Do one piece of the work that is waiting."""
        loop = asyncio.get_running_loop()
        # Whole samples only: an odd byte waits for its other half, and at the end is no sample.
        size = min(len(self._inbox), FEED_LIMIT_BYTES) & ~1
        if size:
            pcm = bytes(self._inbox[:size])
            del self._inbox[:size]
            if len(self._inbox) < INBOX_LIMIT_BYTES:
                self._has_room.set()
            events = await loop.run_in_executor(self._thread, self._feed, pcm)
            return [*events, EngineWorking()]
        if self._input_ended:
            events = await loop.run_in_executor(self._thread, self._finish)
            return [*events, EngineClosed()]
        self._wake.clear()
        return []

    # --- on the engine's thread ---

    def _open(self) -> None:
        self._recogniser = self._load(lambda: self._closed)

    def _feed(self, pcm: bytes) -> list[Event]:
        assert self._recogniser is not None, "connect comes first"
        return self._recogniser.feed(pcm)

    def _finish(self) -> list[Event]:
        assert self._recogniser is not None, "connect comes first"
        return self._recogniser.finish()

    def _release(self) -> None:
        if self._recogniser is not None:
            self._recogniser.close()
            self._recogniser = None
