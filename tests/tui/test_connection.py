from __future__ import annotations

import asyncio
import os
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from koe.errors import DesktopError
from koe.linux.control import LARGEST_LINE_BYTES, claimed, control_path
from koe.linux.requests import ControlRequest
from koe.linux.server import ControlServer
from koe.linux.status import DaemonStatus, MicrophoneLevel
from koe.tui.connection import follow, send
from tests.asynchronous import on_loop


@on_loop
async def test_following_and_sending(runtime: Path) -> None:
    performed: list[ControlRequest] = []
    status = DaemonStatus(text="so far")
    server = ControlServer(performed.append, lambda: status)
    path = control_path(os.environ)
    with claimed(path) as listener:
        await server.start(listener)
        async with aclosing(follow(path)) as heard:
            assert await anext(heard) == status
            server.publish_level(MicrophoneLevel(0.5, 1.0))
            assert await anext(heard) == MicrophoneLevel(0.5, 1.0)
            request = ControlRequest("retry", inserts=False, entry="20261128")
            await send(path, request)
            assert performed == [request]
            await server.close()
            with pytest.raises(DesktopError, match="has ended"):
                await anext(heard)


@on_loop
async def test_without_a_daemon(runtime: Path) -> None:
    path = control_path(os.environ)
    with pytest.raises(DesktopError, match="koe serve is not running; to start it"):
        await anext(follow(path))
    with pytest.raises(DesktopError, match="koe serve is not running; to start it"):
        await send(path, ControlRequest("begin"))


@on_loop
async def test_a_line_without_end(runtime: Path) -> None:
    gone = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * (LARGEST_LINE_BYTES + 100_000))
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        gone.set()

    path = control_path(os.environ)
    with claimed(path) as listener:
        server = await asyncio.start_unix_server(answer, sock=listener)
        with pytest.raises(DesktopError, match="a line that is too long"):
            await anext(follow(path))
        await gone.wait()
        server.close()
