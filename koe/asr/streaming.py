"""Cloud engines that recognise while the user speaks: a protocol, run over a connection.

Audio is sent in packets of the size that the services ask for, regardless of the size of the
frames. While the connection is being opened ``send_audio`` is not called: the audio waits in the
spool, and is not stored here.

While the user speaks, a service that does not answer is pinged, and then given up. After the end of
the input the session decides how long it waits.
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

# The services advise 100 to 200 ms (spec asr §1.8). Less audio waits for more, or for the end.
PACKET_BYTES = BYTES_PER_SECOND // 5
_SMALLEST_PACKET_BYTES = BYTES_PER_SECOND // 10

# Seconds that the service may take to be ready once it is connected (spec asr §1.7), in addition to
# the user's time limit for the connection.
SETUP_TIMEOUT = 5.0

# Seconds for which a service may still send results after it has had the time to hear the audio:
# the same as for services that get the whole recording at once (`koe.asr.recording`). After that
# its results do not prolong the wait of the session any more.
ANSWER_TIMEOUT = 30.0

# Seconds of speech without an answer, after which the service is pinged.
STALL = 2.0

# The most events that may wait; with more, nothing is read from the service. A runner takes all at
# once.
_EVENTS_LIMIT = 64

log = logging.getLogger(__name__)


class StreamingEngine(Engine):
    """Runs a protocol.

    Args:
        protocol: The session, fresh.
        connect_timeout: Seconds in which the connection must be opened.
        stall: Seconds of speech without an answer, after which the service is pinged. It
            is given up after two and a half times as many.
    """

    def __init__(self, protocol: Protocol, connect_timeout: float, stall: float = STALL) -> None:
        # The messages of the service.
        self._protocol = protocol
        # Seconds within which the connection must be open.
        self._connect_timeout = connect_timeout
        # The connection; None before it is opened, and after close.
        self._socket: WebSocket | None = None
        # Measures how long the service does not answer.
        self._watch = StallWatch(stall)
        # Waits for the pong; None: no ping was sent since the last answer.
        self._asking: asyncio.Task[None] | None = None
        # The service was given up, because it did not respond.
        self._is_given_up = False
        # The task that reads the connection, from the end of connect on.
        self._reader: asyncio.Task[None] | None = None
        # The results of next_event: events, and an error.
        self._events: asyncio.Queue[Event | Exception] = asyncio.Queue(_EVENTS_LIMIT)
        # Audio that does not fill a packet yet.
        self._packet = bytearray()
        # The time, by the loop's clock, at which a service that recognises at the speed of speech
        # has heard all audio.
        self._heard_at = 0.0
        # All audio was sent, and the service was informed of the end.
        self._is_finished = False
        # close was called.
        self._is_closed = False
        # A text was reported. If the service then closes before its final result, that is an end;
        # without a reported text it is a failure.
        self._has_heard = False

    async def connect(self) -> None:
        """Open the connection, and wait until the service accepts audio."""
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
        """Send complete packets; waits while the network is too slow."""
        if self._takes_audio:
            self._packet += pcm
        while len(self._packet) >= _SMALLEST_PACKET_BYTES and self._takes_audio:
            await self._send_packet()

    async def finish_input(self) -> None:
        """Send the rest of the audio, and signal the end of the input to the service."""
        if self._is_finished or not self._takes_audio:
            return
        if len(self._packet) > 1:
            await self._send_packet()
        # Only now: a service that ends the session earlier has not heard all.
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
        """Close the connection; audio that was not sent yet is dropped."""
        self._is_closed = True
        socket, self._socket = self._socket, None
        self._packet.clear()
        self._stop_asking()
        if self._reader is not None:
            self._reader.cancel()
            if not self._events.full():  # a waiting next_event must return
                self._events.put_nowait(EngineClosed())
        if socket is not None:
            await socket.close()

    @property
    def _takes_audio(self) -> bool:
        """Whether audio can be sent: between connect and close, until the service is given up."""
        return self._reader is not None and self._socket is not None and not self._is_given_up

    async def _set_up(self, message: Message | EngineClosed) -> None:
        """Handle a message of the service before it is ready."""
        if isinstance(message, EngineClosed):
            raise AsrConnectionError(f"{self._protocol.early_end}{_because(message)}")
        await self._perform(self._protocol.receive(message))

    async def _send_packet(self) -> None:
        """Send whole samples: an odd byte waits for its other half, and is dropped at the end."""
        size = min(len(self._packet), PACKET_BYTES) & ~1
        pcm = bytes(self._packet[:size])
        del self._packet[:size]
        self._heard_at = max(self._heard_at, _now()) + len(pcm) / BYTES_PER_SECOND
        await self._perform(self._protocol.send(pcm))
        # Audio that waited for the connection may take long to send.
        self._tell_working()
        await self._look_for_stall(pcm)
        # Long recordings must not block the loop.
        await asyncio.sleep(0)

    async def _perform(self, steps: list[Message | Event]) -> None:
        """Send the messages, and pass on the events, in order."""
        for step in steps:
            if isinstance(step, Event):
                await self._events.put(step)
            elif self._socket is not None:
                await self._socket.send(step)

    def _tell_working(self) -> None:
        """Have the session wait longer for its text: audio was sent, or the service answered."""
        if not self._events.full():
            self._events.put_nowait(EngineWorking())

    # --- a service that does not answer ---

    async def _look_for_stall(self, pcm: bytes) -> None:
        """Ping the service, or give it up, after enough unanswered audio."""
        self._watch.send(pcm, _now())
        socket = self._socket
        if self._watch.is_lost and self._protocol.answers_speech:
            await self._give_up(
                f"the speech service did not respond to {self._watch.limit:g} seconds of speech"
            )
        elif self._watch.is_in_doubt and self._asking is None and socket is not None:
            self._asking = asyncio.create_task(self._ask(socket))

    async def _ask(self, socket: WebSocket) -> None:
        """Ping, and give the service up if no pong comes."""
        try:
            async with asyncio.timeout(self._watch.grace):
                await socket.ping()
        except TimeoutError:
            await self._give_up("the connection to the speech service was lost")

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
        """Pass on the messages of the service until it ends."""
        try:
            while await self._pass_on(await socket.receive()):
                pass
        except AsrError as exc:
            self._mend(exc)
            await self._events.put(exc)
        except Exception as exc:  # noqa: BLE001 - a bug in koe is raised in next_event
            await self._events.put(exc)

    async def _pass_on(self, message: Message | EngineClosed) -> bool:
        """Pass on the events of a message; return False after the last one."""
        self._watch.answer()
        self._stop_asking()
        if not isinstance(message, EngineClosed):
            steps = self._protocol.receive(message)
        elif self._is_finished and not self._has_heard:
            # As a normal end it would look like silence, but speech may be lost.
            raise AsrProtocolError(f"connection closed before the result{_because(message)}")
        else:
            # The protocol reported no end.
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
        """Mask and shorten an error's sentence, in place: the constructors of errors differ."""
        error.message = self._presentable(error.message)
        error.args = (error.message,)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _because(closed: EngineClosed) -> str:
    return f": {closed.reason}" if closed.reason else ""
