"""The recording of one dictation: from the press until its end is due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from koe.errors import AudioError
from koe.level import LONGEST_TAIL, LevelMeter, tail_is_over
from koe.linux.status import MicrophoneLevel
from koe.linux.voice import voice_detector

# Seconds of zeros after which a microphone is reported as dead; no room is so quiet, but a device
# needs a moment to start.
_DEAD = 1.5

# Seconds between attempts to open a microphone that was unplugged, and until koe gives up.
_AGAIN = 0.5
_AWAY = 10.0

# Seconds of audio between two levels that are shown.
_LEVEL_INTERVAL = 0.1

_SILENT = (
    "the microphone gives nothing but silence: is it muted, or is another one the system's default?"
)
_STAYED_AWAY = (
    "the microphone was not connected when the recording ended, so your last words were not "
    "recorded; connect it, and say them again"
)
_OUT_OF_PHASE = (
    "the channels of the microphone cancel each other out, so only one of them is used; "
    "check its cable, or the settings of its driver"
)


class Recorder(Protocol):
    """Records sound: `koe.microphone.Microphone`, or its replacement in a test."""

    overflows: int

    @property
    def is_out_of_phase(self) -> bool:
        """Whether the channels cancel each other out."""

    def stop(self) -> None:
        """Stop recording."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield what was recorded."""


OpenRecorder = Callable[[], AbstractAsyncContextManager[Recorder]]


class TakeRecording:
    """Records, and decides when that ends. All methods run on the event loop.

    Args:
        open_recorder: Returns a recorder, as a context manager.
        feed: Takes the audio.
        warn: Called with a sentence about a problem.
        show_level: Called ten times a second at most, while it records.

    Attributes:
        level: Measures what is recorded.
        is_held: Whether the key is down, so that the recording does not end by itself.
        is_ended: Whether its end was requested; a little more may be recorded.
        flaw: Why a part of the speech is missing, as a sentence; empty: none is.
    """

    def __init__(
        self,
        open_recorder: OpenRecorder,
        feed: Callable[[bytes], Awaitable[None]],
        warn: Callable[[str], None],
        show_level: Callable[[MicrophoneLevel], None],
    ) -> None:
        detector = voice_detector()
        self.level = LevelMeter() if detector is None else LevelMeter(detector)
        self.is_held = False
        self.is_ended = False
        self.flaw = ""
        self._open_recorder = open_recorder
        self._feed = feed
        self._warn = warn
        self._show_level = show_level
        # Seconds that were recorded when a level was shown last.
        self._shown_at = 0.0
        # Seconds without speech after which the recording ends by itself; 0: it does not.
        self.auto_stop = 0.0
        # Set when the recording is to end at once.
        self._stopped = asyncio.Event()
        # The open recorder; None: there is none.
        self._recorder: Recorder | None = None
        # Seconds that were recorded when the end was requested.
        self._tail_from = 0.0
        # Whether the silence of the microphone was reported.
        self._has_reported_silence = False

    def end(self) -> None:
        """Record until the last word has ended, and end then."""
        if self.is_ended:
            return
        self.is_ended = True
        self._tail_from = self.level.seconds
        if self._recorder is None or tail_is_over(self.level, 0.0):
            self.stop()
        else:  # a microphone without data must not delay the text
            asyncio.get_running_loop().call_later(LONGEST_TAIL, self.stop)

    def stop(self) -> None:
        """End at once."""
        self.is_ended = True
        self._stopped.set()
        if self._recorder is not None:
            self._recorder.stop()

    async def run(self) -> None:
        """Record until the end; a microphone that goes away may come back."""
        away_since: float | None = None
        now = asyncio.get_running_loop().time
        while not self._stopped.is_set():
            try:
                await self._record(is_back=away_since is not None)
            except AudioError as exc:
                heard_some = self.level.seconds > 0
                if self.is_ended or not heard_some or (away_since and now() - away_since > _AWAY):
                    was_away = self.is_ended and away_since is not None
                    self._warn(_STAYED_AWAY if was_away else str(exc))
                    break
                if away_since is None or self._recorder is not None:
                    away_since = now()
                    self.flaw = "speech may be missing, because the microphone went away"
                    self._warn(f"{exc}; the recording continues when it is connected again")
                await self._pause()
                if self._stopped.is_set():
                    self._warn(_STAYED_AWAY)
            else:
                break
            finally:
                self._recorder = None
        self.is_ended = True

    async def _record(self, *, is_back: bool) -> None:
        async with self._open_recorder() as recorder:
            self._recorder = recorder
            if is_back:
                self._warn("the microphone is connected again; continue to speak")
            if self._stopped.is_set():  # while the microphone was opened
                recorder.stop()
            async for pcm in recorder:
                await self._feed(pcm)
                self.level.add(pcm)
                self._look()
            if times := recorder.overflows:
                self.flaw = f"speech was lost {times}×, because this computer is too busy"
            if recorder.is_out_of_phase:
                self._warn(_OUT_OF_PHASE)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(_AGAIN):
                await self._stopped.wait()
        except TimeoutError:
            pass

    def _look(self) -> None:
        """React to the newest audio."""
        level = self.level
        if level.seconds - self._shown_at >= _LEVEL_INTERVAL:
            self._shown_at = level.seconds
            self._show_level(MicrophoneLevel(level.take_loudest(), level.seconds))
        if self.is_ended:
            if tail_is_over(level, level.seconds - self._tail_from):
                self.stop()
        elif not self.is_held and 0 < self.auto_stop <= level.unspoken:
            self.end()
        if level.zeros >= _DEAD and not self._has_reported_silence:
            self._has_reported_silence = True
            self._warn(_SILENT)
