"""A microphone that is always on, for speech just before the press of the key.

That audio is kept in memory only.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Self

from koe.diagnostics import report_once
from koe.errors import AudioError
from koe.events import BYTES_PER_SECOND
from koe.linux.recording import OpenRecorder, Recorder

# Seconds between two tries to open a microphone that is not there.
_AGAIN = 1.0


@asynccontextmanager
async def standing_by(open_recorder: OpenRecorder, preroll: float) -> AsyncIterator[OpenRecorder]:
    """Keep a microphone on.

    Args:
        open_recorder: Returns a recorder, as a context manager.
        preroll: Seconds before the press that belong to a recording; 0: none, and the microphone
            is on only during a recording.

    Yields:
        The function that opens a recorder for a dictation.
    """
    if not preroll:
        yield open_recorder
        return
    standby = _Standby(open_recorder, preroll)
    running = asyncio.create_task(standby.run())
    try:
        yield lambda: _Listener(standby)
    finally:
        running.cancel()
        await asyncio.wait([running])


class _Standby:
    """Records continuously.

    Attributes:
        recorder: The open recorder; None: there is none, and `error` says why.
        newest: The newest audio.
        listeners: The recorders that get all later audio.
    """

    def __init__(self, open_recorder: OpenRecorder, preroll: float) -> None:
        self.recorder: Recorder | None = None
        self.error = AudioError("the microphone is not open yet; try again in a moment")
        self.newest = b""
        self.listeners: set[_Listener] = set()
        self._open_recorder = open_recorder
        # In bytes, of whole samples.
        self._limit = round(preroll * BYTES_PER_SECOND) & ~1

    async def run(self) -> None:
        """Record until the task is cancelled."""
        while True:
            try:
                async with self._open_recorder() as self.recorder:
                    async for pcm in self.recorder:
                        self._take(pcm)
            except AudioError as exc:
                self.error = exc
                report_once(str(exc))
            self.recorder = None
            self.newest = b""
            for listener in list(self.listeners):
                listener.put(self.error)
            await asyncio.sleep(_AGAIN)

    def _take(self, pcm: bytes) -> None:
        self.newest = (self.newest + pcm)[-self._limit :]
        for listener in self.listeners:
            listener.put(pcm)


class _Listener:
    """A recorder that begins with audio from before it was entered."""

    def __init__(self, standby: _Standby) -> None:
        self.overflows = 0
        self._standby = standby
        # The audio; None or an error marks the end.
        self._heard: asyncio.Queue[bytes | AudioError | None] = asyncio.Queue()
        # How often the microphone had lost sound before.
        self._lost_before = 0

    async def __aenter__(self) -> Self:
        """Begin.

        Raises:
            AudioError: The microphone is not there.
        """
        recorder = self._standby.recorder
        if recorder is None:
            raise self._standby.error
        self._lost_before = recorder.overflows
        self.put(self._standby.newest)
        self._standby.listeners.add(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def is_out_of_phase(self) -> bool:
        recorder = self._standby.recorder
        return recorder is not None and recorder.is_out_of_phase

    def put(self, heard: bytes | AudioError) -> None:
        """Take audio, or the error that ends it."""
        self._heard.put_nowait(heard)

    def stop(self) -> None:
        with suppress(KeyError):
            self._standby.listeners.remove(self)
            if (recorder := self._standby.recorder) is not None:
                self.overflows = recorder.overflows - self._lost_before
            self._heard.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (heard := await self._heard.get()) is not None:
            if isinstance(heard, AudioError):
                raise heard
            if heard:
                yield heard
