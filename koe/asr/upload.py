"""The door for uploads over HTTP: connections, redirects, limits, and errors as ours.

The only module here that knows the HTTP library, which is imported when it is needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from koe import __version__
from koe.asr.excerpt import excerpt
from koe.asr.reply import refusal_code
from koe.endpoint import check_redirect, host_of
from koe.errors import AsrConnectionError, AsrProtocolError, ProxyError, RedirectError
from koe.failures import is_permanent_status, pause_asked_for
from koe.proxies import read_proxies

if TYPE_CHECKING:
    import httpx

# How much of a refusal is read, and for how long: its status says the most.
_REFUSAL_BYTES = 4096
_REFUSAL_TIMEOUT = 2.0

_REDIRECT_LIMIT = 10
_REPEATED = frozenset({307, 308})  # redirects that keep method and body (RFC 9110 §15.4)


@dataclass(frozen=True, slots=True)
class Upload:
    """A request.

    Attributes:
        headers: Besides what the HTTP library adds.
        body: All of it.
        secret: The key that is in the headers, so that no message repeats it.
        permanent_errors: The service's names for errors that another try would meet again.
    """

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    secret: str = field(default="", repr=False)
    permanent_errors: frozenset[str] = frozenset()


class Uploader:
    """Sends uploads to one address, one after another.

    Proxies are those of the system (`koe.proxies`). Nothing is ever decompressed: a compressed
    answer, which is not asked for, could be any size.

    Args:
        url: As `check_endpoint` returned it.
        client: What `open_uploader` made.
    """

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url = url
        self._client = client

    async def send(self, upload: Upload, receive: Callable[[bytes], bool]) -> None:
        """Send, and pass on the answer as it comes; there is no time limit but for connecting.

        Args:
            upload: What to send.
            receive: Gets the pieces of the answer, and tells whether more of it is wanted.

        Raises:
            AsrConnectionError: The service could not be reached, or sends us elsewhere.
            AsrProtocolError: It refused, or its answer broke off.
        """
        url = self._url
        for _ in range(_REDIRECT_LIMIT + 1):
            async with self._post(url, upload) as response:
                if response.is_success:
                    return await self._read(response, receive)
                if not response.has_redirect_location:
                    raise await self._refusal(response, upload)
                url = self._redirected(response, url)
        raise AsrConnectionError("HTTP request failed: too many redirects", is_permanent=True)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    @asynccontextmanager
    async def _post(self, url: str, upload: Upload) -> AsyncIterator[httpx.Response]:
        import httpx

        try:
            request = self._client.build_request(
                "POST", url, headers=upload.headers, content=upload.body
            )
            response = await self._client.send(request, stream=True)
        except httpx.ConnectTimeout as exc:
            raise AsrConnectionError(
                f"HTTP request failed: connecting to {host_of(url)} timed out"
            ) from exc
        # ValueError: a host that is no host name, which is found out when it is looked up.
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as exc:
            raise AsrConnectionError(
                f"HTTP request failed: {host_of(url)}: {_reason(exc)}",
                is_permanent=not isinstance(exc, httpx.HTTPError),
            ) from exc
        try:
            yield response
        finally:
            await response.aclose()

    async def _read(self, response: httpx.Response, receive: Callable[[bytes], bool]) -> None:
        import httpx

        coding = response.headers.get("Content-Encoding", "identity")
        if coding.lower() != "identity":
            raise AsrProtocolError(f"the reply is compressed ({excerpt(coding)}) without request")
        try:
            async for data in response.aiter_raw():
                if not receive(data):
                    return
        except httpx.HTTPError as exc:
            raise AsrProtocolError(f"stream error: {_reason(exc)}") from exc

    async def _refusal(self, response: httpx.Response, upload: Upload) -> AsrProtocolError:
        body = bytearray()

        def receive(data: bytes) -> bool:
            body.extend(data)
            return len(body) < _REFUSAL_BYTES

        try:
            async with asyncio.timeout(_REFUSAL_TIMEOUT):
                await self._read(response, receive)
        except (TimeoutError, AsrProtocolError):
            pass  # what was said until then is told
        code, secrets = response.status_code, [upload.secret]
        status = f"HTTP {code} {excerpt(response.reason_phrase, secrets)}".rstrip()
        said = excerpt(body[:_REFUSAL_BYTES].decode("utf-8", "replace"), secrets)
        is_permanent = refusal_code(bytes(body)) in upload.permanent_errors
        return AsrProtocolError(
            f"{status}: {said}" if said else status,
            is_permanent=is_permanent or is_permanent_status(code),
            retry_after=pause_asked_for(response.headers.get("Retry-After", "")),
        )

    def _redirected(self, response: httpx.Response, current: str) -> str:
        if response.status_code not in _REPEATED:
            raise AsrConnectionError(
                f"HTTP request failed: {host_of(current)} answers with a redirect that drops the "
                f"recording ({response.status_code}); correct the url",
                is_permanent=True,
            )
        try:
            return check_redirect(response.headers["Location"], current, self._url)
        except RedirectError as exc:
            raise AsrConnectionError(f"HTTP request failed: {exc}", is_permanent=True) from exc


async def open_uploader(url: str, connect_timeout: float) -> Uploader:
    """Prepare to send; nothing is sent and no connection opened.

    Args:
        url: As `check_endpoint` returned it.
        connect_timeout: Seconds until a connection must be there.

    Raises:
        AsrConnectionError: The environment's proxy or certificates can't be used.
    """
    # On a thread, because the library and the certificates take a tenth of a second to load.
    try:
        client = await asyncio.to_thread(_make_client, url, connect_timeout)
    except (OSError, ValueError, ProxyError) as exc:
        refusal = f"failed to create HTTP client: {_reason(exc)}"
        raise AsrConnectionError(refusal, is_permanent=True) from exc
    return Uploader(url, client)


def _make_client(url: str, connect_timeout: float) -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(
        headers={"User-Agent": f"koe/{__version__}", "Accept-Encoding": "identity"},
        verify=httpx.create_ssl_context(),
        timeout=httpx.Timeout(None, connect=connect_timeout),
        proxy=read_proxies().address_for(url) or None,
        trust_env=False,  # the library fails on lists of exceptions that systems write
    )


def _reason(exc: Exception) -> str:
    """What a foreign exception says, for some say nothing."""
    return excerpt(str(exc)) or type(exc).__name__
