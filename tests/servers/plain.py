"""An ordinary HTTP server, hypercorn, which says what it likes of HTTP/2 and HTTP/1.1.

It is the second opinion: it shares no code of ours with the servers that lie, and does not lie.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from hypercorn.asyncio import serve
from hypercorn.config import Config, Sockets
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope

from tests.servers.certificates import server_context
from tests.servers.web import Version


@dataclass(frozen=True)
class Seen:
    """A request: how it came, from which port of the client, and how long its body was."""

    http_version: str
    client_port: int
    size_bytes: int


class _OwnConfig(Config):
    """Listens on a port of the system's choice, with our certificate."""

    def __init__(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        super().__init__()
        self._listener = listener
        self._context = context
        self.accesslog = None
        self.errorlog = logging.getLogger("tests.hypercorn")
        self.graceful_timeout = 0.1

    @property
    def ssl_enabled(self) -> bool:
        return True

    def create_sockets(self) -> Sockets:
        return Sockets([self._listener], [], [])

    def create_ssl_context(self) -> ssl.SSLContext:
        return self._context


def _overlook_goodbyes(loop: asyncio.AbstractEventLoop) -> None:
    """Ignore two errors that the end of hypercorn may cause.

    A client may still send when the server has closed the connection. And a connection that is open
    yet is cancelled, which the streams of Python 3.11 report as an error.
    """
    handle = loop.get_exception_handler()
    assert handle is not None, "tests.asynchronous has set one"

    def handle_others(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        exc = context.get("exception")
        is_late = getattr(exc, "reason", "") == "APPLICATION_DATA_AFTER_CLOSE_NOTIFY"
        is_cancelled = isinstance(
            exc, asyncio.CancelledError
        ) and "StreamReaderProtocol.connection_made" in str(context["message"])
        if not is_late and not is_cancelled:
            handle(loop, context)

    loop.set_exception_handler(handle_others)


class PlainServer:
    """Answers every request with 200 and ``{}``, from ``async with`` to its end.

    Args:
        alpn: What is offered.
    """

    def __init__(self, alpn: tuple[Version, ...]) -> None:
        self.seen: list[Seen] = []
        self._alpn = alpn
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Address without a path."""
        return f"https://127.0.0.1:{self._listener.getsockname()[1]}"

    async def __aenter__(self) -> Self:
        _overlook_goodbyes(asyncio.get_running_loop())
        config = _OwnConfig(self._listener, server_context("good", self._alpn))
        self._task = asyncio.create_task(
            serve(self._answer, config, shutdown_trigger=self._stop.wait)
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._task is not None
        self._stop.set()
        with suppress(OSError):  # a client that still sent when the server said goodbye
            await self._task
        self._listener.close()

    async def _answer(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        if scope["type"] != "http":
            # How an application says that it takes no part in the server's start and end.
            raise NotImplementedError(scope["type"])
        size_bytes, more = 0, True
        while more:
            event = await receive()
            assert event["type"] == "http.request", event
            size_bytes += len(event["body"])
            more = event["more_body"]
        assert scope["client"] is not None
        self.seen.append(Seen(scope["http_version"], scope["client"][1] or 0, size_bytes))
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", b"2")],
                "trailers": False,
            }
        )
        await send({"type": "http.response.body", "body": b"{}", "more_body": False})
