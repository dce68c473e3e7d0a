from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from koe.errors import DesktopError, HistoryError
from koe.events import State
from koe.linux.control import ask, claimed, control_path
from koe.linux.requests import ControlRequest
from koe.linux.server import ControlServer
from koe.linux.status import DaemonStatus, MicrophoneLevel
from tests.asynchronous import on_loop
from tests.linux.making import KOE_KEY, PATIENCE, key


class Host:
    """What a server performs."""

    def __init__(self) -> None:
        self.performed: list[str] = []
        self.status = DaemonStatus()
        self.server = ControlServer(self.perform, lambda: self.status)

    def perform(self, request: ControlRequest) -> None:
        if request.word == "retry":
            raise HistoryError("there is “nothing”")
        self.performed.append(request.word)


@asynccontextmanager
async def serving() -> AsyncIterator[Host]:
    host = Host()
    with claimed(control_path(os.environ)) as listener:
        await host.server.start(listener)
        try:
            async with asyncio.timeout(PATIENCE):
                yield host
        finally:
            await host.server.close()


async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_unix_connection(control_path(os.environ))


@on_loop
async def test_words_and_mistakes(runtime: Path) -> None:
    async with serving() as host:
        reader, writer = await connect()
        writer.write(b'{"do": "begin"}\nbegin\n[]\n{"do": 1}\n{"do": "retry"}\n{"do": "status"}\n')
        answers = [json.loads(await reader.readline()) for _ in range(6)]
        writer.close()
        assert host.performed == ["begin"]
    assert [answer["ok"] for answer in answers] == [True, False, False, False, False, True]
    assert "words are: press" in answers[1]["message"]
    assert answers[4]["message"] == "there is “nothing”"
    assert answers[5] == {"ok": True, **DaemonStatus().as_json()}


@on_loop
async def test_a_line_without_end(runtime: Path) -> None:
    async with serving() as host:
        reader, writer = await connect()
        writer.write(b"x" * 100_000)
        assert await reader.read() == b""
        writer.close()
        assert host.performed == []


@on_loop
async def test_followers_hear_every_change(runtime: Path) -> None:
    async with serving() as host:
        reader, writer = await connect()
        writer.write(b'{"do": "follow"}\n')
        assert json.loads(await reader.readline())["state"] == "idle"
        for text in ("one", "one two"):
            host.server.publish(DaemonStatus(State.RECORDING_HOLD, text))
            assert json.loads(await reader.readline())["text"] == text
        writer.close()


@on_loop
async def test_only_clients_that_ask_for_it_hear_the_level(runtime: Path) -> None:
    async with serving() as host:
        host.server.publish_level(MicrophoneLevel(0.5, 1.0))  # without followers
        (reader, writer), (others, other) = await connect(), await connect()
        writer.write(b'{"do": "follow", "level": true}\n')
        other.write(b'{"do": "follow"}\n')
        await reader.readline()
        await others.readline()
        host.server.publish_level(MicrophoneLevel(0.12345, 3.14159))
        host.server.publish(DaemonStatus(text="one"))
        assert json.loads(await reader.readline()) == {"ok": True, "level": 0.1235, "seconds": 3.14}
        assert json.loads(await reader.readline())["text"] == "one"
        assert json.loads(await others.readline())["text"] == "one"
        writer.close()
        other.close()


@on_loop
async def test_a_follower_that_does_not_read_costs_nothing(runtime: Path) -> None:
    async with serving() as host:
        reader, writer = await connect()
        writer.write(b'{"do": "follow"}\n')
        await reader.readline()
        for _ in range(30):
            host.server.publish(DaemonStatus(text="x" * 100_000))
        await asyncio.sleep(0)
        assert (await key("begin"))[0] == 0
        writer.close()


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0,
    reason="only root can listen as another user",
)
@on_loop
async def test_the_socket_of_another_user(runtime: Path) -> None:
    path = control_path(os.environ)
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        os.seteuid(65_534)
        try:
            listener.listen()  # peers see who does this
        finally:
            os.seteuid(0)
        with pytest.raises(DesktopError) as refused:
            next(ask(path, ControlRequest("begin")))
        assert "remove it, or set XDG_RUNTIME_DIR to a folder of yours" in str(refused.value)
        if KOE_KEY.exists():
            assert await key("begin") == (1, f"koe-key: {refused.value}\n")


needs_key = pytest.mark.skipif(not KOE_KEY.exists(), reason="koe-key is not installed here")


@needs_key
@on_loop
async def test_the_program_in_c(runtime: Path) -> None:
    status, reported = await key("begin")
    assert (status, reported[:33]) == (1, "koe-key: koe serve is not running")
    async with serving() as host:
        assert await key("begin") == (0, "")
        assert await key("end") == (0, "")
        assert await key("retry") == (1, "koe-key: there is “nothing”\n")
        assert (await key("begun"))[0] == 2
        host.status = DaemonStatus(text="long " * 10_000)
        assert await key("cancel") == (0, "")
        assert host.performed == ["begin", "end", "cancel"]
