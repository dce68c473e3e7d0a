"""The transport of httpx itself, for systems without a wheel of pyreqwest.

httpx has no thread of its own. So it does not ping idle connections, and it closes a connection
that was kept for too long only when the next request comes. It does not reset a cancelled stream of
HTTP/2, and the rest of an unread reply uses up the flow-control window of the connection. So such a
connection gets no later request.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias, TypedDict

import httpcore
import httpx
import truststore

from koe.http.request import HttpSettings

# Seconds of silence after which the system sends TCP keep-alive probes (spec llm §1.1).
_TCP_KEEPALIVE = 30

# The TCP option for that: Linux and Windows have one name for it, macOS another.
_IDLE_OPTION = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))

# hpack logs the headers of requests, and so keys, at debug level.
logging.getLogger("hpack").setLevel(logging.INFO)


_Origin: TypeAlias = tuple[str, str, int | None]


class _Leave(Protocol):
    async def __call__(self, *, is_reusable: bool) -> None: ...


class _Connected(TypedDict, total=False):
    """What the library reports about one of its steps."""

    return_value: httpcore.AsyncNetworkStream


@dataclass
class _Pool:
    """The connections to one server, and the number of requests on them."""

    transport: httpx.AsyncHTTPTransport
    under_way: int = 0


class FallbackTransport(httpx.AsyncBaseTransport):
    """Connections that are kept and shared.

    Args:
        settings: The settings.
        proxy: The address of a proxy; empty for none.
    """

    def __init__(self, settings: HttpSettings, proxy: str = "") -> None:
        self._settings = settings
        self._proxy = proxy
        self._context = _trusting(settings.roots)
        # By origin, because the library counts the idle connections to all servers together.
        self._pools: dict[_Origin, _Pool] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and wait until the reply begins; its stream is to be closed."""
        origin = (request.url.scheme, request.url.host, request.url.port)
        if origin not in self._pools:
            self._pools[origin] = _Pool(self._open())
        pool = self._pools[origin]
        request.extensions["timeout"] = {
            "connect": self._settings.connect_timeout,
            "read": self._settings.read_timeout,
        }
        pool.under_way += 1
        try:
            response = await self._send(pool.transport, request)
        except BaseException as exc:
            is_cancelled = isinstance(exc, asyncio.CancelledError)
            await self._leave(origin, pool, is_reusable=not is_cancelled)
            if not isinstance(exc, httpx.ConnectError | httpx.ConnectTimeout):
                raise
            if self._proxy and not isinstance(exc.__context__, ssl.SSLError):
                raise httpx.ProxyError(f"proxy: {exc}") from exc
            raise
        # Headers that are not text are dropped.
        texts = [(name, value) for name, value in response.headers.raw if value.isascii()]
        response.headers = httpx.Headers(texts)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        is_whole = request.method == "HEAD" or response.http_version != "HTTP/2"
        leave = partial(self._leave, origin, pool)
        response.stream = _HttpxBody(response.stream, leave, is_whole=is_whole)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        pools = list(self._pools.values())
        self._pools.clear()
        for pool in pools:
            await pool.transport.aclose()

    async def _leave(self, origin: _Origin, pool: _Pool, *, is_reusable: bool = True) -> None:
        """Note that a request is over; close connections that are not reused after the last one."""
        pool.under_way -= 1
        if not is_reusable and self._pools.get(origin) is pool:
            del self._pools[origin]
        if self._pools.get(origin) is not pool and not pool.under_way:
            await pool.transport.aclose()

    def _open(self) -> httpx.AsyncHTTPTransport:
        try:
            return httpx.AsyncHTTPTransport(
                verify=self._context,
                trust_env=False,
                http2=self._settings.http2,
                limits=httpx.Limits(
                    max_keepalive_connections=2, keepalive_expiry=self._settings.pool_idle
                ),
                proxy=self._proxy or None,
                socket_options=_socket_options(),
            )
        except ValueError as exc:  # httpx does not know SOCKS 4
            raise httpx.ProxyError(f"proxy: {exc}") from exc

    async def _send(
        self, transport: httpx.AsyncHTTPTransport, request: httpx.Request
    ) -> httpx.Response:
        """Send a request; when that is cancelled during the TLS handshake, close the connection.

        The library loses such a connection. It closes all other connections itself, and other
        requests may use them.
        """
        connections: list[httpcore.AsyncNetworkStream] = []

        async def note(event: str, info: _Connected) -> None:
            if event.endswith(".connect_tcp.complete"):
                connections.append(info["return_value"])
            elif event.endswith(".start_tls.complete"):
                connections.clear()

        request.extensions["trace"] = note
        try:
            return await transport.handle_async_request(request)
        except asyncio.CancelledError:
            for connection in connections:
                await connection.aclose()
            raise


class _HttpxBody(httpx.AsyncByteStream):
    """The body of a reply that records whether it was read to its end."""

    def __init__(self, stream: httpx.AsyncByteStream, leave: _Leave, *, is_whole: bool) -> None:
        self._stream = stream
        self._is_whole = is_whole
        # Called when the body is closed; None afterwards.
        self._leave: _Leave | None = leave

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk
        self._is_whole = True

    async def aclose(self) -> None:
        leave, self._leave = self._leave, None
        if leave is not None:
            try:
                await self._stream.aclose()
            finally:
                await leave(is_reusable=self._is_whole)


def _trusting(roots: bytes) -> ssl.SSLContext:
    """Make a TLS context that trusts the system's authorities, and others."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if roots:
        context.load_verify_locations(cadata=roots.decode())
    return context


def _socket_options() -> list[tuple[int, int, int]]:
    idle = [] if _IDLE_OPTION is None else [(socket.IPPROTO_TCP, _IDLE_OPTION, _TCP_KEEPALIVE)]
    return [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), *idle]
