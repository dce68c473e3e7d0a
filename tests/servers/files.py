"""Serves files over HTTPS on loopback, and can lie about them in every way that servers do.

A request is answered honestly, ranges included, unless a lie was prepared for its path: each lie is
reported once, in order. What was asked is written down.
"""

from __future__ import annotations

import re
import socket
import ssl
import struct
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

# A stalled answer ends after so many seconds at the latest, whatever becomes of the test.
_PATIENCE = 60.0

_PIECE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Lie:
    """One answer that is not what it should be.

    Attributes:
        status: Instead of 200 or 206, with an empty body.
        location: Redirects there.
        ignores_range: Sends the whole file whatever was asked for.
        says_range: In Content-Range, instead of the truth.
        ends_after: Sends so many bytes of the body, and then …
        how: … ``reset``, ``close`` or ``stall``.
        without_length: Does not tell the length, and closes after the body.
        chunked: Does not tell the length, and sends chunks.
        content: Instead of the file.
        headers: Instead of, or besides, the true ones.
    """

    status: int | None = None
    location: str | None = None
    ignores_range: bool = False
    says_range: str | None = None
    ends_after: int | None = None
    how: str = "reset"
    without_length: bool = False
    chunked: bool = False
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class FileServer:
    """Runs from `start` to `close`.

    Args:
        context: For TLS; None: plain HTTP.

    Attributes:
        files: What there is, by path.
        etags: Their validators, by path; a file without one has none.
        lies: What to answer instead, by path.
        requests: The headers of every request, by path.
        stalled: Set while an answer has stopped in its middle.
        released: Set it, and what has stalled is closed.
    """

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.files: dict[str, bytes] = {}
        self.etags: dict[str, str] = {}
        self.lies: defaultdict[str, deque[Lie]] = defaultdict(deque)
        self.requests: defaultdict[str, list[Message]] = defaultdict(list)
        self.stalled = threading.Event()
        self.released = threading.Event()
        self._server = _Server(self, context)
        self._scheme = "http" if context is None else "https"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def url(self, path: str, host: str = "localhost") -> str:
        return f"{self._scheme}://{host}:{self._server.server_port}{path}"

    def ranges(self, path: str) -> list[str | None]:
        """What each request for this path asked for."""
        return [headers["Range"] for headers in self.requests[path]]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, files: FileServer, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files
        self._context = context

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        if self._context is not None:
            # The handshake comes with the first read, on the connection's own thread.
            connection = self._context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients go away in mid-answer: that is what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE
    server: _Server

    def log_message(self, *_: object) -> None:
        """It is not read."""

    def do_GET(self) -> None:
        files = self.server.files
        files.requests[self.path].append(self.headers)
        lies = files.lies[self.path]
        lie = lies.popleft() if lies else Lie()
        content = files.files.get(self.path) if lie.content is None else lie.content
        status = 404 if content is None else lie.status
        if lie.location is not None:
            self._answer(lie.status or 302, {"Location": lie.location})
        elif status is not None:
            self._answer(status, dict(lie.headers))
        else:
            assert content is not None
            self._send_file(content, files.etags.get(self.path), lie)

    def _send_file(self, content: bytes, etag: str | None, lie: Lie) -> None:
        start = 0 if lie.ignores_range else self._start(etag)
        if start and start >= len(content):
            self._answer(416, {"Content-Range": f"bytes */{len(content)}"})
            return
        body = content[start:]
        headers = {} if etag is None else {"ETag": etag}
        if start:
            truth = f"bytes {start}-{len(content) - 1}/{len(content)}"
            headers["Content-Range"] = lie.says_range or truth
        if lie.chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif lie.without_length:
            headers["Connection"] = "close"
        else:
            headers["Content-Length"] = str(len(body))
        self._send_head(206 if start else 200, headers | dict(lie.headers))
        end = len(body) if lie.ends_after is None else lie.ends_after
        for offset in range(0, end, _PIECE_BYTES):
            piece = body[offset : min(end, offset + _PIECE_BYTES)]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if lie.chunked else piece)
        self.wfile.flush()
        if lie.ends_after is not None:
            self._break_off(lie.how)
        elif lie.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _start(self, etag: str | None) -> int:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked is None or self.headers.get("If-Range", etag) != etag:
            return 0
        return int(asked[1])

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self._send_head(status, {"Content-Length": "0"} | headers)

    def _send_head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _break_off(self, how: str) -> None:
        self.close_connection = True
        if how == "stall":
            self.server.files.stalled.set()
            self.server.files.released.wait(_PATIENCE)
            self.server.files.stalled.clear()
        elif how == "reset":
            # Closing at once, with data in flight or not, is what sends a reset.
            linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            socket.close(self.connection.detach())
