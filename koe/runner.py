"""Performs one session's effects: the shell around the pure machine in ``koe.session``.

Everything that happens becomes an event on one queue; the runner takes an event, lets the
session decide, and performs each effect. The engine and the audio are tasks of one group, which
ends with the session.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from koe.asr import Engine
from koe.errors import AsrError, LlmError
from koe.events import (
    Accepted,
    Began,
    Cancelled,
    Correct,
    Corrected,
    CorrectionFailed,
    EngineClosed,
    EngineConnected,
    EngineFailed,
    Event,
    FinishInput,
    InputEnded,
    Notice,
    OpenEngine,
    Pause,
    ReportError,
    Resumed,
    ShowState,
    StartFinalWait,
    State,
    StreamAudio,
    WaitExpired,
)
from koe.session import Session

# How often audio is handed to the engine while a session records: short against the 200 ms frames
# of the shells, long against the work of looking.
AUDIO_INTERVAL = 0.020

# The final wait is made of steps of this many seconds. One that takes twice as long was held up, by
# somebody's callback most likely, and with it whatever the engine had to say.
WAIT_STEP = 0.25

# How a warning about a correction begins (spec abi §4.14).
FAILED = "LLM correction failed: "

log = logging.getLogger(__name__)


class AudioSource(Protocol):
    """Where a session's audio comes from: 16 kHz mono s16le."""

    def read(self) -> bytes:
        """Take all audio that is waiting, oldest first; empty if there is none. Never waits."""

    @property
    def lost_bytes(self) -> int:
        """How much audio of this session was dropped because there was no room for it."""

    def close(self) -> None:
        """Take no more audio, and drop what waits. Later calls change nothing."""


Corrector = Callable[[str, Sequence[str]], Awaitable[Corrected]]
"""Has a text corrected, given its interim revisions, oldest first; raises LlmError."""


class Runner:
    """Runs one session. Its methods are called on the loop's thread.

    Args:
        session: The machine, fresh.
        open_engine: Makes the session's engine; raises AsrError.
        audio: The session's audio.
        notify: Performs the notices, in order, one at a time. It may block, but then all waits.
        correct: Asked when the session has a text to be corrected, which most never do without.
    """

    def __init__(
        self,
        session: Session,
        open_engine: Callable[[], Engine],
        audio: AudioSource,
        notify: Callable[[Notice], None],
        correct: Corrector | None = None,
    ) -> None:
        self._session = session
        self._open_engine = open_engine
        self._audio = audio
        self._notify = notify
        self._corrector = correct
        # What happened and was not yet received by the session.
        self._happened: asyncio.Queue[Event] = asyncio.Queue()
        # Set while there is an engine to talk to.
        self._engine: Engine | None = None
        # The tasks of the engine and the audio, later that of the correction.
        self._tasks: list[asyncio.Task[None]] = []
        # The task of the final wait.
        self._final_wait: asyncio.Task[None] | None = None
        # Audio that was waiting when the input ended.
        self._rest = b""
        # The host ended the input.
        self._input_ended = False
        # The session wants the rest to be sent and the input to be finished.
        self._finish = asyncio.Event()
        # Set when the session is over, whatever ended it.
        self.over = asyncio.Event()

    @property
    def finished(self) -> bool:
        """Whether the session decided its end, which may still be being told; on any thread."""
        return self._session.finished or self.over.is_set()

    def end_input(self) -> None:
        """Take the audio that is waiting as the last; none is taken after it.

        Later calls change nothing.
        """
        if not self._input_ended:
            self._input_ended = True
            self._rest = self._audio.read()
            self._happened.put_nowait(InputEnded(self._audio.lost_bytes))
            self._audio.close()

    def cancel(self) -> None:
        """End the session without text, at once."""
        self._happened.put_nowait(Cancelled())

    def accept(self) -> None:
        """Deliver what was heard, uncorrected."""
        self._happened.put_nowait(Accepted())

    def start(self) -> asyncio.Task[None]:
        """Run the session to its end; cancelling the task ends the session in silence."""
        task = asyncio.get_running_loop().create_task(self._run())
        task.add_done_callback(lambda ended: self.give_up())
        return task

    def give_up(self) -> None:
        """Be over, run or not."""
        self._audio.close()
        self.over.set()

    def abandon(self) -> None:
        """Have the engine let go, on any thread: the loop hangs, and cannot end the session."""
        if self._engine is not None:
            self._engine.abandon()

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                await self._receive(Began(), group)
                while not self._session.finished:
                    await self._receive(await self._happened.get(), group)
                self._stop_tasks()
        except* Exception as failures:  # a bug of ours must not look like a session that goes on
            log.exception("a session failed unexpectedly", exc_info=failures)
            self._notify(ReportError(f"internal error: {type(failures.exceptions[0]).__name__}"))
            self._notify(ShowState(State.FAILED))
        finally:
            await self._close_engine()

    async def _receive(self, event: Event, group: asyncio.TaskGroup) -> None:
        for effect in self._session.receive(event):
            match effect:
                case OpenEngine():
                    self._tasks.append(group.create_task(self._use(self._run_engine)))
                case StreamAudio():
                    self._tasks.append(group.create_task(self._use(self._stream_audio)))
                case FinishInput():
                    self._finish.set()
                case StartFinalWait(seconds):
                    self._stop_waiting()
                    self._final_wait = group.create_task(self._wait(seconds))
                case Correct(heard, history):
                    # The engine's place is wanted by the next session, which may begin meanwhile.
                    self._stop_tasks()
                    self._tasks = [group.create_task(self._correct(heard, history))]
                    group.create_task(self._close_engine())
                case Pause():
                    # A call from a callback just now is on its way through the loop: it is first.
                    asyncio.get_running_loop().call_soon(self._happened.put_nowait, Resumed())
                case Notice():
                    self._notify(effect)
                case _:
                    raise AssertionError(f"{effect!r} is not performed")

    def _stop_waiting(self) -> None:
        if self._final_wait is not None:
            self._final_wait.cancel()

    def _stop_tasks(self) -> None:
        self._stop_waiting()
        for task in self._tasks:
            task.cancel()

    async def _close_engine(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            try:
                await engine.close()
            except Exception:  # a bug of it, which must not cost the text
                log.exception("an engine could not be closed")

    async def _wait(self, seconds: float) -> None:
        """Let so much time pass in which the loop runs freely; held up, it begins anew."""
        clock = asyncio.get_running_loop().time
        waited = 0.0
        while waited < seconds:
            began = clock()
            step = min(WAIT_STEP, seconds - waited)
            await asyncio.sleep(step)
            waited = waited + step if clock() - began < 2 * WAIT_STEP else 0.0
        self._happened.put_nowait(WaitExpired())

    async def _use(self, work: Callable[[], Awaitable[None]]) -> None:
        """Work with the engine; a bug in it is its failure, and costs no more than one."""
        try:
            await work()
        except Exception as exc:
            log.exception("an engine failed unexpectedly")
            self._happened.put_nowait(EngineFailed(f"internal error: {type(exc).__name__}"))

    async def _run_engine(self) -> None:
        """Open the engine, then pass on what it says until it closes."""
        try:
            self._engine = self._open_engine()
            await self._engine.connect()
        except AsrError as exc:
            self._happened.put_nowait(EngineFailed(str(exc), exc.is_permanent))
            return
        self._happened.put_nowait(EngineConnected())
        event: Event | None = None
        while not isinstance(event, EngineClosed):
            try:
                event = await self._engine.next_event()
            except AsrError as exc:
                event = EngineFailed(f"ASR error: {exc}", exc.is_permanent)
            self._happened.put_nowait(event)
            if isinstance(event, EngineFailed):
                return

    async def _stream_audio(self) -> None:
        """Hand audio to the engine as it comes, then the rest, and finish."""
        assert self._engine is not None, "the session streams after the engine connected"
        failed = "ASR send error"
        try:
            while not self._finish.is_set():
                if pcm := self._audio.read():
                    await self._engine.send_audio(pcm)
                try:
                    async with asyncio.timeout(AUDIO_INTERVAL):
                        await self._finish.wait()
                except TimeoutError:
                    pass
            await self._engine.send_audio(self._rest)
            failed = "ASR finish failed"
            await self._engine.finish_input()
        except AsrError as exc:
            self._happened.put_nowait(EngineFailed(f"{failed}: {exc}", exc.is_permanent))

    async def _correct(self, heard: str, history: Sequence[str]) -> None:
        """Pass on what the model makes of the text."""
        assert self._corrector is not None, "a session corrects only where there is somebody to"
        try:
            self._happened.put_nowait(await self._corrector(heard, history))
        except LlmError as exc:
            self._happened.put_nowait(CorrectionFailed(failure(exc)))
        except Exception as exc:  # a bug of ours, which must not cost the text
            log.exception("a correction failed unexpectedly")
            self._happened.put_nowait(CorrectionFailed(f"{FAILED}{type(exc).__name__}"))


def failure(exc: LlmError) -> str:
    """Why a text was not corrected, with the words that the contract begins with, once."""
    reason = str(exc)
    return reason if reason.startswith(FAILED) else FAILED + reason
