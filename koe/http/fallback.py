"""The transport of httpx itself, where there is no wheel of pyreqwest.

It lacks what nothing but a thread of its own could do: idle connections are not pinged, and one
that was kept for too long is closed when the next request comes. A stream of HTTP/2 that is
cancelled is not taken back, but forgotten.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from typing import TypedDict

import httpcore
import httpx
import truststore

from koe.http.settings import HttpSettings

# Seconds of silence until the system tries whether a connection lives (spec llm §1.1).
_TCP_KEEPALIVE = 30

# Which option of TCP that is: Linux and Windows have one name for it, macOS another.
_IDLE_OPTION = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))

# It writes the headers of requests, and so keys, at debug level.
logging.getLogger("hpack").setLevel(logging.INFO)


class _Connected(TypedDict, total=False):
    """What the library tells of one of its steps."""

    return_value: httpcore.AsyncNetworkStream


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
        # By origin, because the library counts idle connections for all servers together.
        self._transports: dict[tuple[str, str, int | None], httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and wait until the reply begins; its stream is to be closed."""
        origin = (request.url.scheme, request.url.host, request.url.port)
        if origin not in self._transports:
            self._transports[origin] = self._open()
        request.extensions["timeout"] = {
            "connect": self._settings.connect_timeout,
            "read": self._settings.read_timeout,
        }
        try:
            response = await self._send(self._transports[origin], request)
        except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
            if self._proxy and not isinstance(exc.__context__, ssl.SSLError):
                raise httpx.ProxyError(f"proxy: {exc}") from exc
            raise
        # Headers that are no text are as if they were not there.
        texts = [(name, value) for name, value in response.headers.raw if value.isascii()]
        response.headers = httpx.Headers(texts)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        transports = list(self._transports.values())
        self._transports.clear()
        for transport in transports:
            await transport.aclose()

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
        except ValueError as exc:  # SOCKS 4
            raise httpx.ProxyError(f"proxy: {exc}") from exc

    async def _send(
        self, transport: httpx.AsyncHTTPTransport, request: httpx.Request
    ) -> httpx.Response:
        """Send a request, and leave no connection behind when that is cancelled.

        The library forgets one that is cancelled in the middle of the TLS handshake.
        """
        connections: list[httpcore.AsyncNetworkStream] = []

        async def note(event: str, info: _Connected) -> None:
            if event == "connection.connect_tcp.complete":
                connections.append(info["return_value"])

        request.extensions["trace"] = note
        try:
            return await transport.handle_async_request(request)
        except asyncio.CancelledError:
            for connection in connections:
                await connection.aclose()
            raise


def _trusting(roots: bytes) -> ssl.SSLContext:
    """Trust the system's authorities, and others."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if roots:
        context.load_verify_locations(cadata=roots.decode())
    return context


def _socket_options() -> list[tuple[int, int, int]]:
    idle = [] if _IDLE_OPTION is None else [(socket.IPPROTO_TCP, _IDLE_OPTION, _TCP_KEEPALIVE)]
    return [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), *idle]
