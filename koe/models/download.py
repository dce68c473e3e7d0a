"""Fetches files over HTTP, as a whole or from a byte on.

`koe.http` sends the requests, and `koe.models.transfer` checks the bytes.

It uses HTTP/1.1 on purpose: each of the four files that are downloaded at once then has its own
connection, without a common flow control.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self, cast

from koe.endpoint import check_endpoint
from koe.errors import DownloadError, EndpointError, UnusableRangeError, reason_phrase
from koe.http.client import Client, Response
from koe.http.errors import HttpConnectionError, HttpError, is_permanent_status
from koe.http.request import HttpSettings, Request

_USER_AGENT = ("User-Agent", "koe/1.0")  # spec models §7.1

_OK, _PARTIAL_CONTENT, _RANGE_NOT_SATISFIABLE = 200, 206, 416

_REMEDIES = {
    401: "it requires a login, which koe does not support",
    403: "it requires a login, which koe does not support",
    404: "the file is not there (any more); is the address in the manifest right?",
    429: "it has had too many requests; try again later",
}


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long to wait for a server, in seconds.

    Attributes:
        connect: For connecting (spec models §7.1).
        idle: For the next byte; the Rust core has no limit (spec models §7.1).
        pauses: Seconds before each retry after an attempt without progress. If the last retry makes
            no progress either, the download fails.
    """

    connect: float = 30.0
    idle: float = 30.0
    pauses: tuple[float, ...] = (1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Body:
    """A reply whose content is still to be read.

    Attributes:
        start: The position of its first byte in the file: the requested one, or 0.
        total_bytes: The size of the whole file; None when the server does not say.
        validator: Identifies this version of the file (ETag); None: the server gives none.
    """

    start: int
    total_bytes: int | None
    validator: str | None
    _name: str
    _response: Response

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the content while it is being received.

        Raises:
            DownloadError: The connection broke or stalled.
        """
        with _download_errors(self._name):
            # The library returns a generator, although its types do not promise that.
            chunks = cast("AsyncGenerator[bytes, None]", self._response.aiter_raw())
            async with aclosing(chunks):
                async for chunk in chunks:
                    yield chunk


class Fetcher:
    """Fetches files; on one event loop. Nothing that could identify the user is sent.

    Args:
        patience: How long to wait.

    Raises:
        DownloadError: There are no certificates by which servers could be verified.
    """

    def __init__(self, patience: TimeLimits) -> None:
        settings = HttpSettings(
            connect_timeout=patience.connect,
            read_timeout=patience.idle,
            http2=False,
            leaves_origin=True,
            setting="the address in the manifest",
        )
        self._client = Client(settings)
        with _download_errors("files"):
            self._client.open()

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
            name: The name of the file in errors.
            url: ``https``; plain ``http`` only on this machine.
            start: The number of bytes that were fetched already.
            validator: Identifies their version; if the server has another one, it sends the whole
                file.

        Raises:
            UnusableRangeError: The server does not send the rest; fetch the whole file.
            DownloadError: The file could not be fetched.
        """
        _require_safe(name, url)
        headers = [_USER_AGENT]
        if start:
            headers.append(("Range", f"bytes={start}-"))
        if start and validator is not None:
            headers.append(("If-Range", validator))
        request = Request(url, tuple(headers))
        with _download_errors(name):
            async with self._client.stream(request) as response:
                _require_content(name, response, is_part=bool(start))
                if response.status_code == _PARTIAL_CONTENT:
                    total = _total_of_part(name, response, start)
                else:
                    start, total = 0, _length(response)
                yield Body(start, total, _validator(response), name, response)

    async def fetch_page(self, name: str, url: str) -> tuple[bytes, str | None]:
        """Return a small reply, and the address of the next page, if there is one.

        Raises:
            DownloadError: It could not be fetched, or is too large.
        """
        with _download_errors(name):
            response = await self._client.send(Request(url, (_USER_AGENT,)))
        _require_content(name, response, is_part=False)
        following = response.links.get("next", {}).get("url")
        return response.content, following and str(response.url.join(following))


def _require_safe(name: str, url: str) -> None:
    try:
        check_endpoint(url)
    except EndpointError as exc:
        what = "its address must begin with https:// and name a server"
        raise DownloadError(name, what) from exc


def _require_content(name: str, response: Response, is_part: bool) -> None:
    status, host = response.status_code, response.url.host
    if is_part and status == _RANGE_NOT_SATISFIABLE:
        raise UnusableRangeError(name, f"{host} has nothing beyond the part that is here already")
    accepted = {_OK, _PARTIAL_CONTENT} if is_part else {_OK}
    if status not in accepted:
        remedy = f"; {_REMEDIES[status]}" if status in _REMEDIES else ""
        phrase = f" {reason_phrase(status)}".rstrip()
        what = f"{host} answers HTTP {status}{phrase}{remedy}"
        is_temporary = status >= HTTPStatus.MULTIPLE_CHOICES and not is_permanent_status(status)
        raise DownloadError(name, what, is_temporary=is_temporary)


def _total_of_part(name: str, response: Response, start: int) -> int | None:
    """Return the size of the whole file, given the reply with a part of it."""
    said = response.headers.get("Content-Range", "")
    found = re.fullmatch(r"bytes (\d{1,20})-\d{1,20}/(\d{1,20}|\*)", said.strip())
    if found is None or int(found[1]) != start:
        what = f"{response.url.host} sends another part than the one from byte {start}"
        raise UnusableRangeError(name, what)
    return None if found[2] == "*" else int(found[2])


def _length(response: Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if re.fullmatch(r"\d{1,20}", length) else None


def _validator(response: Response) -> str | None:
    # Only a strong ETag guarantees that every byte is the same (RFC 9110 §13.1.5).
    etag: str = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else None


@contextmanager
def _download_errors(name: str) -> Iterator[None]:
    """Convert errors of `koe.http` into errors of downloads."""
    try:
        yield
    except HttpError as exc:
        is_temporary = isinstance(exc, HttpConnectionError) and not exc.is_lasting
        raise DownloadError(name, exc.message, is_temporary) from exc
