"""The compositor of a Wayland desktop: its socket, and the wire protocol of Wayland.

A message consists of words of 32 bits: the number of an object, then the number of the request or
event with the size of the message, then the arguments. File descriptors are sent beside it. Objects
that the compositor makes have numbers from 0xFF000000 on. All methods run on the event loop.
"""

from __future__ import annotations

import array
import asyncio
import os
import socket
import struct
from collections import deque
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

from koe.errors import DesktopError

Argument = int | str | bytes

_GONE = "the compositor has ended"

_HEAD = struct.Struct("=II")
_WORD = struct.Struct("=I")

_DISPLAY = 1
_SYNC, _GET_REGISTRY, _BIND = 0, 1, 0
_MOST_DESCRIPTORS = 28
_READ_BYTES = 65536

# Seconds for the compositor to answer.
_PATIENCE = 2.0


class Arguments:
    """The arguments of one event, taken in their order.

    Args:
        payload: Their bytes.
        descriptors: The file descriptors that were received and not taken yet.
    """

    def __init__(self, payload: bytes, descriptors: deque[int]) -> None:
        self._payload = payload
        self._descriptors = descriptors
        self._at = 0

    def word(self) -> int:
        """A number, or an object."""
        (value,) = _WORD.unpack_from(self._payload, self._at)
        self._at += _WORD.size
        return int(value)

    def bytes(self) -> bytes:
        """An array."""
        size = self.word()
        value = self._payload[self._at : self._at + size]
        self._at += size + -size % _WORD.size
        return value

    def text(self) -> str:
        """A string."""
        return self.bytes().rstrip(b"\0").decode("utf-8", "replace")

    def descriptor(self) -> int:
        """A descriptor, which the caller closes."""
        return self._descriptors.popleft()


Handler = Callable[[Arguments], None]


def pack(target: int, opcode: int, arguments: tuple[Argument, ...]) -> bytes:
    """The bytes of a request.

    Args:
        target: The object.
        opcode: The number of the request.
        arguments: Numbers, objects, strings and arrays.
    """
    body = b""
    for it in arguments:
        if isinstance(it, int):
            body += _WORD.pack(it)
        else:
            data = it if isinstance(it, bytes) else it.encode() + b"\0"
            body += _WORD.pack(len(data)) + data + bytes(-len(data) % _WORD.size)
    return _HEAD.pack(target, (_HEAD.size + len(body)) << 16 | opcode) + body


class Compositor:
    """A connection to the compositor.

    Attributes:
        lost: A future that completes with the reason when the connection is lost.

    Raises:
        DesktopError: The compositor can't be reached.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        name = environ.get("WAYLAND_DISPLAY", "")
        path = Path(environ.get("XDG_RUNTIME_DIR", ""), name)  # an absolute name stays as it is
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(os.fspath(path))
        except OSError as exc:
            self._socket.close()
            raise DesktopError(
                f"the compositor at {path} can't be reached: {exc.strerror or exc}; is "
                "WAYLAND_DISPLAY right?"
            ) from exc
        self._socket.setblocking(False)
        self.lost: asyncio.Future[str] = self._loop.create_future()
        self._numbers = count(_DISPLAY + 1)
        # What is called with an event, by object and number of the event.
        self._handlers: dict[tuple[int, int], Handler] = {}
        # Its globals: interface to number and version.
        self._globals: dict[str, tuple[int, int]] = {}
        # Received bytes of an incomplete message, and descriptors of messages.
        self._read_bytes = b""
        self._descriptors: deque[int] = deque()
        self.on(_DISPLAY, 0, self._note_error)
        self._loop.add_reader(self._socket, self._read)
        self._registry = self.new()
        self.on(self._registry, 0, self._note_global)
        self.request(_DISPLAY, _GET_REGISTRY, self._registry)

    def close(self) -> None:
        """Disconnect. The compositor then drops what koe has put on the clipboard."""
        self._loop.remove_reader(self._socket)
        self._socket.close()
        while self._descriptors:
            os.close(self._descriptors.popleft())

    def new(self) -> int:
        """The number of an object that is about to be made."""
        return next(self._numbers)

    def on(self, target: int, opcode: int, handle: Handler) -> None:
        """Set the function that handles an event of an object."""
        self._handlers[target, opcode] = handle

    def forget(self, target: int) -> None:
        """Remove all handlers of an object."""
        self._handlers = {key: it for key, it in self._handlers.items() if key[0] != target}

    def request(
        self, target: int, opcode: int, *arguments: Argument, descriptor: int | None = None
    ) -> None:
        """Send a request.

        Args:
            target: The object.
            opcode: The number of the request.
            arguments: Numbers, objects and strings.
            descriptor: A file descriptor to send along; the caller still closes it. None: none.

        Raises:
            DesktopError: The compositor has gone.
        """
        rights = []
        if descriptor is not None:
            numbers = array.array("i", [descriptor])
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)]
        try:
            self._socket.sendmsg([pack(target, opcode, arguments)], rights)
        except OSError as exc:
            if not self.lost.done():
                self._read()  # it may have sent the reason
            self._lose(_GONE)
            raise DesktopError(self.lost.result()) from exc

    def bind(self, interface: str, version: int = 1) -> int | None:
        """Bind a global; None: the compositor does not have it.

        The globals are known after the first `settle`.
        """
        if interface not in self._globals:
            return None
        number, offered = self._globals[interface]
        made = self.new()
        self.request(self._registry, _BIND, number, interface, min(version, offered), made)
        return made

    async def settle(self) -> None:
        """Wait until the compositor has handled all requests.

        Raises:
            DesktopError: It has gone, or does not answer.
        """
        done = self._loop.create_future()
        callback = self.new()
        self.on(callback, 0, lambda arguments: None if done.done() else done.set_result(None))
        self.request(_DISPLAY, _SYNC, callback)
        waiting: list[asyncio.Future[object]] = [done, self.lost]  # type: ignore[list-item]
        await asyncio.wait(waiting, timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        self.forget(callback)
        if not done.done():
            reason = self.lost.result() if self.lost.done() else "the compositor does not answer"
            raise DesktopError(reason)

    def _note_global(self, arguments: Arguments) -> None:
        number, interface, version = arguments.word(), arguments.text(), arguments.word()
        self._globals[interface] = (number, version)

    def _note_error(self, arguments: Arguments) -> None:
        arguments.word(), arguments.word()
        self._lose(f"the compositor refused a request: {arguments.text()}")

    def _read(self) -> None:
        try:
            data, rights, _, _ = self._socket.recvmsg(
                _READ_BYTES, socket.CMSG_SPACE(_MOST_DESCRIPTORS * 4)
            )
        except BlockingIOError:
            return
        except OSError:
            data, rights = b"", []
        for level, kind, numbers in rights:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                self._descriptors.extend(memoryview(numbers).cast("i"))
        if not data:
            self._lose(_GONE)
            return
        self._read_bytes += data
        while len(self._read_bytes) >= _HEAD.size and not self.lost.done():
            target, about = _HEAD.unpack_from(self._read_bytes)
            size, opcode = about >> 16, about & 0xFFFF
            if len(self._read_bytes) < size:
                return
            payload = self._read_bytes[_HEAD.size : size]
            self._read_bytes = self._read_bytes[size:]
            if handle := self._handlers.get((target, opcode)):
                handle(Arguments(payload, self._descriptors))

    def _lose(self, reason: str) -> None:
        if not self.lost.done():
            self._loop.remove_reader(self._socket)
            self.lost.set_result(reason)
