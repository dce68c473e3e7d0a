"""The client: what may be asked and followed, how much is read, and errors as ours.

What comes from a server is not believed here. These rules hold for all that koe sends over HTTP:

- Addresses are encrypted, or on this machine.
- A redirect stays within the origin of the first address, unless the settings say otherwise; then
  no key goes along. It never leads from an encrypted address to one that is not, nor from elsewhere
  to this machine, and no further than ten times.
- Nothing is compressed: it is not asked for, and could be any size.
- Of a reply as a whole and of a refusal, so much is read and no more.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import lru_cache

import httpx

from koe import __version__
from koe.endpoint import check_endpoint, origin_of, shown, user_of, without_user
from koe.errors import EndpointError
from koe.http.connections import Connections
from koe.http.errors import (
    HttpConfigError,
    HttpConnectionError,
    HttpError,
    HttpReplyError,
    HttpTimeoutError,
)
from koe.http.failures import failure, interruption
from koe.http.redirects import Redirects
from koe.http.request import HttpSettings, Request
from koe.masking import one_line

__all__ = ["Client", "Response"]

Response = httpx.Response

# A correction is some kilobytes, the longest list of models or files some hundred.
MAX_REPLY_BYTES = 8 * 2**20
# Of what a server says about an error; the rest is not read, nor waited for: its status says the
# most.
MAX_ERROR_BYTES = 64 * 2**10
ERROR_SECONDS = 2.0

# A warm-up is due when a connection is this close to being given up as idle (spec llm §1.5).
WARM_UP_MARGIN = 20.0

# What is sent with every request that has no other words for it.
_HEADERS = {
    "accept": "*/*",
    "accept-encoding": "identity",
    "user-agent": f"koe/{__version__}",
}

# What no header can hold: control characters, and halves of characters.
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")

_parsed = lru_cache(64)(httpx.URL)

log = logging.getLogger(__name__)


class Client:
    """Asks servers. All methods but ``open`` and ``retire`` on one event loop.

    Args:
        settings: The settings.
        clock: Seconds; it has to run on while the computer sleeps.
    """

    def __init__(self, settings: HttpSettings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._connections = Connections(settings, clock)
        # The warm-ups under way, by origin.
        self._warm_ups: dict[str, asyncio.Task[None]] = {}

    def open(self) -> None:
        """Build what is needed for the first request; no connection is made yet.

        Raises:
            HttpConfigError: It can't be built.
        """
        self._connections.open()

    def deadline(self) -> float:
        """When a reply has to be there that is asked for now, on the loop's clock."""
        return asyncio.get_running_loop().time() + self._settings.timeout

    async def send(self, request: Request, deadline: float | None = None) -> Response:
        """Send a request and return the whole reply.

        Args:
            request: What to send. The key in its headers goes to no other origin.
            deadline: For one of several requests that have a time limit together.

        Returns:
            The reply, whatever its status; of a refusal, the beginning.

        Raises:
            HttpConfigError: The address is not allowed, or a header can't be sent.
            HttpConnectionError: The server can't be reached, or the connection broke.
            HttpTimeoutError: The reply was not there in time.
            HttpReplyError: The reply can't be used, or a redirect leads astray.
        """
        timeout = self._settings.timeout
        if timeout <= 0:
            raise HttpTimeoutError(timeout)  # before anything is sent
        deadline = self.deadline() if deadline is None else deadline
        try:
            async with (
                asyncio.timeout_at(deadline),
                self.stream(request, deadline, MAX_REPLY_BYTES) as response,
            ):
                await response.aread()
                return response
        except TimeoutError as exc:
            raise HttpTimeoutError(timeout) from exc
        except HttpConnectionError as exc:
            if asyncio.get_running_loop().time() < deadline:
                raise
            # The library gave up first: this thread was busy.
            raise HttpTimeoutError(timeout) from exc

    @asynccontextmanager
    async def stream(
        self, request: Request, deadline: float = math.inf, limit: float = math.inf
    ) -> AsyncIterator[Response]:
        """Send a request and return a reply that has begun.

        Args:
            request: What to send. The key in its headers goes to no other origin.
            deadline: When it is not waited for any more, on the loop's clock.
            limit: How many bytes it may have.

        Returns:
            The reply, whatever its status; of a refusal, the beginning.

        Raises:
            HttpError: As `send`; also while the reply is read.
        """
        redirects = Redirects(self._settings, self._checked(request))
        while True:
            request = redirects.request
            response = await self._begin(request, deadline)
            try:
                if not redirects.follow(response):
                    response.stream = _body(response, request, limit)
                    yield response
                    return
                # So that the connection can be used again.
                await _beginning(_stream_of(response))
            finally:
                await response.aclose()

    def warm_up(self, request: Request) -> asyncio.Task[None] | None:
        """Open a connection for a request that will follow, unless there is one (spec llm §1.5).

        It fails in silence: the next request will say why.

        Args:
            request: For something small on the server; whatever it answers is good.

        Returns:
            The task that does it; None if there is nothing to do.
        """
        try:
            address = self._checked(request).url
        except HttpError as exc:
            log.debug("no warm-up: %s", exc)
            return None
        server = origin_of(address)
        age = self._connections.age(server)
        is_warm = age is not None and age < self._settings.pool_idle - WARM_UP_MARGIN
        if server in self._warm_ups or is_warm:
            log.debug("no warm-up: %s is or will be warm", server)
            return None
        task = asyncio.get_running_loop().create_task(self._warm_up(request, server))
        self._warm_ups[server] = task
        task.add_done_callback(lambda ended: self._warm_ups.pop(server, None))
        return task

    def retire(self) -> None:
        """Close all connections as soon as no request is under way; another one may still come.

        Any thread may call this.
        """
        self._connections.retire()

    async def aclose(self) -> None:
        """Close for good: requests under way, and all later ones, raise HttpConnectionError."""
        for task in self._warm_ups.values():
            task.cancel()
        await self._connections.aclose()

    async def _warm_up(self, request: Request, server: str) -> None:
        try:
            response = await self.send(request)
        except HttpError as exc:
            log.debug("the warm-up failed: %s", exc)
            return
        log.info("the connection to %s is warm (HTTP %d)", server, response.status_code)

    def _checked(self, request: Request) -> Request:
        """The request at the normal form of its address, if it may be asked."""
        try:
            url = check_endpoint(request.url, allow_private=request.allow_private)
        except EndpointError as exc:
            raise HttpConfigError(str(exc)) from exc
        if not url.startswith("http"):
            raise HttpConfigError(f"{shown(url)} does not begin with https://")
        for name, value in request.headers:
            if _UNSENDABLE.search(value):
                raise HttpConfigError(
                    f"the header {name} can't be sent: there is a line break or another control "
                    "character in it (in a key, most likely)"
                )
        return request.at(url)

    async def _begin(self, request: Request, deadline: float) -> Response:
        """Send one request and wait until the reply begins."""
        url = request.url
        headers = _HEADERS | {name.lower(): value for name, value in request.headers}
        # What stands before the host is no part of the address, and a key beats it.
        if user := user_of(url):
            headers = {"authorization": f"Basic {b64encode(user.encode()).decode()}"} | headers
        with self._mapped(url):
            sent = httpx.Request(
                request.method,
                _parsed(without_user(url) if user else url),
                headers={name.encode(): value.encode() for name, value in headers.items()},
                content=request.body or None,
                extensions={"deadline": deadline},
            )
            response = await self._connections.handle_async_request(sent)
        response.request = sent
        return response

    @contextmanager
    def _mapped(self, url: str) -> Iterator[None]:
        try:
            yield
        # ValueError: a host that is no host name, which is found out when it is looked up.
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as exc:
            raise failure(exc, url, self._settings.setting) from exc


def _body(response: Response, request: Request, limit: float) -> httpx.AsyncByteStream:
    """The body of a reply, under the rules of this module.

    Raises:
        HttpReplyError: It is compressed.
    """
    coding = response.headers.pop("content-encoding", "identity")
    is_plain = coding.lower() in ("", "identity")
    if not response.is_success:
        return _Beginning(response, is_plain)
    if not is_plain:
        said = one_line(coding, request.secrets)
        raise HttpReplyError(f"the reply is compressed ({said}) without request")
    return _Bounded(response, request.url, limit)


class _Bounded(httpx.AsyncByteStream):
    """A body that ends with an error when it is too long, or breaks off."""

    def __init__(self, response: Response, url: str, limit: float) -> None:
        self._stream = _stream_of(response)
        self._url = url
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        count = 0
        try:
            async for chunk in self._stream:
                count += len(chunk)
                if count > self._limit:
                    raise HttpReplyError(f"the reply is longer than {self._limit / 2**20:g} MiB")
                yield chunk
        except httpx.TransportError as exc:
            raise interruption(exc, self._url) from exc

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Beginning(httpx.AsyncByteStream):
    """The beginning of a refusal; nothing of one that can't be read as it is."""

    def __init__(self, response: Response, is_readable: bool) -> None:
        self._stream = _stream_of(response)
        self._is_readable = is_readable

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._is_readable:
            yield await _beginning(self._stream)

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _beginning(stream: httpx.AsyncByteStream) -> bytes:
    """Read the beginning of a body, up to a limit of bytes and of time."""
    body = bytearray()
    with suppress(TimeoutError, httpx.TransportError):
        async with asyncio.timeout(ERROR_SECONDS):
            async for chunk in stream:
                body += chunk
                if len(body) > MAX_ERROR_BYTES:
                    break
    return bytes(body[:MAX_ERROR_BYTES])


def _stream_of(response: Response) -> httpx.AsyncByteStream:
    assert isinstance(response.stream, httpx.AsyncByteStream)
    return response.stream
