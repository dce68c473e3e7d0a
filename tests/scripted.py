"""An engine that follows a script, for what no real engine does on demand.

It can lie in every way that the contract of an engine allows: fail at any call, err, close
early, or say nothing for ever.
"""

from __future__ import annotations

import asyncio

from koe.asr import Engine
from koe.errors import AsrError
from koe.events import EngineClosed, Event, FinalHeard


class ScriptedEngine(Engine):
    """Says what a test puts into ``says``; by default a final text and a close, when finished."""

    def __init__(self) -> None:
        # What next_event returns or raises, in order.
        self.says: asyncio.Queue[Event | Exception] = asyncio.Queue()
        # What it was given.
        self.heard = bytearray()
        # Which calls were made, in order, without repetitions of send_audio.
        self.calls: list[str] = []
        # Raised by these calls.
        self.connect_error: Exception | None = None
        self.send_error: Exception | None = None
        self.finish_error: AsrError | None = None
        self.close_error: Exception | None = None
        # connect was called.
        self.connecting = asyncio.Event()
        # connect waits for this.
        self.may_connect = asyncio.Event()
        self.may_connect.set()
        # close was called.
        self.closed = asyncio.Event()
        # Said after finish_input; None: nothing.
        self.answer: str | None = "hello world"

    async def connect(self) -> None:
        self.calls.append("connect")
        self.connecting.set()
        await self.may_connect.wait()
        if self.connect_error is not None:
            raise self.connect_error

    async def send_audio(self, pcm: bytes) -> None:
        if self.calls[-1] != "send_audio":
            self.calls.append("send_audio")
        if self.send_error is not None:
            raise self.send_error
        self.heard += pcm

    def expect_end(self) -> None:
        self.calls.append("expect_end")

    async def finish_input(self) -> None:
        self.calls.append("finish_input")
        if self.finish_error is not None:
            raise self.finish_error
        if self.answer is not None:
            self.says.put_nowait(FinalHeard(self.answer))
            self.says.put_nowait(EngineClosed())

    async def next_event(self) -> Event:
        said = await self.says.get()
        if isinstance(said, Exception):
            raise said
        return said

    async def close(self) -> None:
        self.calls.append("close")
        self.closed.set()
        if self.close_error is not None:
            raise self.close_error

    def abandon(self) -> None:
        self.calls.append("abandon")
