"""Parts of a daemon, made for tests."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import wave
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType

from koe.errors import AudioError
from koe.linux.delivery import Delivered
from koe.linux.insertion import InsertionTarget
from koe.linux.status import DaemonStatus

PATIENCE = 90.0

KOE_KEY = Path(sys.executable).with_name("koe-key")


QUIET = bytes([1, 0]) * 320
"""20 ms of what a microphone gives in a quiet room."""


class Recorder:
    """Hears a recording at once, and then a quiet room until it is stopped; or fails to open.

    Args:
        pcm: What it hears.
        error: Raised when it is opened; None: it opens.
        gone: Raised after the recording; None: it goes on.
        room: What it hears then, again and again.
        pace: Seconds between two of those.
    """

    def __init__(
        self,
        pcm: bytes = b"",
        error: AudioError | None = None,
        gone: AudioError | None = None,
        room: bytes = QUIET,
        pace: float = 0.002,
    ) -> None:
        self.overflows = 0
        self.is_out_of_phase = False
        # Everything was heard.
        self.heard = asyncio.Event()
        # stop was called.
        self.stopped = asyncio.Event()
        self._pcm = pcm
        self._error = error
        self._gone = gone
        self._room = room
        self._pace = pace

    async def __aenter__(self) -> Recorder:
        if self._error is not None:
            raise self._error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self.stopped.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._pcm:
            yield self._pcm
        self.heard.set()
        if self._gone is not None:
            raise self._gone
        while not self.stopped.is_set():
            yield self._room
            await asyncio.sleep(self._pace)


class Inserter:
    """Keeps what is to be inserted."""

    def __init__(self) -> None:
        self.inserted: list[str] = []
        self.texts: asyncio.Queue[str] = asyncio.Queue()
        self.answer = Delivered("paste")
        # Raised; None: nothing.
        self.bug: Exception | None = None
        # Set: inserting goes on.
        self.is_free = asyncio.Event()
        self.is_free.set()

    def aim(self) -> InsertionTarget:
        return InsertionTarget()

    async def insert(self, text: str, target: InsertionTarget) -> Delivered:
        if self.bug is not None:
            raise self.bug
        await self.is_free.wait()
        self.inserted.append(text)
        self.texts.put_nowait(text)
        return self.answer


class Watcher:
    """Waits for a status."""

    def __init__(self) -> None:
        self.seen: list[DaemonStatus] = []
        self._changed = asyncio.Condition()

    def show(self, status: DaemonStatus) -> None:
        self.seen.append(status)
        asyncio.get_running_loop().create_task(self._wake())

    async def until(self, wanted: Callable[[DaemonStatus], bool]) -> DaemonStatus:
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: bool(self.seen) and wanted(self.seen[-1]))
        return self.seen[-1]

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def pcm_of(path: Path) -> bytes:
    """The samples of a recording at 16 kHz."""
    with wave.open(str(path)) as recording:
        return bytes(recording.readframes(recording.getnframes()))


async def key(word: str) -> tuple[int, str]:
    """Run koe-key; return its status, and what it wrote to stderr."""
    process = await asyncio.create_subprocess_exec(
        KOE_KEY, word, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    async with asyncio.timeout(PATIENCE):
        _, reported = await process.communicate()
    assert process.returncode is not None
    return process.returncode, reported.decode()
