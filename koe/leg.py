"""A leg: one engine's run over a part of a recording, from opening it to closing it.

Everything that happens in a leg becomes an event. Positions in events are samples, counted from the
first sample of the recording, even if the leg began later.
"""

from __future__ import annotations

import asyncio
import logging
from array import array
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from koe.asr import WORKING_INTERVAL, Engine
from koe.errors import AsrError, JournalError
from koe.events import (
    SAMPLE_RATE_HZ,
    DefiniteHeard,
    EngineClosed,
    EngineConnected,
    EngineFailed,
    EngineWorking,
    Event,
    FinalHeard,
    RestWasSilent,
)
from koe.spool import Spool
from koe.stitching import find_pause

# Length of the recognised audio that the next engine gets again, so that both texts can be joined
# by their words: 0.1 % of such seams lose or double a word, at a word error rate of 5 %.
OVERLAP_SAMPLES = 3 * SAMPLE_RATE_HZ

# Length of the audio before the overlap that is searched for a pause; the leg begins in that pause.
_PAUSE_RANGE_SAMPLES = 3 * SAMPLE_RATE_HZ

# If an engine on this machine fails after no more than this length, the same engine gets all audio
# again from the first sample, so that the text is the same as without the failure. To recognise
# this length again takes 4 s.
_REPEATED_SAMPLES = 60 * SAMPLE_RATE_HZ

# Length of the audio that an engine gets at once.
_FEED_SAMPLES = SAMPLE_RATE_HZ

# The rest of a recording is silent if it is shorter than the first of these, or if it is no louder
# than both the second, a sample value, and the third, a share of the recording's loudest sample.
_SHORTEST_WORD_SAMPLES = SAMPLE_RATE_HZ * 15 // 100
_QUIET = 300
_QUIET_PART = 0.03

log = logging.getLogger(__name__)


class Leg:
    """One run; used on the loop's thread.

    Args:
        open_engine: Makes the engine; raises AsrError.
        spool: The recording.
        upto: The sample up to which the text is known.
        put: Called with each event.
        is_again: The engine is the one that recognised the audio before ``upto``.
    """

    def __init__(
        self,
        open_engine: Callable[[], Engine],
        spool: Spool,
        upto: int,
        put: Callable[[Event], None],
        *,
        is_again: bool = False,
    ) -> None:
        self._open_engine = open_engine
        self._spool = spool
        self._upto = upto
        self._put = put
        self._is_again = is_again
        # The first sample that the engine gets; known once it runs.
        self.start = 0
        # The engine, from its creation until close.
        self._engine: Engine | None = None

    async def run(self, delay: float, ended: asyncio.Event) -> None:
        """Open the engine, feed it the recording, and pass on its events until it closes.

        Args:
            delay: Seconds to wait first. If the input ends during the wait, the wait ends, too.
            ended: Set at the end of the input.
        """
        await _wait(delay, ended)
        try:
            if await self._is_rest_silent():
                self._put(RestWasSilent())
                return
            await self._converse()
        except JournalError as exc:
            self._put(EngineFailed(str(exc)))
        except Exception as exc:  # a bug in an engine counts as a failure of it
            log.exception("an engine failed unexpectedly")
            self._put(EngineFailed(f"internal error: {type(exc).__name__}"))

    def expect_end(self) -> None:
        """Have the engine prepare for the end of the input."""
        if self._engine is not None:
            self._engine.expect_end()

    async def close(self) -> None:
        """Release the engine. Never raises."""
        engine, self._engine = self._engine, None
        if engine is not None:
            try:
                await engine.close()
            except Exception:  # a bug in an engine must not cost the text
                log.exception("an engine could not be closed")

    def abandon(self) -> None:
        """Have the engine release its resources. Any thread may call this if the loop is stuck."""
        if self._engine is not None:
            self._engine.abandon()

    async def _converse(self) -> None:
        try:
            engine = self._engine = self._open_engine()
            await self._find_start(engine)
            await self._connect(engine)
        except AsrError as exc:
            self._put(EngineFailed(str(exc), exc.is_permanent))
            return
        self._put(EngineConnected(self.start))
        feeder = asyncio.create_task(self._feed(engine))
        try:
            await self._listen(engine)
        finally:
            feeder.cancel()

    async def _connect(self, engine: Engine) -> None:
        """Connect; report work while an engine on this machine loads its model."""
        if not engine.is_repeatable:
            await engine.connect()
            return
        working = asyncio.create_task(self._report_work())
        try:
            await engine.connect()
        finally:
            working.cancel()

    async def _report_work(self) -> None:
        while True:
            await asyncio.sleep(WORKING_INTERVAL)
            self._put(EngineWorking())

    async def _listen(self, engine: Engine) -> None:
        event: Event | None = None
        while not isinstance(event, EngineClosed | EngineFailed):
            try:
                event = await engine.next_event()
            except AsrError as exc:
                is_permanent = exc.is_permanent or engine.is_persistent
                event = EngineFailed(f"ASR error: {exc}", is_permanent)
            if isinstance(event, DefiniteHeard | FinalHeard) and event.upto is not None:
                event = replace(event, upto=event.upto + self.start)
            self._put(event)

    async def _feed(self, engine: Engine) -> None:
        """Hand over the audio as it comes, and end the engine's input after the last."""
        position, failed = self.start, "ASR send error"
        try:
            while await self._spool.wait_beyond(position):
                pcm = await self._spool.read(position, _FEED_SAMPLES)
                position += len(pcm) // 2
                await engine.send_audio(pcm)
            failed = "ASR finish failed"
            await engine.finish_input()
        except AsrError as exc:
            self._put(EngineFailed(f"{failed}: {exc}", exc.is_permanent))
        except JournalError as exc:
            self._put(EngineFailed(str(exc)))
        except Exception as exc:
            log.exception("an engine failed unexpectedly")
            self._put(EngineFailed(f"internal error: {type(exc).__name__}"))

    async def _find_start(self, engine: Engine) -> None:
        """Choose the first sample: in a pause before the overlap, or that of the recording."""
        latest = self._upto - OVERLAP_SAMPLES
        hears_all_again = (
            self._is_again and engine.is_repeatable and self._upto <= _REPEATED_SAMPLES
        )
        if latest <= 0 or hears_all_again:
            return
        earliest = max(latest - _PAUSE_RANGE_SAMPLES, 0)
        before = await self._spool.read(earliest, latest - earliest)
        self.start = earliest + find_pause(before, len(before) // 2)

    async def _is_rest_silent(self) -> bool:
        """Whether the recording is complete, and its part without a known text is silent."""
        if not self._upto or not self._spool.is_sealed:
            return False
        rest = self._spool.end - self._upto
        if rest < _SHORTEST_WORD_SAMPLES:
            return True
        limit = min(_QUIET, _QUIET_PART * await self._peak(0))
        return await self._peak(self._upto) <= limit

    async def _peak(self, start: int) -> int:
        """Return the largest absolute value of the samples from a position on."""
        peak = 0
        while pcm := await self._spool.read(start, _FEED_SAMPLES):
            samples = array("h", pcm)
            peak = max(peak, max(samples), -min(samples))
            start += len(samples)
            await asyncio.sleep(0)
        return peak


async def _wait(seconds: float, ended: asyncio.Event) -> None:
    if ended.is_set():
        await asyncio.sleep(seconds)
    elif seconds:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ended.wait()
