"""Connections that were kept may have died: a request must not die with them.

A laptop sleeps, and changes networks. Then a connection of before is dead and does not say so, and
a request on it would wait until its time is up. So such a connection is not trusted blindly:

- nobody was heard for longer than connections are kept, by the clock on the wall, which runs on
  while a computer sleeps: those of before are left alone;
- the connection breaks before the reply begins: the request is sent again, on a new one;
- no word comes for a while: over HTTP/2 the server is asked for a sign of life, on the same
  connection. If that does not come either, the request is sent again on a new one, and the first
  reply counts. On HTTP/1.1 nothing can be asked meanwhile, so there the wait is longer, and a
  server that was heard just now is not doubted.

A correction that is made twice does no harm; one that fails does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from koe.endpoint import is_local, origin_of
from koe.errors import LlmConnectionError
from koe.llm.pool import Answer, Pool, Request
from koe.llm.transport import Transport

# How long a connection of before may be silent before it is asked for a sign of life: this part of
# the time limit, but no longer than so many seconds. For the sign, it has half of that again.
SILENCE_PART = 1 / 4
SILENCE_SECONDS = 2.0

# The same where nothing can be asked, unless the last sign of life is so fresh, in seconds.
SILENCE_PART_HTTP1 = 1 / 2
TRUST_SECONDS_HTTP1 = 10.0

# By how much a time service may set the wall clock back while it runs: no reason for a doubt.
CORRECTION_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Contact:
    """The last time that a server was heard: when, by the wall clock, and how."""

    time: float
    http_version: str


class Connections:
    """A pool that is replaced when its connections are dead.

    Args:
        transport: The settings.
        clock: Seconds; it has to run on while the computer sleeps.
    """

    def __init__(self, transport: Transport, clock: Callable[[], float]) -> None:
        self._transport = transport
        self._clock = clock
        # None until it is needed, and when it is needed no more.
        self._pool: Pool | None = None
        # Who was heard through this pool, by origin.
        self._contacts: dict[str, Contact] = {}
        # Answers that are being taken back.
        self._closing: set[asyncio.Future[None]] = set()
        # close was called.
        self._closed = False

    def open(self) -> Pool:
        """Return the pool; a new one when there is none.

        Raises:
            LlmConfigError: It can't be built.
            LlmConnectionError: This was closed.
        """
        if self._closed:
            raise LlmConnectionError("the client is closed")
        if self._pool is None:
            self._pool = Pool(self._transport)
        return self._pool

    def abandon(self) -> None:
        """Use the connections no more. Requests that are on them still end, then they close."""
        self._pool = None
        self._contacts.clear()

    async def close(self) -> None:
        """Close for good: requests under way raise LlmConnectionError."""
        self._closed = True
        pool = self._pool
        self.abandon()
        if pool is not None:
            await pool.close()

    def note(self, answer: Answer) -> None:
        """Note that a whole reply has come: this connection lives."""
        if answer.pool is self._pool:
            contact = Contact(self._clock(), answer.http_version)
            self._contacts[origin_of(answer.url)] = contact

    def age(self, server: str) -> float | None:
        """Seconds since a server was heard; None for never.

        Args:
            server: Its origin.
        """
        contact = self._contacts.get(server)
        return None if contact is None else self._age(contact)

    async def ask(self, request: Request) -> Answer:
        """Send a request, twice if need be, and return the first reply that begins.

        Returns:
            The answer, to be closed by the caller.

        Raises:
            LlmConfigError: A header can't be sent.
            LlmConnectionError: There was no connection, or it broke.
            LlmReplyError: The reply is not HTTP.
        """
        ages = [self._age(contact) for contact in self._contacts.values()]
        if ages and min(ages) > self._transport.pool_idle:
            self.abandon()
        pool = self.open()
        contact = self._contacts.get(origin_of(request.url))
        if contact is None:
            return await pool.send(request)  # a new connection: nothing to doubt
        attempts = [asyncio.create_task(pool.send(request))]
        winner: asyncio.Task[Answer] | None = None
        try:
            winner = await self._first_attempt(attempts[0], pool, request, contact)
            if winner is None:
                if self._pool is pool:
                    self.abandon()
                attempts.append(asyncio.create_task(self.open().send(request)))
                winner = await _first_success(attempts)
            return winner.result()
        finally:
            for attempt in attempts:
                if attempt is not winner:
                    self._let_go(attempt)

    async def _first_attempt(
        self, attempt: asyncio.Task[Answer], pool: Pool, request: Request, contact: Contact
    ) -> asyncio.Task[Answer] | None:
        """Wait for an attempt; None when it has failed, or its connection may be dead."""
        if not await self._shows_life(attempt, pool, request, contact):
            log.debug("asking again on a new connection: no sign of life from the old one")
            return None
        try:
            await attempt
        except LlmConnectionError as exc:
            log.debug("asking again on a new connection: %s", exc)
            return None
        return attempt

    async def _shows_life(
        self, attempt: asyncio.Task[Answer], pool: Pool, request: Request, contact: Contact
    ) -> bool:
        """Wait until it is clear whether the connection lives; if so, the attempt may run on."""
        if request.url.startswith("http:") and is_local(request.url):
            return True  # this computer, which can't be cut off
        timeout = self._transport.timeout
        if contact.http_version != "HTTP/2":
            if self._age(contact) <= TRUST_SECONDS_HTTP1:
                return True
            await asyncio.wait({attempt}, timeout=timeout * SILENCE_PART_HTTP1)
            return attempt.done()
        patience = min(timeout * SILENCE_PART, SILENCE_SECONDS)
        await asyncio.wait({attempt}, timeout=patience)
        if attempt.done():
            return True
        # Without a key: whoever answers shows life, and that is enough.
        root = Request("HEAD", f"{origin_of(request.url)}/", deadline=request.deadline)
        question = asyncio.create_task(pool.send(root))
        try:
            await asyncio.wait(
                {attempt, question}, timeout=patience / 2, return_when=asyncio.FIRST_COMPLETED
            )
            return attempt.done() or (question.done() and question.exception() is None)
        finally:
            self._let_go(question)

    def _let_go(self, attempt: asyncio.Task[Answer]) -> None:
        """Take an attempt back; how it ends does not matter any more."""

        def close(ended: asyncio.Task[Answer]) -> None:
            if not ended.cancelled() and ended.exception() is None:
                # It came through all the same. Left alone, the rest of its reply would come too.
                closing = asyncio.ensure_future(ended.result().close())
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)

        attempt.cancel()
        attempt.add_done_callback(close)

    def _age(self, contact: Contact) -> float:
        age = self._clock() - contact.time
        # A clock that was set back says nothing, unless it was only corrected.
        return max(age, 0.0) if age > -CORRECTION_SECONDS else float("inf")


async def _first_success(attempts: list[asyncio.Task[Answer]]) -> asyncio.Task[Answer]:
    """Wait for the first attempt that succeeds; if there is none, for the last."""
    waiting = set(attempts)
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for attempt in done:
            if attempt.exception() is None:
                return attempt
    return attempts[-1]
