"""Connections to streaming services: the only module that handles sockets, TLS and WebSockets.

The package ``websockets`` implements the protocol, but not the sockets. They are opened here,
because a cancelled session must send nothing more, close must not wait for the server, and
credentials go to the configured address only. So redirects are not followed, proxies not used,
compression not offered, and pings sent only when asked for (spec asr §1.9).

``receive`` reports once what ended the connection.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import ssl
import struct
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address

import truststore
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI, PayloadTooBig
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import OPEN
from websockets.uri import WebSocketURI, parse_uri

from koe.asr.protocol import MESSAGE_LIMIT_BYTES, Handshake, Message
from koe.errors import AsrConnectionError, AsrError, AsrProtocolError
from koe.events import EngineClosed
from koe.http.errors import is_permanent_status, retry_after_seconds

# Seconds after which a send fails if the network takes nothing.
SEND_TIMEOUT = 30.0

# Seconds after which the system ends a connection whose data is not acknowledged. It is half open:
# the other machine or the network is gone.
DEATH_TIMEOUT = 5.0

# The TCP option for that, by platform, and its units per second:
# TCP_USER_TIMEOUT, TCP_RXT_CONNDROPTIME, TCP_MAXRT. Python names the first only.
_DEATH_OPTIONS = {"linux": (18, 1000), "darwin": (0x80, 1), "win32": (5, 1)}

# Seconds that close waits for the system and for TLS; less than a shell waits for the core's end.
CLOSE_TIMEOUT = 1.0

# The most bytes that are read at once, and that wait unread.
_READ_BYTES = 1 << 16

# Seconds between tries of the addresses of a host (RFC 8305 §5).
_NEXT_ADDRESS_DELAY = 0.25

# The package's log would contain headers, and keys in them, so it is switched off.
_SILENT = logging.Logger("koe.asr.transport", logging.CRITICAL + 1)


async def open_websocket(
    handshake: Handshake, connect_timeout: float, death_timeout: float = DEATH_TIMEOUT
) -> WebSocket:
    """Open a connection.

    Args:
        handshake: The address and the headers.
        connect_timeout: Seconds for everything from the look-up of the name to the server's answer.
        death_timeout: Seconds without an acknowledgement after which the connection is lost.

    Raises:
        AsrConnectionError: It can't be opened; the sentence says why. A wrong certificate is not
            permanent: the network of a hotel has one until the user has logged in.
    """
    try:
        uri = parse_uri(handshake.url)
    except InvalidURI as exc:
        raise AsrConnectionError(f"invalid URL: {exc.msg}", is_permanent=True) from exc
    try:
        async with asyncio.timeout(connect_timeout):
            return await _open(uri, handshake.headers, death_timeout)
    except TimeoutError as exc:
        raise AsrConnectionError("connection timed out") from exc
    except InvalidStatus as exc:
        raise _refusal(exc.response) from exc
    except InvalidHandshake as exc:
        if isinstance(exc.__cause__, EOFError):
            raise AsrConnectionError("the server ended the connection without an answer") from exc
        raise AsrConnectionError(f"the server does not speak WebSocket: {exc}") from exc
    except ssl.SSLError as exc:
        raise AsrConnectionError(f"no secure connection to {uri.host}: {exc}") from exc
    # An unknown host name is not permanent, either: a machine without a network reports the same.
    except OSError as exc:
        raise AsrConnectionError(f"{uri.host}: {_cause(exc)}") from exc
    except ValueError as exc:  # a name that can't be looked up
        raise AsrConnectionError(f"{uri.host}: {_cause(exc)}", is_permanent=True) from exc


async def _open(uri: WebSocketURI, headers: Mapping[str, str], death_timeout: float) -> WebSocket:
    reader, writer = await asyncio.open_connection(
        uri.host,
        uri.port,
        limit=_READ_BYTES,
        # With a delay, asyncio leaks the socket of a connection that is cancelled while it
        # succeeds, until the garbage is collected. An IP address has no second address to try, so
        # it needs no delay.
        happy_eyeballs_delay=None if _is_address(uri.host) else _NEXT_ADDRESS_DELAY,
        ssl=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if uri.secure else None,
        ssl_shutdown_timeout=CLOSE_TIMEOUT if uri.secure else None,
    )
    protocol = ClientProtocol(uri, max_size=MESSAGE_LIMIT_BYTES, logger=_SILENT)
    connection = WebSocket(reader, writer, protocol)
    connection.notice_death(death_timeout)
    try:
        await connection.shake_hands(headers)
    except BaseException:
        connection.abort()
        raise
    return connection


def _is_address(host: str) -> bool:
    """Whether a host is an IP address, so that there are no other addresses."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class WebSocket:
    """One connection that sends and receives messages. One task may send while another receives.

    Args:
        reader: Received bytes.
        writer: Bytes to send.
        protocol: Parses and builds frames.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        protocol: ClientProtocol,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = protocol
        # The server's response to the upgrade request.
        self._response: Response | None = None
        # Messages that were not taken yet; an end or an error is the last.
        self._arrived: deque[Message | EngineClosed | AsrError] = deque()
        # The incomplete message, and whether it is text.
        self._message = bytearray()
        self._is_text = False
        # Set when a pong came since the last ping.
        self._pong = asyncio.Event()
        # A send is not complete: it waits, or was cancelled.
        self._is_sending = False
        # Makes drain wait until the system has taken all data; over TLS, all but a little. With a
        # high limit of 0, asyncio's TLS treats an empty buffer as a full one, and drain waits until
        # something is received.
        writer.transport.set_write_buffer_limits(high=1, low=0)

    def response_header(self, name: str) -> str:
        """A header of the server's answer; empty if it is missing."""
        assert self._response is not None, "the handshake comes first"
        return ", ".join(self._response.headers.get_all(name))

    async def shake_hands(self, headers: Mapping[str, str]) -> None:
        """Request the upgrade, and wait for the server's answer.

        Raises:
            InvalidHandshake: The server refuses.
            OSError: The connection was lost.
        """
        request = self._protocol.connect()
        for name, value in headers.items():
            request.headers.pop(name, None)
            # The package encodes headers as ISO 8859-1; this makes it write UTF-8.
            request.headers[name] = value.encode().decode("iso-8859-1")
        self._protocol.send_request(request)
        await self._flush()
        while self._response is None:
            self._take(await self._reader.read(_READ_BYTES))
            if self._protocol.handshake_exc is not None:
                raise self._protocol.handshake_exc

    async def send(self, message: Message) -> None:
        """Send a message; waits until the system has taken all of it.

        Nothing is sent on a connection that has ended: ``receive`` reports its end.

        Raises:
            AsrProtocolError: The network takes no more data.
        """
        if self._protocol.state is not OPEN or self._writer.is_closing():
            return
        self._is_sending = True
        if isinstance(message, str):
            self._protocol.send_text(message.encode())
        else:
            self._protocol.send_binary(message)
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await self._flush()
        except TimeoutError as exc:
            raise AsrProtocolError("sending timed out") from exc
        except OSError:
            pass
        self._is_sending = False

    async def ping(self) -> None:
        """Send a ping, and wait for the pong without a time limit, while another task receives."""
        self._pong.clear()
        if self._protocol.state is OPEN and not self._writer.is_closing():
            self._protocol.send_ping(b"")
            self._write()
        await self._pong.wait()

    async def receive(self) -> Message | EngineClosed:
        """Wait for the next message or the end; may be cancelled and called again.

        Raises:
            AsrProtocolError: The connection was lost, or the message is invalid.
        """
        while not self._arrived:
            try:
                self._take(await self._reader.read(_READ_BYTES))
                # Send pongs. Wait for the network only if many are unsent: otherwise koe and a
                # server that reads nothing while it writes would wait for each other.
                self._write()
                if self._writer.transport.get_write_buffer_size() > _READ_BYTES:
                    await self._writer.drain()
            except OSError as exc:
                if not self._arrived:
                    raise AsrProtocolError(f"the connection was lost: {_cause(exc)}") from exc
        arrived = self._arrived.popleft()
        if isinstance(arrived, AsrError):
            raise arrived
        return arrived

    async def close(self) -> None:
        """Send a close frame and close, without waiting for an answer. Never raises.

        If a send is not complete, the connection is cut, so that the rest does not arrive.
        """
        if self._is_sending:
            self.abort()
        else:
            if self._protocol.state is OPEN:
                self._protocol.send_close()
            self._write()
            self._writer.close()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._writer.wait_closed()
        except TimeoutError:
            self.abort()
        except OSError:
            pass  # the connection was lost before

    def notice_death(self, seconds: float) -> None:
        """Have the system end a connection without acknowledgements after a time, if it can."""
        sock: socket.socket | None = self._writer.get_extra_info("socket")
        option = _DEATH_OPTIONS.get(sys.platform)
        if sock is not None and option is not None:
            name, parts = option
            with suppress(OSError):  # an old system, or a socket of another kind
                sock.setsockopt(socket.IPPROTO_TCP, name, max(int(seconds * parts), 1))

    def abort(self) -> None:
        """Cut the connection; data that the system has not sent yet is dropped."""
        sock: socket.socket | None = self._writer.get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0:
            # Linger for 0 seconds. The struct is two shorts on Windows, two ints elsewhere.
            linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()

    def _write(self) -> None:
        for data in self._protocol.data_to_send():
            if data:  # an empty item signals the end of the stream; close does that here
                self._writer.write(data)

    async def _flush(self) -> None:
        self._write()
        await self._writer.drain()

    def _take(self, data: bytes) -> None:
        """Parse received bytes; no bytes mean the end of the stream."""
        protocol = self._protocol
        if data:
            protocol.receive_data(data)
        else:
            protocol.receive_eof()
        for event in protocol.events_received():
            if isinstance(event, Response):
                self._response = event
            elif isinstance(event, Frame) and event.opcode in _DATA:
                self._add(event)
            elif isinstance(event, Frame) and event.opcode is Opcode.PONG:
                self._pong.set()
        if protocol.close_rcvd is not None:
            self._arrived.append(EngineClosed(_reason(protocol)))
        elif isinstance(protocol.parser_exc, PayloadTooBig):
            limit = f"{MESSAGE_LIMIT_BYTES >> 20} MiB"
            self._arrived.append(
                AsrProtocolError(f"the server sent a message of more than {limit}")
            )
        elif protocol.parser_exc is not None and data:
            self._arrived.append(
                AsrProtocolError(f"the server sent an invalid frame: {protocol.parser_exc}")
            )
        elif not data:
            self._arrived.append(EngineClosed("WebSocket stream ended"))

    def _add(self, frame: Frame) -> None:
        """Add a frame to its message."""
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        self._message += frame.data
        if not frame.fin:
            return
        message = bytes(self._message)
        self._message.clear()
        if not self._is_text:
            self._arrived.append(message)
            return
        try:
            self._arrived.append(message.decode())
        except UnicodeDecodeError as exc:
            self._arrived.append(
                AsrProtocolError(f"the server sent a text that is not UTF-8: {exc}")
            )


_DATA = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})


def _cause(exc: Exception) -> str:
    """The system's message, without numbers and addresses."""
    if not isinstance(exc, OSError) or not exc.errno:
        # asyncio has no message for an end during the TLS handshake.
        return str(exc) or "the server ended the connection"
    if isinstance(exc, socket.gaierror) or sys.platform == "win32":
        return exc.strerror or str(exc)
    # Otherwise asyncio replaces the system's message with its own.
    return os.strerror(exc.errno)


def _reason(protocol: ClientProtocol) -> str:
    """The message of the close frame (spec asr §2.1.5)."""
    close = protocol.close_rcvd
    if close is None or close.code == CloseCode.NO_STATUS_RCVD:
        return ""
    return f"code={int(close.code)}, reason={json.dumps(close.reason, ensure_ascii=False)}"


def _refusal(response: Response) -> AsrConnectionError:
    """The message of a server that refuses the upgrade."""
    refusal = f"HTTP error: {response.status_code} {response.reason_phrase}"
    body = (response.body or b"").decode(errors="replace").strip()
    if location := response.headers.get("Location"):
        refusal += f": redirects are not followed, and this one goes to {location}"
    elif body:
        refusal += f": {body}"
    return AsrConnectionError(
        refusal,
        is_permanent=is_permanent_status(response.status_code),
        retry_after=retry_after_seconds(response.headers.get("Retry-After", "")),
    )
