"""An HTTP proxy: tunnels, and requests in absolute form. It notes what it was asked.

Every name is this machine to it, so that tests can ask for one that does not look local.

It could lie by refusing: with a password, a client that does not give it gets a 407.
"""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.asynchronous import stop_accepting


class Proxy:
    """Runs from ``async with`` to its end.

    Args:
        password: ``user:password`` that is asked for; empty for none.
    """

    def __init__(self, password: str = "") -> None:
        # The first lines of the requests to it.
        self.asked: list[str] = []
        self.port = 0
        self._password = password
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        await stop_accepting(self._server)
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._forward(reader, writer)
        finally:
            writer.transport.abort()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, rest = head.partition(b"\r\n")
        self.asked.append(line.decode())
        credentials = base64.b64encode(self._password.encode())
        if self._password and b"basic " + credentials.lower() not in rest.lower():
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
            return
        method, target, version = line.split()
        url = urlsplit(f"//{target.decode()}" if method == b"CONNECT" else target.decode())
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", url.port)
        try:
            if method == b"CONNECT":
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                path = target.split(b"/", 3)[3]
                server_writer.write(b" ".join([method, b"/" + path, version]) + b"\r\n" + rest)
            await asyncio.gather(_pump(reader, server_writer), _pump(server_reader, writer))
        finally:
            server_writer.transport.abort()
            with suppress(OSError, asyncio.CancelledError):
                await server_writer.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(2**16):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
