"""A wire between a client and an imitated service, on which anything can go wrong at any moment."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import httpx
from websockets.frames import CloseCode, Frame, Opcode

from koe.http import routes
from koe.http.fallback import FallbackTransport
from koe.http.request import HttpSettings
from tests.faults.cells import OF_CONNECTING, Fault
from tests.servers import doubao, qwen
from tests.servers.certificates import authority, server_context

NAME = "koe-faults.invalid"
"""Stands for the wire whose port is asked for with it, while `known_names` is entered."""

_PATIENCE = 30.0
_READ_BYTES = 1 << 16

# A trickle: so many seconds for each byte.
_BYTE_SECONDS = 0.0005

_NOISE = bytes(range(255, 127, -1)) * 4

# An address of this machine at which nothing listens.
_CLOSED_ADDRESS = "127.0.0.2" if sys.platform == "linux" else "::1"

_STATUSES = {
    Fault.HTTP_401: "401 Unauthorized",
    Fault.HTTP_429: "429 Too Many Requests",
    Fault.HTTP_500: "500 Internal Server Error",
}

_T = TypeVar("_T")


@dataclass(frozen=True)
class Dialect:
    """What is spoken on the wire.

    Attributes:
        error: The service's word that it failed.
        is_websocket: WebSocket frames; else HTTP.
        is_reply_begun: The fault strikes when half of an answer over HTTP has come.
    """

    error: bytes
    is_websocket: bool = False
    is_reply_begun: bool = False


def _http(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return f"{head}\r\nConnection: close\r\n\r\n".encode() + body


def _frame(opcode: Opcode, data: bytes) -> bytes:
    return Frame(opcode, data).serialize(mask=False)


_SORRY = b'{"error":{"code":"1305","message":"the service failed"}}'
_EVENT = b"data: " + _SORRY + b"\n\n"

DOUBAO = Dialect(_frame(Opcode.BINARY, doubao.error(55000031, "the service failed")), True)
_QWEN_SORRY = qwen.Events().error("the service failed", by_service=True).encode()
QWEN = Dialect(_frame(Opcode.TEXT, _QWEN_SORRY), True)
HTTP = Dialect(_http("200 OK", _SORRY))
# An event in the chunks of an answer, which ends after it.
HTTP_REPLY = Dialect(b"%x\r\n%b\r\n0\r\n\r\n" % (len(_EVENT), _EVENT), is_reply_begun=True)

_CLOSES = {
    Fault.CLOSE: _frame(Opcode.CLOSE, struct.pack(">H", CloseCode.NORMAL_CLOSURE)),
    Fault.CLOSE_1011: _frame(Opcode.CLOSE, struct.pack(">H", CloseCode.INTERNAL_ERROR)),
}


class Wire:
    """Carries connections to a port of this machine. Its methods are for any thread.

    Args:
        target: The service's port on 127.0.0.1.
        dialect: What is spoken.
        is_secure: The client speaks TLS; the service does not.
    """

    def __init__(self, target: int, dialect: Dialect, *, is_secure: bool = False) -> None:
        self.port = 0
        # How many connections were tried.
        self.tries = 0
        # What goes wrong with the next attempts, and then with all.
        self._pending: list[Fault] = []
        self._lasting: Fault | None = None
        # Guards the three above.
        self._lock = threading.Lock()
        self._target = target
        self._dialect = dialect
        self._is_secure = is_secure
        self._listener: socket.socket | None = None
        self._links: list[_Link] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Wire:
        _call(self._open())
        _wires[self.port] = self
        return self

    def __exit__(self, *exc: object) -> None:
        del _wires[self.port]
        _call(self._close())

    def expect(self, fault: Fault, *, is_lasting: bool) -> None:
        """Have something go wrong with the next attempt, or with all from now on."""
        with self._lock:
            if is_lasting:
                self._lasting = fault
            else:
                self._pending.append(fault)

    def hold(self) -> None:
        """Keep back what the service says on the newest connection, until the strike."""
        _call(self._hold())

    def strike(self, fault: Fault, *, is_lasting: bool, at_reply: bool = False) -> None:
        """Have something go wrong with the newest connection, now or at the next reply.

        A fault of connecting resets it, and then the attempts that follow meet the fault.
        """
        if fault in OF_CONNECTING:
            self.expect(fault, is_lasting=is_lasting)
            fault = Fault.RESET
        elif is_lasting:
            self.expect(fault, is_lasting=True)
        _call(self._strike(fault, at_reply=at_reply))

    def look_up(self) -> str | None:
        """The address of the next attempt; None: the name is not found."""
        with self._lock:
            fault = self._pending[0] if self._pending else self._lasting
            if fault not in (Fault.DNS, Fault.REFUSED):
                return "127.0.0.1"
            self.tries += 1
            if self._pending:
                del self._pending[0]
            return None if fault is Fault.DNS else _CLOSED_ADDRESS

    async def _open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._start(self._accept(self._listener))

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert self._listener is not None
        self._listener.close()

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hold(self) -> None:
        self._links[-1].hold()

    async def _strike(self, fault: Fault, *, at_reply: bool) -> None:
        link = self._links[-1]
        if at_reply:
            link.fault, link.replies_before = fault, 0
        else:
            await link.strike(fault)

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            accepted, _ = await asyncio.get_running_loop().sock_accept(listener)
            with self._lock:
                self.tries += 1
                fault = self._pending.pop(0) if self._pending else self._lasting
            self._start(self._carry(accepted, fault))

    async def _carry(self, accepted: socket.socket, fault: Fault | None) -> None:
        is_secure = self._is_secure and fault is not Fault.TLS
        context = _context(fault is Fault.CERTIFICATE) if is_secure else None
        with suppress(OSError):
            reader, writer = await _streams(accepted, context)
            link = _Link(reader, writer, self._dialect)
            self._links.append(link)
            try:
                await self._greet(link, fault)
                await link.carry(self._target)
            finally:
                writer.transport.abort()

    async def _greet(self, link: _Link, fault: Fault | None) -> None:
        """Do what goes wrong at once, and arrange what does later."""
        if fault in (Fault.TLS, Fault.RESET, Fault.EOF):
            await link.reader.read(1)
            await link.strike(Fault.GARBAGE if fault is Fault.TLS else fault)
        elif fault is Fault.HALF_OPEN:
            await link.strike(fault)
        else:
            says_more = fault in (Fault.ERROR, Fault.CLOSE, Fault.CLOSE_1011)
            link.fault = fault
            link.replies_before = int(self._dialect.is_websocket and says_more)


async def _streams(
    accepted: socket.socket, context: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(_READ_BYTES)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, accepted, ssl=context)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


@dataclass
class _Link:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    dialect: Dialect
    # What goes wrong with the next reply but so many.
    fault: Fault | None = None
    replies_before: int = 0
    # What the service said and is held back; None: it is not held back.
    held: bytes | None = None
    # It is the service's turn no more; the client may still get pongs.
    is_mute: bool = False
    tells_pongs: bool = False
    is_slow: bool = False
    # Nothing is taken from the client.
    is_dead: asyncio.Event = field(default_factory=asyncio.Event)
    # Nothing is held back; and one thing is said after the other.
    is_free: asyncio.Event = field(default_factory=asyncio.Event)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.is_free.set()

    def hold(self) -> None:
        """Hold back what the service says, until the strike."""
        self.held = b""
        self.is_free.clear()

    async def carry(self, target: int) -> None:
        """Carry both ways, until the client or the wire ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", target, limit=_READ_BYTES)
        back = asyncio.create_task(self._carry_back(reader))
        try:
            while data := await self._next():
                writer.write(data)
                await writer.drain()
        finally:
            back.cancel()
            await asyncio.wait([back])
            writer.transport.abort()

    async def _next(self) -> bytes:
        if self.is_dead.is_set():
            await asyncio.Event().wait()
        return await self.reader.read(_READ_BYTES)

    async def _carry_back(self, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while data := await reader.read(_READ_BYTES):
                await self._pass_back(data)
            await self.is_free.wait()
            async with self.turn:
                if not self.is_mute:
                    self.writer.close()

    async def _pass_back(self, data: bytes) -> None:
        if self.held is not None:
            self.held += data
        elif self.is_mute:
            if self.tells_pongs and data[0] & 0xF == Opcode.PONG:
                self.writer.write(data)
        elif self.fault is not None and self.replies_before == 0:
            fault, self.fault = self.fault, None
            await self.strike(fault, data)
        else:
            self.replies_before -= 1
            await self._write(data)

    async def _write(self, data: bytes) -> None:
        async with self.turn:
            if not self.is_slow:
                self.writer.write(data)
                await self.writer.drain()
                return
            for byte in data:
                self.writer.write(bytes([byte]))
                await asyncio.sleep(_BYTE_SECONDS)

    async def strike(self, fault: Fault, reply: bytes = b"") -> None:
        """Have something go wrong.

        Args:
            fault: What.
            reply: What the service was about to say.
        """
        reply = reply or self.held or b""
        self.held = None
        writer, dialect = self.writer, self.dialect
        if dialect.is_reply_begun and fault not in (Fault.CUT, Fault.STALL, Fault.TRICKLE):
            writer.write(_beginning(reply))
            await writer.drain()
        if fault is Fault.TRICKLE:
            self.is_slow = True
            writing = asyncio.create_task(self._write(reply))
            await asyncio.sleep(0)  # it has its turn
            self.is_free.set()
            return await writing
        self.is_mute = True
        self.is_free.set()
        match fault:
            case Fault.RESET:
                _reset(writer)
            case Fault.HALF_OPEN:
                self.is_dead.set()
            case Fault.STALL:
                self.tells_pongs = dialect.is_websocket
                if not dialect.is_websocket:
                    writer.write(_beginning(reply))
            case Fault.ERROR:
                writer.write(dialect.error)
            case Fault.CUT:
                writer.write(_beginning(reply) or _frame(Opcode.BINARY, bytes(300))[:100])
                writer.close()
            case Fault.GARBAGE:
                writer.write(_NOISE)
                writer.close()
            case Fault.EOF:
                writer.close()
            case Fault.CLOSE | Fault.CLOSE_1011:
                writer.write(_CLOSES[fault])
                writer.close()
            case _:
                writer.write(_http(_STATUSES[fault], _SORRY))
                writer.close()
        return None


def _beginning(reply: bytes) -> bytes:
    return reply[: len(reply) // 2]


def _reset(writer: asyncio.StreamWriter) -> None:
    sock: socket.socket = writer.get_extra_info("socket")
    linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


@cache
def _context(is_wrong: bool) -> ssl.SSLContext:
    if is_wrong:
        return server_context("unknown issuer", ["http/1.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(NAME, "127.0.0.1", "localhost").configure_cert(context)
    return context


# --- the thread of the wires ----------------------------------------------------------------------

# By port.
_wires: dict[int, Wire] = {}


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="wires", daemon=True).start()
    return loop


def _call(work: Coroutine[object, object, _T]) -> _T:
    return asyncio.run_coroutine_threadsafe(work, _loop()).result(_PATIENCE)


@contextmanager
def known_names() -> Iterator[None]:
    """Have Python look `NAME` up at the wires, and send what is asked of that name by itself."""
    system: Callable[..., list[Any]] = socket.getaddrinfo

    def getaddrinfo(host: object, port: Any, *args: Any, **options: Any) -> list[Any]:
        if host in (NAME, NAME.encode()) and int(port) in _wires:
            host = _wires[int(port)].look_up()
            if host is None:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return system(host, port, *args, **options)

    def open_transport(settings: HttpSettings, proxy: str) -> httpx.AsyncBaseTransport:
        return _TransportByHost(open_usual(settings, proxy), FallbackTransport(settings, proxy))

    open_usual = routes.open_transport
    socket.getaddrinfo = getaddrinfo
    routes.open_transport = open_transport
    try:
        yield
    finally:
        routes.open_transport = open_usual
        socket.getaddrinfo = system


class _TransportByHost(httpx.AsyncBaseTransport):
    """Sends what is asked of `NAME` by itself: pyreqwest has the system look names up."""

    def __init__(self, usual: httpx.AsyncBaseTransport, named: httpx.AsyncBaseTransport) -> None:
        self._usual, self._named = usual, named

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        transport = self._named if request.url.host == NAME else self._usual
        return await transport.handle_async_request(request)

    async def aclose(self) -> None:
        await self._usual.aclose()
        await self._named.aclose()
