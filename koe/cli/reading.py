"""A recording as it is read for the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import ParamSpec, TypeVar

from koe.audio import AudioInput

Args = ParamSpec("Args")
Result = TypeVar("Result")


class Reading:
    """Reads on threads, because a pipe may keep its reader waiting. Iterate it once.

    Args:
        open_recording: Opens the recording, which is closed on leaving.
    """

    def __init__(self, open_recording: Callable[[], AudioInput]) -> None:
        self._open_recording = open_recording
        # Set while the context is entered.
        self._recording: AudioInput | None = None
        # A thread reads, also after its reader was cancelled.
        self._is_busy = False

    async def __aenter__(self) -> AudioInput:
        """Open it.

        Raises:
            AudioError: It can't be opened.
        """
        self._recording = await self._on_thread(self._open_recording)
        return self._recording

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # What a thread reads from must not be closed. The process is about to end.
        if self._recording is not None and not self._is_busy:
            self._recording.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield its chunks.

        Raises:
            AudioError: It can't be read on.
        """
        assert self._recording is not None
        chunks = iter(self._recording)
        while (pcm := await self._on_thread(next, chunks, None)) is not None:
            yield pcm

    async def _on_thread(
        self, function: Callable[Args, Result], *args: Args.args, **kwargs: Args.kwargs
    ) -> Result:
        def call() -> Result:
            try:
                return function(*args, **kwargs)
            finally:
                self._is_busy = False

        self._is_busy = True
        return await asyncio.to_thread(call)
