"""The one client: a request and its time limit, redirects, and the warm-up."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from koe.endpoint import join, origin_of
from koe.errors import LlmConnectionError, LlmError, LlmReplyError, LlmTimeoutError
from koe.failures import pause_asked_for
from koe.llm.connections import Connections
from koe.llm.endpoint import check_address, check_hop
from koe.llm.pool import Answer, Request
from koe.llm.refusal import presentable
from koe.llm.transport import Transport

# A correction is some kilobytes, the longest list of models some hundred.
MAX_REPLY_BYTES = 8 * 2**20
# Of what a server says about an error; the rest is not read.
MAX_ERROR_BYTES = 64 * 2**10

# A warm-up is due when a connection is this close to being given up as idle (spec llm §1.5).
WARM_UP_MARGIN = 20.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HttpReply:
    """What a server answered.

    Attributes:
        status: The HTTP status, whatever it is.
        body: Whole; of a refusal, the beginning.
        http_version: ``HTTP/2`` or ``HTTP/1.1``.
        retry_after: After how many seconds the server wants to be asked again; None if it does
            not say.
    """

    status: int
    body: bytes = field(repr=False)
    http_version: str
    retry_after: float | None = None


class Client:
    """Asks servers. All methods but ``open`` and ``retire`` on one event loop.

    Args:
        transport: The settings.
        clock: Seconds; it has to run on while the computer sleeps.
    """

    def __init__(self, transport: Transport, clock: Callable[[], float] = time.time) -> None:
        self._transport = transport
        self._connections = Connections(transport, clock)
        # The warm-ups under way, by origin.
        self._warm_ups: dict[str, asyncio.Task[None]] = {}
        # How many requests are under way.
        self._in_flight = 0
        # retire was called.
        self._retired = False
        # Where requests are made; None before the first.
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> None:
        """Build what is needed for the first request; no connection is made yet.

        Raises:
            LlmConfigError: It can't be built.
        """
        self._connections.open()

    def deadline(self) -> float:
        """When a reply has to be there that is asked for now, on the loop's clock."""
        return asyncio.get_running_loop().time() + self._transport.timeout

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        deadline: float | None = None,
        *,
        allow_plain_http: bool = False,
    ) -> HttpReply:
        """Send a body and return the reply.

        Args:
            url: Where to. It is checked (spec llm §6.1).
            headers: With the key; it goes to no other origin.
            body: Of any size.
            deadline: For one of several requests that have a time limit together.
            allow_plain_http: As for `check_address`.

        Raises:
            LlmConfigError: The address is not allowed, or a header can't be sent.
            LlmConnectionError: The server can't be reached, or the connection broke.
            LlmTimeoutError: The reply was not there in time.
            LlmReplyError: The reply is too large, or a redirect leads astray.
        """
        address = check_address(url, allow_plain_http=allow_plain_http)
        return await self._request("POST", address, headers, body, deadline)

    async def get(
        self,
        url: str,
        headers: Mapping[str, str],
        deadline: float | None = None,
        *,
        allow_plain_http: bool = False,
    ) -> HttpReply:
        """Like `post`, without a body."""
        address = check_address(url, allow_plain_http=allow_plain_http)
        return await self._request("GET", address, headers, None, deadline)

    def warm_up(
        self, url: str, headers: Mapping[str, str], *, allow_plain_http: bool = False
    ) -> asyncio.Task[None] | None:
        """Open a connection for a request that will follow, unless there is one (spec llm §1.5).

        Nobody has to wait for it. It fails in silence: whoever asks next will say why.

        Args:
            url: Of something small on the server; whatever it answers is good.
            headers: As for `get`.
            allow_plain_http: As for `get`.

        Returns:
            The task that does it; None if there is nothing to do.
        """
        try:
            address = check_address(url, allow_plain_http=allow_plain_http)
        except LlmError as exc:
            log.debug("no warm-up: %s", exc)
            return None
        server = origin_of(address)
        if server in self._warm_ups or self._is_warm(server):
            log.debug("no warm-up: %s is or will be warm", server)
            return None
        task = asyncio.get_running_loop().create_task(self._warm_up(address, headers))
        self._warm_ups[server] = task
        task.add_done_callback(lambda ended: self._warm_ups.pop(server, None))
        return task

    def retire(self) -> None:
        """Close all connections as soon as no request is under way; another one may still come.

        Any thread may call this.
        """
        self._retired = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and the connections with it
                self._loop.call_soon_threadsafe(self._close_if_idle)

    async def aclose(self) -> None:
        """Close for good: requests under way, and all later ones, raise LlmConnectionError."""
        for task in self._warm_ups.values():
            task.cancel()
        await self._connections.close()

    async def _warm_up(self, address: str, headers: Mapping[str, str]) -> None:
        try:
            reply = await self._request("GET", address, headers, None)
        except LlmError as exc:
            log.debug("the warm-up failed: %s", exc)
            return
        log.info("the connection to %s is warm (HTTP %d)", origin_of(address), reply.status)

    def _is_warm(self, server: str) -> bool:
        age = self._connections.age(server)
        return age is not None and age < self._transport.pool_idle - WARM_UP_MARGIN

    async def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: float | None = None,
    ) -> HttpReply:
        timeout = self._transport.timeout
        if timeout <= 0:
            raise LlmTimeoutError(timeout)  # before anything is sent
        self._loop = loop = asyncio.get_running_loop()
        if deadline is None:
            deadline = self.deadline()
        request = Request(method, url, headers, body, deadline)
        with self._under_way():
            try:
                async with asyncio.timeout_at(deadline):
                    return await self._follow(request)
            except TimeoutError as exc:
                raise LlmTimeoutError(timeout) from exc
            except LlmConnectionError as exc:
                if loop.time() < deadline:
                    raise
                # The library gave up first: this thread was busy.
                raise LlmTimeoutError(timeout) from exc

    async def _follow(self, request: Request) -> HttpReply:
        """Ask, and follow redirects."""
        chain = [request.url]
        while True:
            answer = await self._connections.ask(request)
            try:
                is_error = not 200 <= answer.status < 300
                limit = MAX_ERROR_BYTES if is_error else MAX_REPLY_BYTES
                body, is_whole = await answer.read(limit)
            finally:
                await answer.close()
            if is_whole:
                self._connections.note(answer)
            target = _target(answer)
            if target is None:
                return _checked(answer, body, is_whole)
            check_hop(chain, target)
            chain.append(target)
            request = _redirected(request, answer.status, target)

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1
            self._close_if_idle()

    def _close_if_idle(self) -> None:
        if self._retired and not self._in_flight:
            self._connections.abandon()


def _target(answer: Answer) -> str | None:
    """Where an answer sends us; None if it is no redirect, or does not say where."""
    if answer.status not in (301, 302, 303, 307, 308):
        return None
    location = answer.header("location")
    return join(answer.url, location) if location else None


def _redirected(request: Request, status: int, target: str) -> Request:
    """The request that follows a redirect (RFC 9110 §15.4): only 307 and 308 keep the body."""
    if status in (307, 308) or request.body is None:
        return replace(request, url=target)
    headers = {
        name: value
        for name, value in request.headers.items()
        if not name.lower().startswith("content-")
    }
    return replace(request, method="GET", url=target, headers=headers, body=None)


def _checked(answer: Answer, body: bytes, is_whole: bool) -> HttpReply:
    """Refuse what can't be read as it is."""
    if 200 <= answer.status < 300:
        if not is_whole:
            raise LlmReplyError(f"the reply is longer than {MAX_REPLY_BYTES // 2**20} MiB")
        if (coding := answer.header("content-encoding")).lower() not in ("", "identity"):
            said = presentable(coding)
            raise LlmReplyError(f"the reply is compressed ({said}), which nobody asked for")
    retry_after = pause_asked_for(answer.header("retry-after"))
    return HttpReply(answer.status, body, answer.http_version, retry_after)
