"""The daemon's end of the control socket."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from contextlib import suppress

from koe.errors import KoeError
from koe.linux.control import ACTIONS, FOLLOW, LARGEST_LINE_BYTES, STATUS, is_own
from koe.linux.requests import ControlRequest, parse_request
from koe.linux.status import DaemonStatus, MicrophoneLevel

# The longest request; all have a few dozen bytes.
_LARGEST_REQUEST_BYTES = 4096


class ControlServer:
    """Answers clients, and sends changes to those that follow. All methods run on the event loop.

    Args:
        perform: Performs a request, whose word is one of `ACTIONS`.
        status: Returns the present status.
    """

    def __init__(
        self, perform: Callable[[ControlRequest], None], status: Callable[[], DaemonStatus]
    ) -> None:
        self._perform = perform
        self._status = status
        # Clients that follow, and those of them that follow the level, too.
        self._followers: set[asyncio.StreamWriter] = set()
        self._level_followers: set[asyncio.StreamWriter] = set()
        # Connections that are served.
        self._serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        # Accepts connections; None: not yet.
        self._server: asyncio.Server | None = None

    async def start(self, listener: socket.socket) -> None:
        """Serve the clients that connect to a listening socket."""
        self._server = await asyncio.start_unix_server(
            self._connected, sock=listener, limit=_LARGEST_REQUEST_BYTES
        )

    async def close(self) -> None:
        """Stop serving."""
        if self._server is not None:
            self._server.close()
        for writer in self._serving.values():
            writer.transport.abort()
        await asyncio.gather(*self._serving, return_exceptions=True)

    @property
    def is_watched(self) -> bool:
        """Whether a client follows."""
        return bool(self._followers)

    def publish(self, status: DaemonStatus) -> None:
        """Send the status to all clients that follow; disconnect those that do not read."""
        for writer in list(self._followers):
            if writer.transport.get_write_buffer_size() > LARGEST_LINE_BYTES:
                writer.transport.abort()
            else:
                _write(writer, _accepted(status))

    def publish_level(self, level: MicrophoneLevel) -> None:
        """Send the level to the clients that follow it, except those that are behind."""
        for writer in self._level_followers:
            if not writer.transport.get_write_buffer_size():
                _write(writer, _accepted(level))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving[task] = writer
        try:
            if is_own(writer.get_extra_info("socket")):
                await self._answer(reader, writer)
        except (ConnectionError, ValueError):  # ValueError: the line is too long
            pass
        finally:
            del self._serving[task]
            self._followers.discard(writer)
            self._level_followers.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            request = parse_request(line)
            _write(writer, self._reply(request))
            if request.word == FOLLOW:
                self._followers.add(writer)
                if request.level:
                    self._level_followers.add(writer)
            with suppress(ConnectionError):
                await writer.drain()

    def _reply(self, request: ControlRequest) -> dict[str, object]:
        if request.word in (STATUS, FOLLOW):
            return _accepted(self._status())
        if request.word not in ACTIONS:
            words = ", ".join([*ACTIONS, STATUS, FOLLOW])
            return {"ok": False, "message": f'expected a line {{"do": WORD}}; words are: {words}'}
        try:
            self._perform(request)
        except KoeError as exc:
            return {"ok": False, "message": str(exc)}
        return _accepted(self._status())


def _accepted(said: DaemonStatus | MicrophoneLevel) -> dict[str, object]:
    return {"ok": True, **said.as_json()}


def _write(writer: asyncio.StreamWriter, answer: dict[str, object]) -> None:
    writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
