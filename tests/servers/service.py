"""A service on a thread of its own, so that blocking clients and other loops can talk to it.

It can lie at every point of a conversation: a test puts a fault there, and the fault may stall,
drop the connection, close it, or say something else. It can also refuse the handshake, cut its
messages into fragments, and change their order.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from enum import Enum
from types import TracebackType
from typing import Self

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

Message = str | bytes

# A thread that takes longer hangs.
PATIENCE = 30.0


class Point(Enum):
    """Where in a conversation a fault can be."""

    OPENED = "the connection stands, and nothing was said"
    SET_UP = "the client said what it wants, and has no answer"
    AUDIO = "audio was heard for the first time, and has no answer"
    FINISH = "the end of the audio was sent, and has no answer"


class HungUpError(Exception):
    """The service talks no more; the connection is left as it is, or was ended."""


class Conversation:
    """One connection, as the service sees it. Tests may look at it from their thread.

    Args:
        service: Whose it is.
        connection: The connection.
    """

    def __init__(self, service: Service, connection: ServerConnection) -> None:
        self._service = service
        self.connection = connection
        request = connection.request
        assert request is not None
        # What the client asked for, with its query.
        self.path = request.path
        # The client's headers, in order.
        self.headers = list(request.headers.raw_items())
        # What the client said; only its last words if the service keeps nothing.
        self.received: list[Message] = []
        # How much audio was heard, in bytes of PCM.
        self.heard_bytes = 0
        # The client has sent the end of the audio.
        self.is_finished = False
        # A fault was reached.
        self.at_fault = threading.Event()
        # The conversation is over, for the service.
        self.over = threading.Event()

    async def receive(self) -> Message:
        """Wait for the client's next message."""
        message = await self.connection.recv()
        if not self._service.keeps:
            self.received.clear()
        self.received.append(message)
        return message

    async def send(self, *messages: Message) -> None:
        """Say something, in the order and the fragments that a test has set."""
        for message in self._service.rearrange(list(messages)):
            await self.connection.send(self._fragments(message), text=isinstance(message, str))

    async def reach(self, point: Point) -> None:
        """Do what is to be done at a point."""
        if fault := self._service.faults.get(point):
            self.at_fault.set()
            await fault(self)

    def _fragments(self, message: Message) -> Message | Iterable[bytes]:
        size = self._service.fragment_bytes
        if not size:
            return message
        raw = message.encode() if isinstance(message, str) else message
        return (raw[start : start + size] for start in range(0, len(raw), size))


Fault = Callable[[Conversation], Awaitable[None]]


class Service(ABC):
    """Starts with its context, and ends with it, also while clients are connected.

    Args:
        tls: Speaks TLS with it, as ``localhost``.
        port: Where; 0 for any that is free.
    """

    # What follows the port in its address.
    path = "/"

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self._tls = tls
        self._port = port
        # What goes wrong.
        self.faults: dict[Point, Fault] = {}
        # Answers handshakes instead of the service, unless it returns nothing.
        self.answer: Callable[[Request], Awaitable[Response | None]] | None = None
        # Cuts messages into fragments of so many bytes; 0: not at all.
        self.fragment_bytes = 0
        # Changes what is said at once.
        self.rearrange: Callable[[list[Message]], list[Message]] = lambda messages: messages
        # Conversations keep what they received.
        self.keeps = True
        # All that there were.
        self.conversations: list[Conversation] = []
        # Counts who connected.
        self._connected = threading.Semaphore(0)
        # How many of them conversation has returned.
        self._returned = 0
        # Set when there is an address, or no hope of one.
        self._started = threading.Event()
        # A handshake is left unanswered.
        self.asked = threading.Event()
        # The thread's loop, and what ends it.
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()
        # Handshakes are left unanswered until it is set.
        self._consented = asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @abstractmethod
    async def converse(self, conversation: Conversation) -> None:
        """Talk to a client until everything is said; then the connection is closed."""

    async def never_answer(self, request: Request) -> Response | None:
        """Leave a handshake unanswered, until consent is called or the service ends."""
        self.asked.set()
        await self._consented.wait()
        return None

    def consent(self) -> None:
        """Answer the handshakes that were left unanswered."""
        self._call(self._consented.set)

    def handshake_headers(self) -> dict[str, str]:
        """What the service adds to its consent."""
        return {}

    @property
    def url(self) -> str:
        """The service's address."""
        scheme, host = ("wss", "localhost") if self._tls else ("ws", "127.0.0.1")
        return f"{scheme}://{host}:{self._port}{self.path}"

    def conversation(self) -> Conversation:
        """Wait for the next connection that was not returned yet."""
        assert self._connected.acquire(timeout=PATIENCE)
        self._returned += 1
        return self.conversations[self._returned - 1]

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(PATIENCE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._call(self._consented.set)
        self._call(self._stopped.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _call(self, function: Callable[[], object]) -> None:
        assert self._loop is not None, "the service has not started"
        self._loop.call_soon_threadsafe(function)

    async def _serve(self) -> None:
        async with serve(
            self._handle,
            "127.0.0.1",
            self._port,
            ssl=self._tls,
            process_request=self._answer,
            process_response=self._add_headers,
            compression=None,
            ping_interval=None,
            close_timeout=0.5,
            open_timeout=None,
        ) as server:
            self._port = next(iter(server.sockets)).getsockname()[1]
            self._loop = asyncio.get_running_loop()
            self._started.set()
            await self._stopped.wait()
            for conversation in self.conversations:
                conversation.connection.transport.abort()

    async def _handle(self, connection: ServerConnection) -> None:
        conversation = Conversation(self, connection)
        self.conversations.append(conversation)
        self._connected.release()
        try:
            await conversation.reach(Point.OPENED)
            await self.converse(conversation)
        except (ConnectionClosed, HungUpError):
            pass
        finally:
            conversation.over.set()

    async def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        return await self.answer(request) if self.answer is not None else None

    def _add_headers(
        self, connection: ServerConnection, request: Request, response: Response
    ) -> None:
        response.headers.update(self.handshake_headers())


# --- faults ------------------------------------------------------------------------------


async def stall(conversation: Conversation) -> None:
    """Neither read nor say anything any more, and keep the connection."""
    await conversation.connection.wait_closed()
    raise HungUpError


async def die(conversation: Conversation) -> None:
    """Answer nothing any more, not even a ping, as one whose network is gone."""
    conversation.connection.transport.pause_reading()
    await stall(conversation)


async def fall_silent(conversation: Conversation) -> None:
    """Read on, and say nothing any more."""
    while True:
        await conversation.receive()


async def drop(conversation: Conversation) -> None:
    """Cut the connection."""
    conversation.connection.transport.abort()
    raise HungUpError


async def hang_up(conversation: Conversation) -> None:
    """End the connection without a close frame."""
    conversation.connection.transport.close()
    raise HungUpError


def close(code: int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> Fault:
    """Close the connection with a code."""

    async def fault(conversation: Conversation) -> None:
        await conversation.connection.close(code, reason)
        raise HungUpError

    return fault


async def close_without_code(conversation: Conversation) -> None:
    """Close the connection with an empty close frame."""
    connection = conversation.connection
    connection.protocol.send_close()
    connection.send_data()
    await connection.wait_closed()
    raise HungUpError


def say(*messages: Message) -> Fault:
    """Say something out of turn, and go on."""

    async def fault(conversation: Conversation) -> None:
        await conversation.send(*messages)

    return fault
