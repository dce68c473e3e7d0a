"""Thousands of sessions in which nothing goes wrong, and what they leave behind."""

from __future__ import annotations

import asyncio
import gc
import json
import multiprocessing
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from bench.memory import MB, resident
from koe.dictation import open_core
from koe.events import Deliver, Warn
from tests.faults.finding import Finding
from tests.faults.hearing import WordListener
from tests.faults.words import speech
from tests.servers.doubao import DoubaoService

# What grows before that many sessions are over is not counted.
_FIRST_SESSIONS = 500
_GROWTH_MB = 2.0

_REST_SECONDS = 1.0

_SAID = speech((2,))


def soak(sessions: int) -> list[Finding]:
    """Run sessions in this process, against a service in another one."""
    with tempfile.TemporaryDirectory(prefix="koe-faults-") as folder, _service() as service:
        directory = Path(folder, "koe")
        directory.mkdir()
        settings = {"asr": {"provider": "doubao", "doubao": service.settings},
                    "llm": {"enabled": False}}  # fmt: skip
        Path(directory, "config.yaml").write_text(json.dumps(settings), encoding="utf-8")
        findings = asyncio.run(_dictate(directory, sessions))
        left = [path.name for path in directory.rglob("*") if path.suffix == ".koej"]
        connections = service.connections()
    return [
        Finding("connections", connections, sessions),
        *findings,
        Finding("recordings that are left", len(left), 0),
    ]


async def _dictate(directory: Path, sessions: int) -> list[Finding]:
    wrong = warnings = 0
    before = middle = await _left()
    async with open_core(directory) as core:
        for number in range(1, sessions + 1):
            session = core.begin()
            await session.feed(_SAID.pcm)
            session.end()
            notices = [notice async for notice in session]
            wrong += [it.text for it in notices if isinstance(it, Deliver)] != [_SAID.text]
            warnings += any(isinstance(it, Warn) for it in notices)
            if number == min(_FIRST_SESSIONS, max(sessions // 2, 1)):
                before = await _left()
            if number == sessions // 2:
                middle = await _left()
        after = await _left()
    return [
        Finding("wrong texts", wrong, 0),
        Finding("sessions with a warning", warnings, 0),
        Finding("more memory", (after.memory - before.memory) / MB, _GROWTH_MB, "MB",
                f"{before.memory / MB:.1f} MB before; "
                f"{(after.memory - middle.memory) / MB:.1f} MB of it in the second half"),
        Finding("more descriptors", after.descriptors - before.descriptors, 0),
        Finding("more threads", after.threads - before.threads, 0),
    ]  # fmt: skip


class _Left:
    """What this process holds."""

    def __init__(self) -> None:
        gc.collect()
        self.memory = resident(os.getpid())["resident"]
        self.descriptors = len(list(Path("/dev/fd").iterdir()))
        self.threads = threading.active_count()


async def _left() -> _Left:
    """Look, when the last session has been put away: its record is written on a thread."""
    await asyncio.sleep(_REST_SECONDS)
    return _Left()


class _Service:
    """The service in its process."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.settings = {"url": str(pipe.recv()), "api_key": "key"}

    def connections(self) -> int:
        """How many there were."""
        self._pipe.send(None)
        return int(self._pipe.recv())


@contextmanager
def _service() -> Iterator[_Service]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,))
    process.start()
    theirs.close()
    try:
        yield _Service(ours)
    finally:
        ours.close()
        process.join()


def _serve(pipe: Connection) -> None:
    service = DoubaoService()
    service.keeps = False
    service.listen = WordListener
    with service:
        pipe.send(service.url)
        try:
            while True:
                pipe.recv()
                pipe.send(len(service.conversations))
        except EOFError:
            pass
