"""The transport on pyreqwest, which is reqwest, hyper and rustls, as in the Rust core.

The library has its own thread, so connections are pinged, and their end is noticed, also without a
request. It retries by itself (spec llm §1.3): a request that a closing connection did not accept
(GOAWAY, a refused stream) is sent again on another one.

A cancelled request ends at once while a long body is being sent, and after the reply has begun. In
between the library can't cancel it: it ends at its time limit.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

import httpx

from koe.http.library import (
    Client,
    ClientBuilder,
    ProxyBuilder,
    Response,
    StreamRequest,
    exceptions,
)
from koe.http.request import PUBLIC_HEADERS, HttpSettings

T = TypeVar("T")

# Seconds that the library waits longer than the caller, so that the caller's error is shown.
LENIENCE = 0.1

# A longer body is sent in pieces, because the library can't be stopped while it sends one. A longer
# chunk of a reply is passed on in pieces, because progress is reported for each.
_PIECE_BYTES = 1 << 16

# The library makes these headers from the address and the body.
_MADE_BY_LIBRARY = frozenset({b"host", b"content-length", b"transfer-encoding"})

# The library's exceptions and those of httpx; the first that matches counts.
_AS_HTTPX: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (exceptions.ConnectTimeoutError, httpx.ConnectTimeout),
    (exceptions.RequestTimeoutError, httpx.ReadTimeout),
    (exceptions.ConnectError, httpx.ConnectError),
    (exceptions.BuilderError, httpx.LocalProtocolError),
    (exceptions.DecodeError, httpx.RemoteProtocolError),
    (exceptions.PyreqwestError, httpx.ReadError),
)


class ReqwestTransport(httpx.AsyncBaseTransport):
    """Connections that are kept and shared.

    A request may have a ``deadline`` among its extensions, on the loop's clock: the library ends it
    then.

    Args:
        settings: The settings.
        proxy: The address of a proxy; empty for none.

    Raises:
        httpx.TransportError: There are no certificates by which servers could be verified.
    """

    def __init__(self, settings: HttpSettings, proxy: str = "") -> None:
        try:
            self._client = _build(settings, proxy)
        except exceptions.PyreqwestError as exc:
            raise _as_httpx(exc) from exc

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and wait until the reply begins; its stream is to be closed."""
        body = _Body(request.content)
        sending = self._prepare(request, body)
        try:
            response = await _Cancels().awaiting(sending.__aenter__())
        except exceptions.PyreqwestError as exc:
            raise _as_httpx(exc) from exc
        except asyncio.CancelledError:
            body.is_wanted = False
            with suppress(exceptions.PyreqwestError, RuntimeError):  # it may not have started
                await sending.__aexit__(None, None, None)
            raise
        return httpx.Response(
            response.status,
            headers=_headers(response),
            stream=_ReqwestBody(sending, response),
            extensions={"http_version": response.version.removesuffix(".0").encode()},
        )

    async def aclose(self) -> None:
        """Cancel all waiting requests, and close the connections."""
        await self._client.close()

    def _prepare(self, request: httpx.Request, body: _Body) -> StreamRequest:
        try:
            builder = self._client.request(request.method, str(request.url))
        except ValueError as exc:  # the name of the host has invalid characters
            raise httpx.UnsupportedProtocol(str(exc)) from exc
        for raw_name, value in request.headers.raw:
            name = raw_name.decode().lower()
            if raw_name.lower() not in _MADE_BY_LIBRARY:
                builder.header(name, value.decode(), is_sensitive=name not in PUBLIC_HEADERS)
        if len(body.content) > _PIECE_BYTES:
            builder.header("content-length", str(len(body.content)))
            builder.body_stream(body)
        elif body.content:
            builder.body_bytes(body.content)
        deadline = request.extensions.get("deadline", math.inf)
        if deadline < math.inf:
            left = max(0.0, deadline - asyncio.get_running_loop().time())
            builder.timeout(timedelta(seconds=left + LENIENCE))
        # 0: send returns after the headers, not after the first 64 kB of the body.
        return builder.streamed_read_buffer_limit(0).build_streamed()


class _Body:
    """A body that is sent piece by piece, until the request is cancelled."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.is_wanted = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.content), _PIECE_BYTES):
            if not self.is_wanted:
                raise ConnectionAbortedError
            yield self.content[start : start + _PIECE_BYTES]


class _ReqwestBody(httpx.AsyncByteStream):
    """The body of a reply, while it is being received."""

    def __init__(self, sending: StreamRequest, response: Response) -> None:
        # The library's context manager; leaving it cancels the rest of the reply.
        self._sending = sending
        self._response = response
        self._is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        cancels = _Cancels()
        try:
            while chunk := await cancels.awaiting(self._response.body_reader.read_chunk()):
                data = bytes(chunk)
                for start in range(0, len(data), _PIECE_BYTES):
                    yield data[start : start + _PIECE_BYTES]
        except exceptions.PyreqwestError as exc:
            raise _as_httpx(exc) from exc

    async def aclose(self) -> None:
        """Cancel the rest of the reply. On HTTP/1.1 this closes the connection."""
        if not self._is_closed:
            self._is_closed = True
            await self._sending.__aexit__(None, None, None)


class _Cancels:
    """Raises CancelledError where the library ignores that the task was cancelled."""

    def __init__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._before = task.cancelling()

    async def awaiting(self, step: Awaitable[T]) -> T:
        """Await a step; raise CancelledError if the task was cancelled after `__init__`."""
        result = await step
        if self._task.cancelling() > self._before:
            raise asyncio.CancelledError
        return result


def _build(settings: HttpSettings, proxy: str) -> Client:
    builder = (
        ClientBuilder()
        .http2(settings.http2)
        .http2_keep_alive_interval(timedelta(seconds=settings.ping_interval))
        .http2_keep_alive_timeout(timedelta(seconds=settings.ping_timeout))
        .http2_keep_alive_while_idle(True)
        .pool_idle_timeout(timedelta(seconds=settings.pool_idle))
        .pool_max_idle_per_host(2)
        .tcp_keepalive(timedelta(seconds=30))
        # Redirects are followed by the client, which knows where they may lead.
        .follow_redirects(False)
        # Compression saves no time for a text of some hundred bytes.
        .gzip(False)
        .brotli(False)
        .zstd(False)
        .deflate(False)
    )
    if settings.connect_timeout is not None:
        builder = builder.connect_timeout(timedelta(seconds=settings.connect_timeout))
    if settings.read_timeout is not None:
        builder = builder.read_timeout(timedelta(seconds=settings.read_timeout))
    if settings.roots:
        builder = builder.add_root_certificate_pem(settings.roots)
    # koe chooses the proxy; the library would read the environment in its own way.
    builder = builder.proxy(ProxyBuilder.all(proxy)) if proxy else builder.no_proxy()
    return builder.build()


def _headers(response: Response) -> list[tuple[str, str]]:
    """Return the headers, without those that are not text."""
    try:
        return list(response.headers.items())
    except ValueError:
        headers = []
        for name in set(response.headers):
            try:
                headers += [(name, value) for value in response.get_header_all(name)]
            except ValueError:
                continue
        return headers


def _as_httpx(exc: exceptions.PyreqwestError) -> httpx.TransportError:
    kind = next(target for source, target in _AS_HTTPX if isinstance(exc, source))
    return kind(exc.message)
