"""Performs the effects that the pure state machine of a session (``koe.session``) decides.

Everything that happens becomes an event on one queue. The runner passes each event to the session,
and performs the effects that the session returns. From the beginning, a pump moves the audio from
the host into the spool. The engine runs in a leg (`koe.leg`), which reads from the spool; other
legs may follow. All events and notices pass through one place, which records them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial

from koe.asr import Engine
from koe.events import (
    Accepted,
    Began,
    Cancelled,
    Correct,
    Corrected,
    CorrectionFailed,
    Deliver,
    EngineConnected,
    EngineWorking,
    Event,
    InputEnded,
    Notice,
    OpenEngine,
    Pause,
    ReportError,
    Resumed,
    ShowState,
    StartFinalWait,
    State,
    WaitExpired,
)
from koe.journal.format import End, Mark
from koe.leg import Leg
from koe.records import Record
from koe.session import Session
from koe.spool import AudioSource, Spool

# Seconds between two moves of audio from the host into the spool: short compared with the 200 ms
# frames of the shells, long compared with the time that a move takes.
AUDIO_INTERVAL = 0.020

# A session that fails while the user speaks goes on recording for the history, until the shell
# ends it or has pushed no audio for this many seconds.
RECORD_ON = 2.0

# The final wait is made of steps of this many seconds. If a step takes twice as long, the loop was
# blocked, most likely by a callback of the shell, and the engine's results were blocked, too.
WAIT_STEP = 0.25

log = logging.getLogger(__name__)


AskModel = Callable[[str, Sequence[str]], Awaitable[Corrected | CorrectionFailed]]
"""Has a text corrected, given its interim revisions, oldest first; raises nothing."""

EngineOpener = Callable[[str, int], Engine]
"""Makes an engine, given its name and the number of its leg, from 1; raises AsrError."""


class Runner:
    """Runs one session. Its methods are called on the loop's thread.

    Args:
        session: The state machine, which has received no event yet.
        open_engine: Makes the engines.
        audio: The session's audio.
        notify: Performs the notices, in order, one at a time. While it blocks, the session waits.
        correct: Has a text corrected; None if the session corrects nothing.
        spool: Where the audio is kept; it may hold a recording that was made before.
        record: Where the session is recorded; None: it is not recorded.
    """

    def __init__(
        self,
        session: Session,
        open_engine: EngineOpener,
        audio: AudioSource,
        notify: Callable[[Notice], None],
        correct: AskModel | None = None,
        spool: Spool | None = None,
        record: Record | None = None,
    ) -> None:
        self._session = session
        self._open_engine = open_engine
        self._audio = audio
        self._notify = notify
        self._ask_model = correct
        self._spool = spool or Spool()
        self._record = record
        # Events that the session has not received yet, with the number of their leg; 0: of no leg.
        self._happened: asyncio.Queue[tuple[int, Event]] = asyncio.Queue()
        # The running leg, its task, and its number.
        self._leg: Leg | None = None
        self._leg_task: asyncio.Task[None] | None = None
        self._leg_number = 0
        # Tasks that close legs. They belong to no task group, because they must not be cancelled.
        self._closings: set[asyncio.Task[None]] = set()
        # The task of the pause, and then of the correction.
        self._concluding: asyncio.Task[None] | None = None
        # The task of the final wait.
        self._final_wait: asyncio.Task[None] | None = None
        # The ends of earlier sessions, whose texts come before that of this one.
        self._earlier: list[asyncio.Event] = []
        # The host ended or cancelled the input.
        self._ended = asyncio.Event()
        # The result: the text that was handed over, or the reason why there is none.
        self._delivered: Deliver | None = None
        self._error = ""
        # Set when the host has reported whether it inserted the text; and why it did not, or empty.
        self._confirmed = asyncio.Event()
        self._failure = ""
        # Set when the session is over, for any reason.
        self.over = asyncio.Event()

    @property
    def finished(self) -> bool:
        """Whether the session has ended; its last notices may still be on their way. Any thread."""
        return self._session.finished or self.over.is_set()

    @property
    def is_live(self) -> bool:
        """Whether the audio is being spoken; else it was recorded before."""
        return not self._session.is_file

    @property
    def recognised_samples(self) -> int:
        """Up to which sample of the recording the text is certain."""
        return self._session.hearing.upto

    @property
    def not_kept(self) -> str:
        """Why the speech is not kept, as a sentence; empty if it is kept, or need not be kept."""
        return "" if self._record is None else self._record.failure

    def expect_end(self) -> None:
        """Have the engine prepare for the end of the input."""
        if self._leg is not None:
            self._leg.expect_end()

    def end_input(self, flaw: str = "") -> None:
        """Take the audio that is waiting as the last; none is taken after it.

        Later calls have no effect.

        Args:
            flaw: Why a part of the audio is missing, as a sentence; empty: it is whole.
        """
        if not self._ended.is_set():
            self._take_audio()
            self._spool.seal()
            self._ended.set()
            self._mark(Mark.INPUT_ENDED, self._spool.end)
            self._put(0, InputEnded(self._audio.lost_bytes, self._spool.end, flaw))
            self._audio.close()

    def cancel(self) -> None:
        """End the session without text, at once."""
        if not self._ended.is_set():
            self._take_audio()
            self._ended.set()
        self._put(0, Cancelled())

    def accept(self) -> None:
        """Deliver what was heard, uncorrected."""
        self._put(0, Accepted())

    def confirm(self, failure: str = "") -> None:
        """Note whether the host inserted the text, if the session waits for that.

        Args:
            failure: Why the text was not inserted, as a clause; empty: it was.
        """
        self._failure = failure
        self._confirmed.set()

    def start(self, after: Iterable[Runner] = ()) -> asyncio.Task[None]:
        """Run the session to its end; cancelling the task ends it without notices.

        The text is not delivered before the sessions of ``after``, which were spoken earlier, end.
        """
        self._earlier = [it.over for it in after]
        task = asyncio.get_running_loop().create_task(self._run())
        task.add_done_callback(lambda ended: self.give_up())
        return task

    def give_up(self) -> None:
        """Mark the session as over, even if it was never started."""
        self._audio.close()
        self.over.set()

    def abandon(self) -> None:
        """Make the engine release what it holds. Any thread; used if the loop is blocked."""
        if self._leg is not None:
            self._leg.abandon()

    def _put(self, leg: int, event: Event) -> None:
        self._happened.put_nowait((leg, event))

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                pump = group.create_task(self._pump())
                await self._receive(Began(), group)
                while not self._session.finished:
                    leg, event = await self._happened.get()
                    if leg in (0, self._leg_number):
                        await self._receive(event, group)
                self._stop_tasks()
                self.over.set()
                if self._session.state is State.FAILED and self._record is not None:
                    await self._record_on()
                pump.cancel()
            if self._awaits_confirmation:
                await self._confirmed.wait()
        except* Exception as failures:  # after a bug in koe, the shell must see the session end
            log.exception("a session failed unexpectedly", exc_info=failures)
            self._error = f"internal error: {type(failures.exceptions[0]).__name__}"
            self._notify(ReportError(self._error))
            self._notify(ShowState(State.FAILED))
        finally:
            self._drop_leg()
            self._end_record()  # first, because a core that closes cancels the rest
            self._spool = Spool()  # a core keeps its last runner, but no audio
            # A cancelled task refers to this runner by its traceback; now both are freed at once.
            self._final_wait = self._concluding = None
            if self._closings:
                await asyncio.wait(self._closings)

    async def _receive(self, event: Event, group: asyncio.TaskGroup) -> None:
        self._observe(event)
        if self.not_kept:
            self._session.remedy = ""
        for effect in self._session.receive(event):
            match effect:
                case OpenEngine():
                    self._open_leg(effect, group)
                case StartFinalWait(seconds):
                    self._stop_waiting()
                    if seconds is not None:
                        self._final_wait = group.create_task(self._wait(seconds))
                case Correct(heard, history):
                    # The next session may begin meanwhile, and needs the engine.
                    self._stop_tasks()
                    self._concluding = group.create_task(self._correct(heard, history))
                case Pause():
                    self._concluding = group.create_task(self._pause())
                case Notice():
                    self._observe(effect)
                    self._notify(effect)
                case _:
                    raise AssertionError(f"{effect!r} is not performed")

    # --- audio ---

    async def _pump(self) -> None:
        """Move audio into the spool as it comes, until the input ends."""
        while not self._ended.is_set():
            self._take_audio()
            await asyncio.sleep(AUDIO_INTERVAL)

    def _take_audio(self) -> None:
        if pcm := self._audio.read():
            samples = self._spool.append(pcm)
            if self._record is not None and samples:
                self._record.audio(samples)

    async def _record_on(self) -> None:
        """Go on recording, because the user may not have seen yet that the session failed."""
        recorded = -1
        while recorded < self._spool.end and not self._ended.is_set():
            recorded = self._spool.end
            with suppress(TimeoutError):
                async with asyncio.timeout(RECORD_ON):
                    await self._ended.wait()

    # --- the record ---

    def _observe(self, happened: Event | Notice) -> None:
        match happened:
            case Deliver():
                self._delivered = happened
            case ReportError(message):
                self._error = message
            case EngineConnected(start):
                self._mark(Mark.LEG_BEGAN, self._leg_number, start)
        if self._record is not None and not isinstance(happened, EngineWorking):
            self._record.event(happened)

    def _mark(self, mark: Mark, *numbers: int) -> None:
        if self._record is not None:
            self._record.mark(mark, *numbers)

    @property
    def _awaits_confirmation(self) -> bool:
        is_delivered = self._delivered is not None and self._record is not None
        return is_delivered and self._session.rules.confirms_delivery

    def _end_record(self) -> None:
        if self._record is None or (self._awaits_confirmation and not self._confirmed.is_set()):
            return  # a record without an end is offered at the next start
        session, delivered = self._session, self._delivered
        reason = self._error or self._failure
        if not session.finished and not reason:
            reason = "the program ended before the text was complete"
        self._record.end(
            End(
                state=str(session.state),
                text=delivered.text if delivered else "",
                heard=session.heard,
                engine=session.engine,
                is_corrected=delivered is not None and delivered.corrected,
                is_whole=session.is_whole,
                reason=reason,
            )
        )

    # --- legs ---

    def _open_leg(self, effect: OpenEngine, group: asyncio.TaskGroup) -> None:
        self._drop_leg()
        self._leg_number += 1
        number = self._leg_number
        opener = partial(self._open_engine, effect.engine, number)
        put = partial(self._put, number)
        self._leg = Leg(opener, self._spool, effect.upto, put, is_again=effect.is_again)
        self._leg_task = group.create_task(self._leg.run(effect.delay, self._ended))

    def _drop_leg(self) -> None:
        """Close the running leg, and ignore all that it still reports."""
        leg, task, self._leg, self._leg_task = self._leg, self._leg_task, None, None
        if leg is not None and task is not None:
            self._mark(Mark.LEG_ENDED, self._leg_number)
            task.cancel()
            closing = asyncio.get_running_loop().create_task(_close(leg, task))
            self._closings.add(closing)
            closing.add_done_callback(self._closings.discard)

    def _stop_waiting(self) -> None:
        if self._final_wait is not None:
            self._final_wait.cancel()

    def _stop_tasks(self) -> None:
        self._stop_waiting()
        self._drop_leg()
        if self._concluding is not None:
            self._concluding.cancel()

    async def _wait(self, seconds: float) -> None:
        """Wait while the loop runs freely; start again after a step in which it was blocked."""
        clock = asyncio.get_running_loop().time
        waited = 0.0
        while waited < seconds:
            began = clock()
            step = min(WAIT_STEP, seconds - waited)
            await asyncio.sleep(step)
            waited = waited + step if clock() - began < 2 * WAIT_STEP else 0.0
        self._put(0, WaitExpired())

    async def _pause(self) -> None:
        """Handle queued shell calls first; before a delivery, also await earlier sessions."""
        if self._session.state is State.PREPARING_PASTE and self._earlier:
            self._drop_leg()  # an earlier session may need the engine
            await self._earlier_sessions()
        self._put(0, Resumed())

    async def _earlier_sessions(self) -> None:
        """Wait until all of them are over."""
        for over in self._earlier:
            await over.wait()

    async def _correct(self, heard: str, history: Sequence[str]) -> None:
        """Have the model correct the text, and report the result as an event, in its turn."""
        assert self._ask_model is not None, "a session corrects only where there is a model"
        event = await self._ask_model(heard, history)
        await self._earlier_sessions()
        self._put(0, event)


async def _close(leg: Leg, task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])
    await leg.close()
