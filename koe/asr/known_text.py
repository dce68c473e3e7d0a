"""An engine that returns a text which was recognised before."""

from __future__ import annotations

import asyncio

from koe.asr import Engine
from koe.events import EngineClosed, Event, FinalHeard


class KnownText(Engine):
    """Returns one text, regardless of the audio.

    Args:
        text: The text that was recognised.
    """

    def __init__(self, text: str) -> None:
        # The events to return, in order.
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._text = text

    async def connect(self) -> None:
        """Do nothing: there is nothing to start."""

    async def send_audio(self, pcm: bytes) -> None:
        """Ignore the audio."""

    async def finish_input(self) -> None:
        """Return the text as the final result."""
        self._events.put_nowait(FinalHeard(self._text))
        self._events.put_nowait(EngineClosed())

    async def next_event(self) -> Event:
        """Wait for the end of the input."""
        return await self._events.get()

    async def close(self) -> None:
        """Do nothing: there is nothing to release."""
