"""Engines in the network that listen while the user speaks: a protocol, run over a connection.

Audio is sent in packets of the size that the services ask for, whatever the size of the frames.
While the connection is being opened ``send_audio`` is not called: until then the audio waits where
it is recorded, so nothing is lost, and here nothing of it is kept.

A service that says nothing about speech is asked for a sign of life, and then given up, while the
user speaks. After the end of the input a session decides how long it waits.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from koe.asr import Engine, before_the_end
from koe.asr.protocol import Message, Protocol
from koe.asr.stall import StallWatch
from koe.asr.transport import DEATH_TIMEOUT, WebSocket, open_websocket
from koe.errors import AsrConnectionError, AsrError, AsrProtocolError, AsrTimeoutError
from koe.events import (
    BYTES_PER_SECOND,
    DefiniteHeard,
    EngineClosed,
    EngineErred,
    EngineWorking,
    Event,
    FinalHeard,
    InterimHeard,
)
from koe.masking import one_line

# The services advise 100 to 200 ms (spec asr §1.8). What is less waits for more, or for the end.
PACKET_BYTES = BYTES_PER_SECOND // 5
_SMALLEST_PACKET_BYTES = BYTES_PER_SECOND // 10

# How long the service may take to be ready once the connection stands (spec asr §1.7), in
# addition to what the user allows for the connection.
SETUP_TIMEOUT = 5.0

# How long a service may go on about audio that it has had the time to hear: as long as those that
# get the whole recording at once (`koe.asr.recording`). Then a session waits only as if it were
# silent, so that none is kept for ever.
ANSWER_TIMEOUT = 30.0

# Seconds of speech without an answer, after which the service is asked for a sign of life.
STALL = 2.0

# So many events may wait; then the service has to. A runner never lets any wait.
_EVENTS_LIMIT = 64

log = logging.getLogger(__name__)


class StreamingEngine(Engine):
    """Runs a protocol.

    Args:
        protocol: The session, fresh.
        connect_timeout: Seconds until the connection must stand.
        stall: Seconds of speech without an answer, after which the service is asked for a sign of
            life. It is given up after two and a half times as many.
    """

    def __init__(self, protocol: Protocol, connect_timeout: float, stall: float = STALL) -> None:
        # What is said and heard.
        self._protocol = protocol
        # Seconds.
        self._connect_timeout = connect_timeout
        # The connection; None before it stands, and after close.
        self._socket: WebSocket | None = None
        # Measures how long the service says nothing.
        self._watch = StallWatch(stall)
        # Waits for the sign of life that was asked for; None: none was since the last answer.
        self._asking: asyncio.Task[None] | None = None
        # The service was given up.
        self._is_given_up = False
        # Reads it, from the end of connect.
        self._reader: asyncio.Task[None] | None = None
        # What next_event returns or raises.
        self._events: asyncio.Queue[Event | Exception] = asyncio.Queue(_EVENTS_LIMIT)
        # Audio that is no packet yet.
        self._packet = bytearray()
        # When, by the loop's clock, a service that hears as slowly as people speak has heard all
        # that was sent.
        self._heard_at = 0.0
        # All audio is sent, and the service knows that.
        self._is_finished = False
        # close was called.
        self._is_closed = False
        # A text was reported: then what comes too early is an end, else a failure.
        self._has_heard = False

    async def connect(self) -> None:
        """Open the connection, and wait until the service takes audio."""
        protocol = self._protocol
        try:
            socket = await open_websocket(
                protocol.handshake, self._connect_timeout, max(self._watch.limit, DEATH_TIMEOUT)
            )
            self._socket = None if self._is_closed else socket
            if trace := socket.response_header(protocol.handshake.trace_header):
                log.info("%s calls this session %s", protocol.name, trace)
            async with asyncio.timeout(self._connect_timeout + SETUP_TIMEOUT):
                await self._perform(protocol.begin())
                while not protocol.is_ready and not self._is_closed:
                    await self._set_up(await socket.receive())
        except TimeoutError as exc:
            raise AsrConnectionError("timeout waiting for server event") from exc
        except AsrError as exc:
            self._mend(exc)
            raise
        if self._is_closed:
            await socket.close()
            raise AsrConnectionError("the engine was closed meanwhile")
        self._reader = asyncio.create_task(self._read(socket))

    async def send_audio(self, pcm: bytes) -> None:
        """Send what makes a packet; waits while the network is slower than that."""
        if self._takes_audio:
            self._packet += pcm
        while len(self._packet) >= _SMALLEST_PACKET_BYTES and self._takes_audio:
            await self._send_packet()

    async def finish_input(self) -> None:
        """Send the rest of the audio, and tell the service that it was the last."""
        if self._is_finished or not self._takes_audio:
            return
        if len(self._packet) > 1:
            await self._send_packet()
        # Not before: who ends the session meanwhile has not heard all.
        self._is_finished = True
        self._stop_asking()
        await self._perform(self._protocol.finish())
        self._tell_working()

    async def next_event(self) -> Event:
        """Wait for the next event; may be abandoned and called again."""
        if self._reader is None:
            raise AsrConnectionError("not connected")
        event = await self._events.get()
        if isinstance(event, Exception):
            raise event
        return event

    async def close(self) -> None:
        """Close the connection. What was not sent yet never will be."""
        self._is_closed = True
        socket, self._socket = self._socket, None
        self._packet.clear()
        self._stop_asking()
        if self._reader is not None:
            self._reader.cancel()
            if not self._events.full():  # a waiter must not wait for ever
                self._events.put_nowait(EngineClosed())
        if socket is not None:
            await socket.close()

    @property
    def _takes_audio(self) -> bool:
        """Whether audio can be sent: between connect and close, until the service is given up."""
        return self._reader is not None and self._socket is not None and not self._is_given_up

    async def _set_up(self, message: Message | EngineClosed) -> None:
        """Answer what the service says before it is ready."""
        if isinstance(message, EngineClosed):
            raise AsrConnectionError(f"{self._protocol.early_end}{_because(message)}")
        await self._perform(self._protocol.receive(message))

    async def _send_packet(self) -> None:
        """Send whole samples: an odd byte waits for its other half, and at the end is none."""
        size = min(len(self._packet), PACKET_BYTES) & ~1
        pcm = bytes(self._packet[:size])
        del self._packet[:size]
        self._heard_at = max(self._heard_at, _now()) + len(pcm) / BYTES_PER_SECOND
        await self._perform(self._protocol.send(pcm))
        # What waited while the connection was opened may take long to send.
        self._tell_working()
        await self._look_for_stall(pcm)
        # Long recordings must not keep the loop from anything else.
        await asyncio.sleep(0)

    async def _perform(self, steps: list[Message | Event]) -> None:
        """Send the messages, and pass on the events, in order."""
        for step in steps:
            if isinstance(step, Event):
                await self._events.put(step)
            elif self._socket is not None:
                await self._socket.send(step)

    def _tell_working(self) -> None:
        """Have the session wait longer for its text: something happened."""
        if not self._events.full():
            self._events.put_nowait(EngineWorking())

    # --- a service that says nothing ---

    async def _look_for_stall(self, pcm: bytes) -> None:
        """Ask for a sign of life, or give the service up, when it is time, by the audio sent."""
        self._watch.send(pcm, _now())
        socket = self._socket
        if self._watch.is_lost and self._protocol.answers_speech:
            await self._give_up(
                f"the speech service said nothing about {self._watch.limit:g} seconds of speech"
            )
        elif self._watch.is_in_doubt and self._asking is None and socket is not None:
            self._asking = asyncio.create_task(self._ask(socket))

    async def _ask(self, socket: WebSocket) -> None:
        """Ask for a sign of life, and give the service up if none comes."""
        try:
            async with asyncio.timeout(self._watch.grace):
                await socket.ping()
        except TimeoutError:
            await self._give_up("the connection to the speech service is dead")

    async def _give_up(self, reason: str) -> None:
        self._is_given_up = True
        if self._reader is not None:
            self._reader.cancel()
        await self._events.put(AsrTimeoutError(reason))

    def _stop_asking(self) -> None:
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()

    # --- the reader's task ---

    async def _read(self, socket: WebSocket) -> None:
        """Pass on what the service says, until it ends."""
        try:
            while await self._pass_on(await socket.receive()):
                pass
        except AsrError as exc:
            self._mend(exc)
            await self._events.put(exc)
        except Exception as exc:  # noqa: BLE001 - a bug of ours, raised where it is waited for
            await self._events.put(exc)

    async def _pass_on(self, message: Message | EngineClosed) -> bool:
        """Tell what a message means; False when it is the last."""
        self._watch.answer()
        self._stop_asking()
        if not isinstance(message, EngineClosed):
            steps = self._protocol.receive(message)
        elif self._is_finished and not self._has_heard:
            # As an end it would look like silence, though speech may have been lost.
            raise AsrProtocolError(f"connection closed before the result{_because(message)}")
        else:
            # The protocol did not say so.
            steps = [replace(message, is_cut=True)]
        goes_on = True
        for index, step in enumerate(steps):
            match step:
                case InterimHeard(text) | DefiniteHeard(text) | FinalHeard(text):
                    self._has_heard |= bool(text)
                case EngineErred(message):
                    steps[index] = EngineErred(self._presentable(message))
                case EngineClosed():
                    steps[index] = replace(step, reason=self._presentable(step.reason))
                    goes_on = False
        if not self._is_finished:
            steps = [before_the_end(step) if isinstance(step, Event) else step for step in steps]
        await self._perform(steps)
        is_in_time = _now() < self._heard_at + ANSWER_TIMEOUT
        if steps and self._is_finished and goes_on and is_in_time:
            self._tell_working()
        return goes_on

    def _presentable(self, text: str) -> str:
        return one_line(text, self._protocol.handshake.secrets)

    def _mend(self, error: AsrError) -> None:
        """Make an error's sentence presentable; in place, for errors are made in many ways."""
        error.message = self._presentable(error.message)
        error.args = (error.message,)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _because(closed: EngineClosed) -> str:
    return f": {closed.reason}" if closed.reason else ""
