"""An HTTP server whose every frame is ours: HTTP/2 and HTTP/1.1, as ALPN decides.

What it answers is a function of the test. It counts connections, requests, pings and streams that
were taken back. It could lie in every way: stop in the middle of a reply, send a GOAWAY, take no
stream, answer no ping, reset the connection.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Literal, Self

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
import h11

from tests.asynchronous import stop_accepting
from tests.servers.certificates import Kind, server_context

Version = Literal["h2", "http/1.1"]

# How long TLS waits for the client to close the connection too. httpx does not close it, because it
# reads nothing from a connection on which it has no request.
_FAREWELL_SECONDS = 1.0

# Seconds for what takes one at most on a computer that has nothing else to do.
PATIENCE = 60.0
Headers = Mapping[str, str]


class Exchange:
    """One request, and what is done about it.

    Attributes:
        connection: Where it came in.
        method: As sent.
        path: As sent, with the query.
        headers: Names in lower case; values of a repeated one joined by commas.
        body: As sent.
    """

    def __init__(self, connection: Connection, stream: int, fields: list[tuple[str, str]]) -> None:
        self.connection = connection
        self.stream = stream
        self.headers: dict[str, str] = {}
        for name, value in fields:
            known = self.headers.get(name)
            self.headers[name] = value if known is None else f"{known}, {value}"
        self.method = self.headers.pop(":method")
        self.path = self.headers.pop(":path")
        self.body = bytearray()

    async def reply(self, status: int = 200, body: bytes = b"ok", **headers: str) -> None:
        """Answer as a whole. Underscores in names of headers become hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        await self.begin(status, {"content-length": str(len(body)), **named})
        await self.send(body)
        await self.end()

    async def begin(self, status: int = 200, headers: Headers | None = None) -> None:
        """Send the headers of the answer."""
        await self.connection.begin(self, status, headers or {})

    async def send(self, data: bytes) -> None:
        """Send a part of the body."""
        await self.connection.send(self, data)

    async def end(self) -> None:
        """End the answer."""
        await self.connection.end(self)


Handler = Callable[[Exchange], Awaitable[None]]


class Connection:
    """One connection that a client has made.

    Attributes:
        alpn: What was agreed on; None without TLS or without agreement.
        exchanges: The requests that it brought, in order.
        pings: How many were received.
        resets: The error codes of the streams that the client took back.
        closed: Set when it is over.
        changed: Notified when any of these changes.
    """

    version: Version

    def __init__(
        self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        tls: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
        self.alpn = tls.selected_alpn_protocol() if tls else None
        self.exchanges: list[Exchange] = []
        self.pings = 0
        self.resets: list[int] = []
        self.closed = asyncio.Event()
        self.changed = server.changed
        self._server = server
        self._reader = reader
        self._writer = writer
        # Asked for now: a closed transport does not give it any more.
        self._socket: socket.socket = writer.get_extra_info("socket")
        # The answers being made, by stream.
        self._answers: dict[int, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Answer what comes, until the connection is over."""
        try:
            with suppress(OSError, h2.exceptions.ProtocolError, h11.ProtocolError):
                await self._serve()
        finally:
            for answer in self._answers.values():
                answer.cancel()
            await asyncio.gather(*self._answers.values(), return_exceptions=True)
            self._writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await self._writer.wait_closed()
            self.closed.set()
            await self._tell()

    def abort(self) -> None:
        """Reset the connection: what is on its way is lost."""
        if self._socket.fileno() >= 0:
            linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()

    def close(self) -> None:
        """Close the connection, without a word."""
        self._writer.close()

    async def begin(self, exchange: Exchange, status: int, headers: Headers) -> None:
        raise NotImplementedError

    async def send(self, exchange: Exchange, data: bytes) -> None:
        raise NotImplementedError

    async def end(self, exchange: Exchange) -> None:
        raise NotImplementedError

    async def _serve(self) -> None:
        raise NotImplementedError

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    def _answer(self, exchange: Exchange) -> asyncio.Task[None]:
        async def answer() -> None:
            await self._tell()
            with suppress(OSError, h2.exceptions.ProtocolError, h11.ProtocolError):
                await self._server.handler(exchange)

        self.exchanges.append(exchange)
        task = asyncio.create_task(answer())
        self._answers[exchange.stream] = task
        return task


class Http2Connection(Connection):
    """HTTP/2, by the h2 package."""

    version = "h2"

    def __init__(
        self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        super().__init__(server, reader, writer)
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self._h2 = h2.connection.H2Connection(config)
        self._by_stream: dict[int, Exchange] = {}
        # Nothing that is said from now on is heard by the client.
        self.mute = False

    async def begin(self, exchange: Exchange, status: int, headers: Headers) -> None:
        self._h2.send_headers(exchange.stream, [(":status", str(status)), *headers.items()])
        await self._flush()

    async def send(self, exchange: Exchange, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            room = min(
                self._h2.local_flow_control_window(exchange.stream),
                self._h2.max_outbound_frame_size,
            )
            if room <= 0:
                async with self.changed:
                    await self.changed.wait()
                continue
            self._h2.send_data(exchange.stream, bytes(rest[:room]))
            rest = rest[room:]
            await self._flush()

    async def end(self, exchange: Exchange) -> None:
        self._h2.end_stream(exchange.stream)
        await self._flush()

    async def refuse(self, exchange: Exchange) -> None:
        """Take no notice of a request (REFUSED_STREAM)."""
        self._h2.reset_stream(exchange.stream, error_code=7)
        await self._flush()

    async def go_away(self, last_stream: int | None = None) -> None:
        """Say that nothing more will be answered, and close.

        Args:
            last_stream: The last one that was taken notice of; None for all.
        """
        self._h2.close_connection(last_stream_id=last_stream)
        await self._flush()
        self._writer.close()

    async def _serve(self) -> None:
        self._h2.initiate_connection()
        # So that a large body is not sent in 64 kB steps.
        self._h2.increment_flow_control_window(2**24)
        self._h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 2**24})
        await self._flush()
        while data := await self._reader.read(2**16):
            for event in self._h2.receive_data(data):
                self._receive(event)
            await self._flush()
            await self._tell()

    def _receive(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived(stream_id=int(stream), headers=list(fields)):
                texts = [(str(name), str(value)) for name, value in fields]
                self._by_stream[stream] = Exchange(self, stream, texts)
            case h2.events.DataReceived(stream_id=int(stream), data=bytes(data)):
                self._by_stream[stream].body += data
                self._h2.acknowledge_received_data(event.flow_controlled_length, stream)
            case h2.events.StreamEnded(stream_id=int(stream)):
                self._answer(self._by_stream.pop(stream))
            case h2.events.StreamReset(stream_id=int(stream)):
                self.resets.append(int(event.error_code or 0))
                if stream in self._answers:
                    self._answers[stream].cancel()
            case h2.events.PingReceived():
                self.pings += 1

    async def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and not self.mute:
            self._writer.write(data)
            await self._writer.drain()


class Http1Connection(Connection):
    """HTTP/1.1, by the h11 package."""

    version = "http/1.1"

    def __init__(
        self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        super().__init__(server, reader, writer)
        self._h11 = h11.Connection(h11.SERVER)

    async def begin(self, exchange: Exchange, status: int, headers: Headers) -> None:
        await self._write(h11.Response(status_code=status, headers=list(headers.items())))

    async def send(self, exchange: Exchange, data: bytes) -> None:
        await self._write(h11.Data(data=data))

    async def end(self, exchange: Exchange) -> None:
        await self._write(h11.EndOfMessage())

    async def write(self, data: bytes) -> None:
        """Write bytes that need not be HTTP."""
        self._writer.write(data)
        await self._writer.drain()

    async def _write(self, event: h11.Response | h11.Data | h11.EndOfMessage) -> None:
        await self.write(self._h11.send(event) or b"")

    async def _serve(self) -> None:
        while exchange := await self._next():
            watch = asyncio.ensure_future(self._reader.read(1))
            answer = self._answer(exchange)
            await asyncio.wait({watch, answer}, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                # The next request, or nothing: then the client has gone.
                early = watch.result()
                if not early:
                    return
                self._h11.receive_data(early)
                await answer
            else:
                watch.cancel()
                await asyncio.wait({watch})
            if self._h11.our_state is not h11.DONE:
                return
            self._h11.start_next_cycle()

    async def _next(self) -> Exchange | None:
        exchange: Exchange | None = None
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                self._h11.receive_data(await self._reader.read(2**16))
            elif isinstance(event, h11.Request):
                fields = [(name.decode(), value.decode()) for name, value in event.headers]
                fields += [(":method", event.method.decode()), (":path", event.target.decode())]
                exchange = Exchange(self, len(self.exchanges), fields)
            elif isinstance(event, h11.Data):
                assert exchange is not None, "a body follows its headers"
                exchange.body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return exchange
            else:
                return None


class Server:
    """Runs from ``async with`` to its end.

    Args:
        handler: Answers a request; on HTTP/2, several at once.
        alpn: What is offered.
        certificate: What is wrong with the certificate; None for no TLS.
    """

    def __init__(
        self,
        handler: Handler,
        alpn: tuple[Version, ...] = ("h2", "http/1.1"),
        certificate: Kind | None = "good",
    ) -> None:
        self.handler = handler
        self.connections: list[Connection] = []
        self.changed = asyncio.Condition()
        self.port = 0
        self._context = server_context(certificate, alpn) if certificate else None
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Address without a path."""
        return f"http{'s' if self._context else ''}://127.0.0.1:{self.port}"

    @property
    def exchanges(self) -> list[Exchange]:
        """All requests of all connections."""
        return [exchange for one in self.connections for exchange in one.exchanges]

    @property
    def used(self) -> list[Connection]:
        """The connections that brought a request.

        A client may open one that it then does not need: over HTTP/1.1, when it asks again just
        before the last connection is free.
        """
        return [one for one in self.connections if one.exchanges]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is true of connections; a test that waits in vain fails."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(condition)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._accept,
            "127.0.0.1",
            self.port,
            ssl=self._context,
            ssl_shutdown_timeout=_FAREWELL_SECONDS if self._context else None,
        )
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
        for connection in self.connections:
            connection.abort()
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tls: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
        speaks_http2 = tls is not None and tls.selected_alpn_protocol() == "h2"
        connection = (Http2Connection if speaks_http2 else Http1Connection)(self, reader, writer)
        self.connections.append(connection)
        task = asyncio.create_task(connection.serve())
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
