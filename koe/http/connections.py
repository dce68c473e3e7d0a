"""Replaces connections that have died, so that requests do not fail because of them.

A laptop sleeps, and changes networks. Then an old connection is dead without notice, and a request
on it would wait until its time limit. So old connections are checked:

- if no server answered for longer than connections are kept, by the wall clock, which runs on while
  the computer sleeps, the old connections are not used;
- if the connection breaks before the reply begins, the request is sent again on a new one;
- if there is no answer for a while, over HTTP/2 a second request on the same connection checks it.
  Without an answer to that either, the request is sent again on a new one, and the first reply
  counts. HTTP/1.1 has no such check, so the wait is longer, and a server that answered just now is
  trusted.

To make a correction twice does no harm, but a failed correction does. A request without a time
limit is not sent again because of silence.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass

import httpx

from koe.endpoint import is_local, origin_of
from koe.http.errors import HttpConnectionError
from koe.http.request import HttpSettings
from koe.http.routes import Routes

# The silence of an old connection after which it is checked: this part of the time limit, but at
# most this number of seconds. The check may take half of that.
SILENCE_PART = 1 / 4
SILENCE_SECONDS = 2.0

# The same for HTTP/1.1, unless the last answer is at most this old, in seconds.
SILENCE_PART_HTTP1 = 1 / 2
TRUST_SECONDS_HTTP1 = 10.0

# Seconds by which a time service may set the wall clock back.
CORRECTION_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Contact:
    """The last whole reply of a server: its time by the wall clock, and its HTTP version."""

    time: float
    http_version: str


class Pool:
    """A set of connections that are replaced together.

    Args:
        settings: The settings.
        is_over: Whether they are closed as soon as no request is under way.

    Attributes:
        contacts: The last contact with each server, by origin.
        under_way: The number of requests on them.
        is_over: They are closed as soon as no request is under way.

    Raises:
        HttpConfigError: The HTTP client can't be built.
    """

    def __init__(self, settings: HttpSettings, *, is_over: bool) -> None:
        self.contacts: dict[str, Contact] = {}
        self.under_way = 0
        self.is_over = is_over
        self._routes = Routes(settings)
        # The transport to each server, by origin.
        self._transports: dict[str, httpx.AsyncBaseTransport] = {}

    def transport(self, request: httpx.Request) -> httpx.AsyncBaseTransport:
        """Return the transport of a request.

        Raises:
            HttpConfigError: The address of the proxy can't be read.
        """
        url = str(request.url)
        origin = origin_of(url)
        if origin not in self._transports:
            self._transports[origin] = self._routes.transport_to(url)
        return self._transports[origin]

    async def aclose(self) -> None:
        """Close all connections."""
        self._transports.clear()  # a reply that is not closed must not keep them open
        await self._routes.aclose()


class Connections(httpx.AsyncBaseTransport):
    """A transport that replaces its connections when they are dead.

    All methods but `open` and `retire` are used on one event loop.

    Args:
        settings: The settings.
        clock: Returns seconds; it has to run on while the computer sleeps.
    """

    def __init__(self, settings: HttpSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        # The connections in use; None until they are needed, and when they were abandoned.
        self._pool: Pool | None = None
        # Connections and replies that are being closed.
        self._closing: set[asyncio.Future[None]] = set()
        # retire was called.
        self._is_retired = False
        # aclose was called.
        self._is_closed = False
        # The loop of the requests; None before the first one.
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> Pool:
        """Return the pool; create one if there is none.

        Raises:
            HttpConfigError: It can't be built.
            HttpConnectionError: `aclose` was called.
        """
        if self._is_closed:
            raise HttpConnectionError("the client is closed")
        if self._pool is None:
            self._pool = Pool(self._settings, is_over=self._is_retired)
        return self._pool

    def abandon(self) -> None:
        """Stop using the present connections; they close after the last request on them."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.is_over = True
            self._close_if_over(pool)

    def retire(self) -> None:
        """Close all connections once no request is under way; later requests are still possible.

        Any thread may call this.
        """
        self._is_retired = True
        if self._loop is None:
            self._pool = None  # it has no connections
            return
        with suppress(RuntimeError):  # the loop has ended, and the connections with it
            self._loop.call_soon_threadsafe(self.abandon)

    async def aclose(self) -> None:
        """Close for good: requests under way raise httpx.TransportError."""
        self._is_closed = True
        pool = self._pool
        self.abandon()
        if pool is not None:
            await pool.aclose()
        await asyncio.gather(*self._closing, return_exceptions=True)

    def age(self, server: str) -> float | None:
        """Return the seconds since a server's last whole reply; None: there was none.

        Args:
            server: Its origin.
        """
        contact = None if self._pool is None else self._pool.contacts.get(server)
        return None if contact is None else self._age(contact)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, a second time if necessary, and return the first reply that begins.

        Returns:
            The reply; its stream is to be closed.

        Raises:
            httpx.TransportError: There was no connection, or it broke, or it is not HTTP.
        """
        self._loop = asyncio.get_running_loop()
        pool = self.open()
        ages = [self._age(contact) for contact in pool.contacts.values()]
        if ages and min(ages) > self._settings.pool_idle:
            self.abandon()
            pool = self.open()
        contact = pool.contacts.get(origin_of(str(request.url)))
        if contact is None:
            return await self._send(pool, request)  # a new connection needs no check
        attempts = [asyncio.create_task(self._send(pool, request))]
        winner: asyncio.Task[httpx.Response] | None = None
        try:
            winner = await self._first_attempt(attempts[0], pool, request, contact)
            if winner is None:
                if self._pool is pool:
                    self.abandon()
                attempts.append(asyncio.create_task(self._send(self.open(), request)))
                winner = await _first_success(attempts)
            return winner.result()
        finally:
            for attempt in attempts:
                if attempt is not winner:
                    self._let_go(attempt)

    async def _send(self, pool: Pool, request: httpx.Request) -> httpx.Response:
        pool.under_way += 1
        try:
            response = await pool.transport(request).handle_async_request(request)
        except BaseException:
            self._leave(pool)
            raise
        http_version = response.http_version

        def note() -> None:
            """Note a complete reply: the connection is alive."""
            contact = Contact(self._clock(), http_version)
            pool.contacts[origin_of(str(request.url))] = contact

        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Watched(response.stream, note, lambda: self._leave(pool))
        return response

    async def _first_attempt(
        self,
        attempt: asyncio.Task[httpx.Response],
        pool: Pool,
        request: httpx.Request,
        contact: Contact,
    ) -> asyncio.Task[httpx.Response] | None:
        """Wait for an attempt; None when it has failed, or its connection may be dead."""
        if not await self._shows_life(attempt, pool, request, contact):
            log.debug("asking again on a new connection: no sign of life from the old one")
            return None
        try:
            await attempt
        except httpx.TransportError as exc:
            log.debug("asking again on a new connection: %s", type(exc).__name__)
            return None
        return attempt

    async def _shows_life(
        self,
        attempt: asyncio.Task[httpx.Response],
        pool: Pool,
        request: httpx.Request,
        contact: Contact,
    ) -> bool:
        """Return whether the connection may still be alive; the attempt runs on in any case."""
        timeout = self._settings.timeout
        if math.isinf(timeout) or (request.url.scheme == "http" and is_local(str(request.url))):
            return True  # no connection to this computer is cut off
        if contact.http_version != "HTTP/2":
            if self._age(contact) <= TRUST_SECONDS_HTTP1:
                return True
            await asyncio.wait({attempt}, timeout=timeout * SILENCE_PART_HTTP1)
            return attempt.done()
        patience = min(timeout * SILENCE_PART, SILENCE_SECONDS)
        await asyncio.wait({attempt}, timeout=patience)
        if attempt.done():
            return True
        # It is sent without a key, because any answer is enough.
        root = httpx.Request(
            "HEAD",
            request.url.copy_with(raw_path=b"/"),
            extensions={"deadline": request.extensions.get("deadline", math.inf)},
        )
        question = asyncio.create_task(self._send(pool, root))
        try:
            await asyncio.wait(
                {attempt, question}, timeout=patience / 2, return_when=asyncio.FIRST_COMPLETED
            )
            return attempt.done() or (question.done() and question.exception() is None)
        finally:
            self._let_go(question)

    def _let_go(self, attempt: asyncio.Task[httpx.Response]) -> None:
        """Cancel an attempt, and close its reply if there is one."""

        def close(ended: asyncio.Task[httpx.Response]) -> None:
            if not ended.cancelled() and ended.exception() is None:
                # It succeeded nevertheless. Without this, the rest of its reply would be received.
                self._keep(asyncio.ensure_future(ended.result().aclose()))

        attempt.cancel()
        attempt.add_done_callback(close)

    def _leave(self, pool: Pool) -> None:
        pool.under_way -= 1
        self._close_if_over(pool)

    def _close_if_over(self, pool: Pool) -> None:
        if pool.is_over and not pool.under_way and self._loop is not None:
            if pool is self._pool:
                self.abandon()
                return
            self._keep(self._loop.create_task(pool.aclose()))

    def _keep(self, closing: asyncio.Future[None]) -> None:
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _age(self, contact: Contact) -> float:
        age = self._clock() - contact.time
        # The age is unknown if the clock was set back by more than a correction.
        return max(age, 0.0) if age > -CORRECTION_SECONDS else float("inf")


class _Watched(httpx.AsyncByteStream):
    """The body of a reply, with a callback for its end and one for its closing."""

    def __init__(
        self,
        stream: httpx.AsyncByteStream,
        on_end: Callable[[], None],
        on_close: Callable[[], None],
    ) -> None:
        self._stream = stream
        self._on_end = on_end
        self._on_close: Callable[[], None] | None = on_close

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk
        self._on_end()

    async def aclose(self) -> None:
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            try:
                await self._stream.aclose()
            finally:
                on_close()


async def _first_success(
    attempts: list[asyncio.Task[httpx.Response]],
) -> asyncio.Task[httpx.Response]:
    """Return the first attempt that succeeds; if none does, the last one."""
    waiting = set(attempts)
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for attempt in done:
            if attempt.exception() is None:
                return attempt
    return attempts[-1]
