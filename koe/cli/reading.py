"""Reads a recording without blocking the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import ParamSpec, TypeVar

from koe.audio import AudioInput

Args = ParamSpec("Args")
Returned = TypeVar("Returned")


class Reading:
    """Reads a recording on threads, because reading from a pipe may block. Iterate only once.

    Args:
        open_recording: Opens the recording. Leaving the context manager closes it.
    """

    def __init__(self, open_recording: Callable[[], AudioInput]) -> None:
        self._open_recording = open_recording
        # The recording while the context manager is entered; else None.
        self._recording: AudioInput | None = None
        # Whether a thread is reading. It goes on even after its awaiting task was cancelled.
        self._is_busy = False

    async def __aenter__(self) -> AudioInput:
        """Open the recording.

        Raises:
            AudioError: The recording can't be opened.
        """
        self._recording = await self._on_thread(self._open_recording)
        return self._recording

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A file must stay open while a thread reads from it. The process ends soon in that case.
        if self._recording is not None and not self._is_busy:
            self._recording.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the chunks of the recording.

        Raises:
            AudioError: Reading fails.
        """
        assert self._recording is not None
        chunks = iter(self._recording)
        while (pcm := await self._on_thread(next, chunks, None)) is not None:
            yield pcm

    async def _on_thread(
        self, function: Callable[Args, Returned], *args: Args.args, **kwargs: Args.kwargs
    ) -> Returned:
        def call() -> Returned:
            try:
                return function(*args, **kwargs)
            finally:
                self._is_busy = False

        self._is_busy = True
        return await asyncio.to_thread(call)
