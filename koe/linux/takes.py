"""Dictations of the daemon: from the press to the text in the window."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol, TypedDict, Unpack

from koe.diagnostics import report
from koe.dictation import Dictation, OpenCore
from koe.errors import DesktopError
from koe.events import Deliver, Mode, Notice, ReportError, ShowInterim, ShowState, State, Warn
from koe.linux.delivery import Delivered, shown
from koe.linux.insertion import InsertionTarget
from koe.linux.recording import OpenRecorder, TakeRecording
from koe.linux.status import DaemonStatus, MicrophoneLevel

_NO_SPEECH = "no speech was heard, so nothing was recognised"
_RETRY = "; to recognise the recording: koe ctl retry"

log = logging.getLogger(__name__)


class Inserter(Protocol):
    """Inserts texts: `koe.linux.insertion.Insertion`."""

    def aim(self) -> InsertionTarget:
        """Note the target of a text that is about to be spoken."""

    async def insert(self, text: str, target: InsertionTarget) -> Delivered:
        """Insert a text."""


class Take:
    """One dictation.

    Attributes:
        target: The target of its text; None: the text is only shown.
        recording: Records the dictation; None: an earlier recording is recognised again.
    """

    def __init__(
        self, session: Dictation, target: InsertionTarget | None, recording: TakeRecording | None
    ) -> None:
        self.session = session
        self.target = target
        self.recording = recording
        # Nothing is to be inserted.
        self.cancelled = False

    @property
    def is_recording(self) -> bool:
        """Whether the end of the recording was not requested yet."""
        return self.recording is not None and not self.recording.is_ended

    def stop(self) -> None:
        """End the recording at once."""
        if self.recording is not None:
            self.recording.stop()

    def cancel(self) -> None:
        """Cancel the dictation."""
        self.cancelled = True
        self.stop()
        self.session.cancel()


class Takes:
    """All dictations, of which one at most records. All methods run on the event loop.

    Args:
        core: Recognises speech.
        inserter: Inserts texts.
        recorder: Returns a recorder, as a context manager.
        show: Called with the status whenever it changes.
        show_level: Passed to `TakeRecording`.
        is_watched: Returns whether a program shows the status.
    """

    def __init__(
        self,
        core: OpenCore,
        inserter: Inserter,
        recorder: OpenRecorder,
        show: Callable[[DaemonStatus], None],
        show_level: Callable[[MicrophoneLevel], None],
        is_watched: Callable[[], bool],
    ) -> None:
        self.status = DaemonStatus()
        self._core = core
        self._inserter = inserter
        self._recorder = recorder
        self._show = show
        self._show_level = show_level
        self._is_watched = is_watched
        # The newest dictation: the one whose status is shown.
        self._newest: Take | None = None
        # The dictations that are not over.
        self._running: dict[asyncio.Task[None], Take] = {}
        # Held while a text is inserted: two at once would share a clipboard.
        self._inserting = asyncio.Lock()

    @property
    def is_recording(self) -> bool:
        """Whether a dictation is recording."""
        return self._newest is not None and self._newest.is_recording

    def begin(self, mode: Mode, profile: str = "", *, inserts: bool = True) -> None:
        """Begin a recording, unless one is running already.

        Args:
            mode: Whether the key is held or toggled.
            profile: The profile that corrects the text; empty: as the settings say.
            inserts: False: the text is only shown.

        Raises:
            LlmProfileError: There is no such profile.
        """
        if self.is_recording:
            return
        if self._newest is not None:
            self._newest.stop()
        session = self._core.begin(mode, profile=profile)
        take = Take(session, self._inserter.aim() if inserts else None, None)
        take.recording = TakeRecording(
            self._recorder, session.feed, partial(self._warn, take), self._show_level
        )
        take.recording.auto_stop = self._core.settings.current.config.hotkey.auto_stop
        self._start(take, asyncio.create_task(self._record(take, take.recording)))

    def hold(self, *, is_held: bool) -> None:
        """Note whether the key is down: a recording does not end by itself then."""
        if self._newest is not None and self._newest.recording is not None:
            self._newest.recording.is_held = is_held

    def end(self) -> None:
        """End the recording, if there is one; its text is inserted where the key was pressed."""
        if self._newest is not None and self._newest.recording is not None:
            self._newest.recording.end()
            self._newest.session.expect_end()

    def cancel(self) -> None:
        """Cancel the newest dictation, unless it is over."""
        if self._newest is not None and self._newest in self._running.values():
            self._newest.cancel()

    def retry(self, entry_id: str, *, inserts: bool = True) -> None:
        """Recognise a recording from the history; its text goes into the window with the focus.

        Args:
            entry_id: The ID of the recording's entry.
            inserts: False: the text is only shown.

        Raises:
            DesktopError: A dictation is recording at the moment.
            HistoryError: There is no such recording.
            JournalError: It can't be read.
        """
        if self.is_recording:
            raise DesktopError("a recording is on; end it first: koe ctl end")
        session = self._core.retry(entry_id)
        self._start(Take(session, self._inserter.aim() if inserts else None, None), None)

    def tell(self, message: str) -> None:
        """Show a sentence, until the next dictation."""
        self._update(message=message)

    def describe_hotkey(self, hotkey: str) -> None:
        """Show which key is listened to, or why there is none."""
        self._update(hotkey=hotkey)

    async def close(self) -> None:
        """Stop everything; what was said and not delivered stays in the history."""
        for task, take in list(self._running.items()):
            take.stop()
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _start(self, take: Take, feeder: asyncio.Task[None] | None) -> None:
        self._newest = take
        self.status = DaemonStatus(hotkey=self.status.hotkey)
        task = asyncio.create_task(self._run(take, feeder))
        self._running[task] = take
        task.add_done_callback(self._note_end)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        take = self._running.pop(task)
        if not task.cancelled() and (bug := task.exception()) is not None:
            log.error("a dictation failed unexpectedly", exc_info=bug)
            if take is self._newest:
                message = "the dictation failed unexpectedly; koe ctl retry tries it again"
                self._update(state=State.IDLE, message=message)

    async def _run(self, take: Take, feeder: asyncio.Task[None] | None) -> None:
        try:
            async for notice in take.session:
                await self._follow(take, notice)
        finally:
            take.stop()
            if feeder is not None:
                await asyncio.wait([feeder])
        if take is self._newest:
            silent = not (take.cancelled or self.status.way or self.status.message)
            message = "no speech was recognised" if silent else self.status.message
            message = ". ".join(filter(None, (message, take.session.not_kept)))
            self._update(state=State.IDLE, message=message)

    async def _record(self, take: Take, recording: TakeRecording) -> None:
        """Record, and have the speech recognised."""
        try:
            await recording.run()
        finally:
            if recording.level.seconds and not recording.level.has_speech and not take.cancelled:
                take.session.cancel()  # asks no model
                remedy = "" if take.session.not_kept else _RETRY
                self._tell_of(take, self.status.message or f"{_NO_SPEECH}{remedy}")
            take.session.end(recording.flaw)

    async def _follow(self, take: Take, notice: Notice) -> None:
        match notice:
            case Deliver(text):
                await self._insert(take, text)
            case Warn(message) | ReportError(message):
                self._warn(take, message)
            case ShowState(state) if take is self._newest:
                self._update(state=state)
            case ShowInterim(text) if take is self._newest:
                self._update(text=text)

    async def _insert(self, take: Take, text: str) -> None:
        try:
            async with self._inserting:
                if take.cancelled:
                    delivered = Delivered("", failure="the dictation was cancelled")
                elif take.target is None:
                    delivered = shown(is_watched=self._is_watched())
                else:
                    delivered = await self._inserter.insert(text, take.target)
        except Exception:
            take.session.confirm("it could not be inserted")
            raise
        take.session.confirm(delivered.failure)
        if take is self._newest:
            message = delivered.message or self.status.message
            self._update(text=text, way=delivered.way, message=message)
        elif delivered.message:
            self.tell(delivered.message)

    def _warn(self, take: Take, message: str) -> None:
        report(message)
        self._tell_of(take, message)

    def _tell_of(self, take: Take, message: str) -> None:
        if take is self._newest and not take.cancelled:
            self.tell(message)

    def _update(self, **changes: Unpack[_Changes]) -> None:
        status = replace(self.status, **changes)
        if status != self.status:
            self.status = status
            self._show(status)


class _Changes(TypedDict, total=False):
    """Attributes of a `DaemonStatus`."""

    state: State
    text: str
    way: str
    message: str
    hotkey: str
