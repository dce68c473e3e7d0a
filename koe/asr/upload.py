"""Uploads recordings to services, and turns HTTP errors into errors of speech recognition.

The requests are sent by `koe.http`, which is imported when it is needed.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from koe.asr.reply import refusal_code
from koe.errors import AsrConnectionError, AsrProtocolError, reason_phrase
from koe.http.errors import (
    HttpConfigError,
    HttpError,
    HttpRedirectError,
    HttpReplyError,
    is_permanent_status,
    retry_after_seconds,
)
from koe.http.request import HttpSettings, Request
from koe.masking import one_line

if TYPE_CHECKING:
    from koe.http.client import Client, Response


@dataclass(frozen=True, slots=True)
class Upload:
    """A request, without its address.

    Attributes:
        headers: Headers, besides those of all requests.
        body: The whole body of the request.
        permanent_errors: The service's codes of errors that another try would cause again.
    """

    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    permanent_errors: frozenset[str] = frozenset()


class Uploader:
    """Sends uploads to one address, one after another.

    Args:
        url: As `check_endpoint` returned it.
        client: The client of `open_uploader`.
    """

    def __init__(self, url: str, client: Client) -> None:
        self._url = url
        self._client = client

    async def send(
        self, upload: Upload, receive: Callable[[bytes], bool], deadline: float = math.inf
    ) -> None:
        """Send a request, and pass on the answer as it arrives.

        Args:
            upload: The request.
            receive: Gets the pieces of the answer, and returns whether more of it is wanted.
            deadline: The time limit, on the loop's clock.

        Raises:
            AsrConnectionError: The service could not be reached, or redirects to another server.
            AsrProtocolError: It refused, its answer can't be used, or it stopped.
        """
        request = Request(self._url, upload.headers, upload.body)
        with _asr_errors("HTTP request failed", AsrConnectionError):
            async with self._client.stream(request, deadline) as response:
                with _asr_errors("stream error", AsrProtocolError):
                    if not response.is_success:
                        raise _refusal(response, await response.aread(), request, upload)
                    async for data in response.aiter_raw():
                        if not receive(data):
                            return

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


async def open_uploader(url: str, connect_timeout: float) -> Uploader:
    """Make an uploader; nothing is sent, and no connection opened.

    Args:
        url: As `check_endpoint` returned it.
        connect_timeout: Seconds in which a connection must be opened.

    Raises:
        AsrConnectionError: There are no root certificates to verify a server with.
    """
    # On a thread, because loading the library and the certificates takes 0.1 s.
    try:
        client = await asyncio.to_thread(_make_client, connect_timeout)
    except HttpConfigError as exc:
        raise AsrConnectionError(exc.message, is_permanent=True) from exc
    return Uploader(url, client)


def _make_client(connect_timeout: float) -> Client:
    from koe.http.client import Client

    settings = HttpSettings(
        connect_timeout=connect_timeout, http2=False, keeps_body=True, setting="url"
    )
    client = Client(settings)
    client.open()
    return client


@contextmanager
def _asr_errors(what: str, kind: type[AsrConnectionError | AsrProtocolError]) -> Iterator[None]:
    """Turn errors of `koe.http` into errors of recognition."""
    try:
        yield
    except HttpReplyError as exc:
        if not isinstance(exc, HttpRedirectError):
            raise AsrProtocolError(exc.message) from exc
        raise kind(f"{what}: {exc.message}", is_permanent=True) from exc
    except HttpError as exc:
        is_permanent = isinstance(exc, HttpConfigError)
        raise kind(f"{what}: {exc.message}", is_permanent=is_permanent) from exc


def _refusal(response: Response, body: bytes, request: Request, upload: Upload) -> AsrProtocolError:
    code = response.status_code
    status = f"HTTP {code} {reason_phrase(code)}".rstrip()
    said = one_line(body.decode("utf-8", "replace"), request.secrets)
    is_permanent = refusal_code(body) in upload.permanent_errors
    return AsrProtocolError(
        f"{status}: {said}" if said else status,
        is_permanent=is_permanent or is_permanent_status(code),
        retry_after=retry_after_seconds(response.headers.get("retry-after", "")),
    )
