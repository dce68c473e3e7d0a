"""Fetching over HTTP: the only module that knows the HTTP library.

What comes from a server is not believed here: who may be asked, how long it may take, which answers
count, and where in the file an answer begins. What the bytes must be, `koe.models.transfer` knows.

HTTP/1.1 on purpose: four files at once have a connection each, and no flow control in Python.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self, cast

import httpcore
import httpx

from koe.errors import DownloadError, UnusableRangeError

_USER_AGENT = "koe/1.0"  # spec models §7.1
_MOST_REDIRECTS = 10  # spec models §7.1
_LARGEST_REPLY_BYTES = 16 * 1024 * 1024  # a list of files; a thousand entries take half a megabyte

# Worth another try: too slow, too early, too many requests, or trouble behind the server.
_TEMPORARY_STATUSES = frozenset((408, 425, 429, 500, 502, 503, 504))

_REMEDIES = {
    401: "it wants a login, which koe cannot give",
    403: "it wants a login, which koe cannot give",
    404: "the file is not there (any more); is the address in the manifest right?",
    429: "it has had too many requests; try again later",
}

# Connections to this machine need no proxy, and none would find it.
_WITHOUT_PROXY = ("all://localhost", "all://127.0.0.1", "all://[::1]")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a server, in seconds.

    Attributes:
        connect: For a connection (spec models §7.1).
        idle: For the next byte; the upstream waits for ever (spec models §17).
        pauses: Before another try, each time that one brought nothing; after the last, that's it.
    """

    connect: float = 30.0
    idle: float = 30.0
    pauses: tuple[float, ...] = (1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Body:
    """An answer, of which the content is still to come.

    Attributes:
        start: Where in the file it begins: where it was asked for, or 0.
        total_bytes: The size of the whole file; None when the server does not say.
        validator: Stands for this version of the file; None when the server has none.
    """

    start: int
    total_bytes: int | None
    validator: str | None
    _name: str
    _response: httpx.Response

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the content as it comes.

        Raises:
            DownloadError: The connection broke or stalled.
        """
        with _mapped(self._name, self._response.url.host):
            # It is a generator, though the library does not promise that.
            chunks = cast("AsyncGenerator[bytes, None]", self._response.aiter_raw())
            async with aclosing(chunks):
                async for chunk in chunks:
                    yield chunk


class Client:
    """Fetches files; on one event loop.

    Proxies and certificates are those of the system and the environment (``HTTPS_PROXY``,
    ``SSL_CERT_FILE``). Nothing that could identify the user is sent.

    Args:
        patience: How long to wait.

    Raises:
        DownloadError: The environment names a proxy or certificates that cannot be used.
    """

    def __init__(self, patience: Patience) -> None:
        timeout = httpx.Timeout(patience.idle, connect=patience.connect, pool=None)
        # Not the library's own: it would ask for compression, and the bytes are wanted as they are.
        headers = {"User-Agent": _USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        try:
            self._client = httpx.AsyncClient(
                headers=headers, timeout=timeout, mounts=dict.fromkeys(_WITHOUT_PROXY)
            )
        except (ImportError, ValueError, httpx.InvalidURL) as exc:
            raise DownloadError("files", f"a proxy setting cannot be used: {exc}") from exc
        except OSError as exc:  # ssl.SSLError too
            what = f"the certificates of the environment cannot be used: {exc.strerror or exc}"
            raise DownloadError("files", f"{what}; check SSL_CERT_FILE and SSL_CERT_DIR") from exc

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    @asynccontextmanager
    async def fetch(
        self, name: str, url: str, start: int = 0, validator: str | None = None
    ) -> AsyncIterator[Body]:
        """Ask for a file, or for the rest of it.

        Args:
            name: What the file is called in errors.
            url: ``https``; plain ``http`` only on this machine.
            start: How many of its bytes are there already.
            validator: Of the version that they are from; if that is not the server's any more, it
                sends the whole file.

        Raises:
            UnusableRangeError: The rest cannot be had; ask for the whole.
            DownloadError: The file cannot be had.
        """
        headers = {"Range": f"bytes={start}-"} if start else {}
        if start and validator is not None:
            headers["If-Range"] = validator
        async with self._open(name, url, headers) as response:
            if response.status_code == httpx.codes.PARTIAL_CONTENT:
                total = _total_of_part(name, response, start)
            else:
                start, total = 0, _length(response)
            yield Body(start, total, _validator(response), name, response)

    async def fetch_page(self, name: str, url: str) -> tuple[bytes, str | None]:
        """Return a small answer as a whole, and where the next page is, if there is one.

        Raises:
            DownloadError: It cannot be had, or is not small.
        """
        async with self._open(name, url, {}) as response:
            content = bytearray()
            with _mapped(name, response.url.host):
                async for chunk in response.aiter_raw():
                    content += chunk
                    if len(content) > _LARGEST_REPLY_BYTES:
                        raise DownloadError(name, "the answer is too long")
            following = response.links.get("next", {}).get("url")
            return bytes(content), following and str(response.url.join(following))

    @asynccontextmanager
    async def _open(
        self, name: str, url: str, headers: dict[str, str]
    ) -> AsyncIterator[httpx.Response]:
        """Send a request and follow redirects, to an answer that has content."""
        with _mapped(name, "the server"):
            request: httpx.Request | None = self._client.build_request("GET", url, headers=headers)
        previous: httpx.URL | None = None
        for _ in range(_MOST_REDIRECTS + 1):
            assert request is not None
            _require_safe(name, request.url, previous)
            previous = request.url
            with _mapped(name, request.url.host):
                response = await self._send(request)
            try:
                if response.next_request is None:
                    _require_content(name, response, is_part="Range" in headers)
                    yield response
                    return
            finally:
                await response.aclose()
            request = response.next_request
        raise DownloadError(name, f"more than {_MOST_REDIRECTS} redirects")

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and leave no connection behind when that is cancelled.

        The library forgets one that is cancelled in the middle of the TLS handshake.
        """
        connections: list[httpcore.AsyncNetworkStream] = []

        async def note(event: str, info: dict[str, httpcore.AsyncNetworkStream]) -> None:
            if event == "connection.connect_tcp.complete":
                connections.append(info["return_value"])

        request.extensions["trace"] = note
        try:
            return await self._client.send(request, stream=True)
        except asyncio.CancelledError:
            for connection in connections:
                await connection.aclose()
            raise


def _require_safe(name: str, url: httpx.URL, previous: httpx.URL | None) -> None:
    """Refuse an address where others could read along or change what comes."""
    if url.scheme not in ("http", "https") or not url.host:
        raise DownloadError(name, "its address must begin with https:// and name a server")
    if url.scheme == "http" and not _is_this_machine(url.host):
        raise DownloadError(name, f"{url.host} is asked without encryption; it must be https://")
    if url.scheme == "http" and previous is not None and previous.scheme == "https":
        raise DownloadError(name, f"{previous.host} redirects to an address without encryption")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _require_content(name: str, response: httpx.Response, is_part: bool) -> None:
    status, host = response.status_code, response.url.host
    if is_part and status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        raise UnusableRangeError(name, f"{host} has nothing after what is there already")
    accepted = {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT} if is_part else {httpx.codes.OK}
    if status not in accepted:
        remedy = f"; {_REMEDIES[status]}" if status in _REMEDIES else ""
        phrase = f" {response.reason_phrase}".rstrip()
        what = f"{host} answers HTTP {status}{phrase}{remedy}"
        raise DownloadError(name, what, is_temporary=status in _TEMPORARY_STATUSES)
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding != "identity":
        what = f"{host} sends the file in the encoding '{encoding}', which was not asked for"
        raise DownloadError(name, what)


def _total_of_part(name: str, response: httpx.Response, start: int) -> int | None:
    """Return the size of the whole file that a part is of."""
    said = response.headers.get("Content-Range", "")
    found = re.fullmatch(r"bytes (\d{1,20})-\d{1,20}/(\d{1,20}|\*)", said.strip())
    if found is None or int(found[1]) != start:
        what = f"{response.url.host} sends another part than the one from byte {start}"
        raise UnusableRangeError(name, what)
    return None if found[2] == "*" else int(found[2])


def _length(response: httpx.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if re.fullmatch(r"\d{1,20}", length) else None


def _validator(response: httpx.Response) -> str | None:
    # Only a strong one vouches for every byte (RFC 9110 §13.1.5).
    etag: str = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else None


@contextmanager
def _mapped(name: str, host: str) -> Iterator[None]:
    """Turn the library's exceptions into ours. Addresses are left out: they may carry keys."""
    try:
        yield
    except httpx.TimeoutException as exc:
        raise DownloadError(name, f"{host} does not answer in time", is_temporary=True) from exc
    except httpx.ConnectError as exc:
        # A wrong certificate is no better the next time.
        is_temporary = not any(isinstance(it, ssl.SSLCertVerificationError) for it in _causes(exc))
        raise DownloadError(name, f"{host} cannot be reached{_because(exc)}", is_temporary) from exc
    except httpx.TransportError as exc:
        is_temporary = not isinstance(exc, httpx.UnsupportedProtocol | httpx.LocalProtocolError)
        what = f"the connection to {host} broke{_because(exc)}"
        raise DownloadError(name, what, is_temporary) from exc
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise DownloadError(name, f"{host} or its address cannot be used: {exc}") from exc


def _because(exc: BaseException) -> str:
    """Add why, in the words of the first cause that has some: mostly the system's."""
    return next((f": {cause}" for cause in reversed(_causes(exc)) if str(cause)), "")


def _causes(exc: BaseException) -> list[BaseException]:
    """Return an exception and what led to it, of which the first is the last."""
    causes = [exc]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    return causes
