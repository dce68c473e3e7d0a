"""The HTTP client: which addresses and redirects are allowed, and how much of a reply is read.

Servers are not trusted. These rules hold for every HTTP request of koe:

- Requests are encrypted, unless they go to this machine or, if they allow it, a private network.
- A redirect stays within the origin of the first address, unless the settings say otherwise; then
  keys are left out. It never leads from an encrypted address to an unencrypted one, nor from
  elsewhere to this machine. At most ten redirects are followed.
- Compressed replies are neither requested nor accepted: they could unpack to any size.
- Whole replies, and the bodies of refusals, are read only up to a limit.
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
from koe.http.redirects import redirected
from koe.http.request import HttpSettings, Request
from koe.masking import one_line

__all__ = ["Client", "Response"]

Response = httpx.Response

# The longest reply. A correction has some kilobytes, the longest list of models or files some
# hundred.
MAX_REPLY_BYTES = 8 * 2**20
# Limits for what a server says about an error, in bytes and seconds; the rest is not read, because
# the status says the most.
MAX_ERROR_BYTES = 64 * 2**10
ERROR_SECONDS = 2.0

# Seconds before the end of an idle connection in which a warm-up replaces it (spec llm §1.5).
WARM_UP_MARGIN = 20.0

# Headers of every request that does not set them itself.
_HEADERS = {
    "accept": "*/*",
    "accept-encoding": "identity",
    "user-agent": f"koe/{__version__}",
}

# Characters that no header can have: control characters and surrogates.
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")

_parsed = lru_cache(64)(httpx.URL)

log = logging.getLogger(__name__)


class Client:
    """Sends requests. All methods but ``open`` and ``retire`` are used on one event loop.

    Args:
        settings: The settings.
        clock: Returns seconds; it must run on while the computer sleeps.
    """

    def __init__(self, settings: HttpSettings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._connections = Connections(settings, clock)
        # The warm-ups under way, by origin.
        self._warm_ups: dict[str, asyncio.Task[None]] = {}

    def open(self) -> None:
        """Prepare the first request, without opening a connection.

        Raises:
            HttpConfigError: The HTTP client can't be built.
        """
        self._connections.open()

    def deadline(self) -> float:
        """Return the time limit of a request that is sent now, on the loop's clock."""
        return asyncio.get_running_loop().time() + self._settings.timeout

    async def send(self, request: Request, deadline: float | None = None) -> Response:
        """Send a request and return the whole reply.

        Args:
            request: The request. The key in its headers goes to no other origin.
            deadline: The time limit, if several requests have one together; None: that of the
                settings.

        Returns:
            The reply, regardless of its status; of a refusal, only the beginning.

        Raises:
            HttpConfigError: The address is not allowed, or a header can't be sent.
            HttpConnectionError: The server can't be reached, or the connection broke.
            HttpTimeoutError: The whole reply did not come in time.
            HttpReplyError: The reply can't be used, or a redirect is not allowed.
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
            # The library's own limit came first, because this thread was busy.
            raise HttpTimeoutError(timeout) from exc

    @asynccontextmanager
    async def stream(
        self, request: Request, deadline: float = math.inf, limit: float = math.inf
    ) -> AsyncIterator[Response]:
        """Send a request, and yield the reply once it has begun.

        Args:
            request: What to send. The key in its headers goes to no other origin.
            deadline: The time limit, on the loop's clock.
            limit: The most bytes of the reply.

        Yields:
            The reply, regardless of its status; of a refusal, only the beginning.

        Raises:
            HttpError: As `send`; also while the reply is read.
        """
        asked = [self._checked(request)]
        while True:
            response = await self._begin(asked[-1], deadline)
            try:
                following = None
                if response.has_redirect_location:
                    following = redirected(asked, response, self._settings)
                if following is None:
                    response.stream = _body(response, asked[-1], limit)
                    yield response
                    return
                asked.append(following)
                # Read the rest, so that the connection can be used again.
                await _beginning(_stream_of(response))
            finally:
                await response.aclose()

    def warm_up(self, request: Request) -> asyncio.Task[None] | None:
        """Open a connection for a request that will follow, unless there is one (spec llm §1.5).

        It never raises, because the next request will report the problem.

        Args:
            request: A request for something small; any answer will do.

        Returns:
            The task of the request; None if there is a connection.
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
        """Close all connections once no request is under way; later requests are still possible.

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
        """Return the request with its address in normal form, if it may be sent."""
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
        # User and password of the address become a header, unless there is a key.
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
        # ValueError: the host is no valid name, which shows only when it is looked up.
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
        raise HttpReplyError(f"the reply is compressed ({said}), which koe did not ask for")
    return _Bounded(response, request.url, limit)


class _Bounded(httpx.AsyncByteStream):
    """A body that raises an error if it is too long or incomplete."""

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
    """The beginning of a refusal's body; empty if it is compressed."""

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
