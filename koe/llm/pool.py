"""Connections to servers: the only module that knows how the HTTP library works.

The library is pyreqwest, which is reqwest, hyper and rustls, as in the Rust core. It runs on a
thread of its own, so connections are pinged, and their end is noticed, while nobody asks anything.
What it does by itself (spec llm §1.3): a request that a dying connection did not take (a GOAWAY, a
refused stream) is sent again on another. What it does not do: a request that is cancelled before
the reply begins is not taken back, it ends by its time limit.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from koe import __version__
from koe.endpoint import host_of, without_user
from koe.errors import (
    LlmConfigError,
    LlmConnectionError,
    LlmError,
    LlmReplyError,
    ProxyError,
)
from koe.llm.library import (
    BuilderError,
    Client,
    ClientBuilder,
    DecodeError,
    ProxyBuilder,
    PyreqwestError,
    Response,
    StreamRequest,
)
from koe.llm.transport import Transport
from koe.proxies import read_proxies

# Headers whose values are no secrets. All others may be keys, as those of the user's own.
PUBLIC_HEADERS = frozenset({"anthropic-version", "content-type"})

# Seconds that the library waits longer than whoever asks, whose error is the one that is told.
LENIENCE = 0.1


@dataclass(frozen=True)
class Request:
    """What is asked.

    Attributes:
        method: The HTTP method.
        url: As `koe.llm.endpoint` returned it.
        headers: Names in any case.
        body: None for no body.
        deadline: When the whole reply has to be there, on the loop's clock. Whoever asks
            enforces it; the library goes by it too, so that nothing goes on in vain.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    deadline: float = 0.0


class Pool:
    """Connections that are kept and shared. Dropping the last reference closes those not in use.

    Args:
        transport: The settings.

    Raises:
        LlmConfigError: There is nothing that could tell a server from an impostor.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        # The settings when the pool was made.
        self._proxies = read_proxies()
        # By the address of the proxy that they go through; empty for none.
        self._clients = {"": self._build("")}

    def _build(self, proxy: str) -> Client:
        try:
            return _build(self._transport, proxy)
        except PyreqwestError as exc:
            reason = _cause(exc)
            if "No CA certificates" in reason:
                reason = (
                    "this computer trusts no certificate authority; install them (Debian: "
                    "ca-certificates) or name a file of them in SSL_CERT_FILE"
                )
            raise LlmConfigError(f"there is no HTTP client: {reason}") from exc

    async def send(self, request: Request) -> Answer:
        """Send a request and wait until the reply begins.

        Returns:
            The answer, to be closed by the caller.

        Raises:
            LlmConfigError: A header can't be sent, or the proxy's address can't be read.
            LlmConnectionError: There was no connection, or it broke.
            LlmReplyError: The reply is not HTTP.
        """
        sending = self._prepare(request)
        try:
            response = await sending.__aenter__()
        except PyreqwestError as exc:
            raise _error(exc, request.url) from exc
        return Answer(self, request.url, sending, response)

    async def close(self) -> None:
        """Give up on all requests that wait; they raise LlmConnectionError."""
        for client in self._clients.values():
            await client.close()

    def _client_for(self, url: str) -> Client:
        try:
            proxy = self._proxies.address_for(url)
        except ProxyError as exc:
            raise LlmConfigError(f"nothing can be sent to {host_of(url)}: {exc}") from exc
        if proxy not in self._clients:
            self._clients[proxy] = self._build(proxy)
        return self._clients[proxy]

    def _prepare(self, request: Request) -> StreamRequest:
        url = request.url
        if any(name.lower() == "authorization" for name in request.headers):
            # Else what stands before the host would be sent as a second one.
            url = without_user(url)
        try:
            builder = self._client_for(url).request(request.method, url)
        except ValueError as exc:  # the name of the host has letters that are none
            raise LlmConfigError(f"nothing can be sent to {host_of(url)}: {exc}") from exc
        for name, value in request.headers.items():
            try:
                builder.header(name, value, is_sensitive=name.lower() not in PUBLIC_HEADERS)
            except ValueError as exc:
                raise LlmConfigError(
                    f"the header {name} can't be sent: there is a line break or another control "
                    "character in it (in a key, most likely)"
                ) from exc
        if request.body is not None:
            builder.body_bytes(request.body)
        left = max(0.0, request.deadline - asyncio.get_running_loop().time())
        builder.timeout(timedelta(seconds=left + LENIENCE))
        # 0: the reply begins with its headers, not with its first 64 kB.
        return builder.streamed_read_buffer_limit(0).build_streamed()


class Answer:
    """A reply of which the headers have arrived.

    Attributes:
        pool: Where it came from.
        url: Who answered.
        status: The HTTP status.
        http_version: As the server chose: ``HTTP/1.1`` or ``HTTP/2``.
    """

    def __init__(self, pool: Pool, url: str, sending: StreamRequest, response: Response) -> None:
        self.pool = pool
        self.url = url
        self.status = response.status
        self.http_version = response.version.removesuffix(".0")
        # The library's part; whoever leaves it takes back what is left of the reply.
        self._sending = sending
        self._response = response

    def header(self, name: str) -> str:
        """Return a header; empty if there is none, or it is no text."""
        try:
            return self._response.get_header(name) or ""
        except ValueError:
            return ""

    async def read(self, limit: int) -> tuple[bytes, bool]:
        """Read the body.

        Args:
            limit: Read no more bytes than that.

        Returns:
            The body or its beginning, and whether it is whole.

        Raises:
            LlmConnectionError: The connection broke.
        """
        body = bytearray()
        try:
            while chunk := await self._response.body_reader.read_chunk():
                body += chunk
                if len(body) > limit:
                    return bytes(body[:limit]), False
        except PyreqwestError as exc:
            raise LlmConnectionError(
                f"the connection to {host_of(self.url)} broke in the middle of the reply: "
                f"{_cause(exc)}",
                is_passing=True,
            ) from exc
        return bytes(body), True

    async def close(self) -> None:
        """Take back what is left of the reply. On HTTP/1.1 that costs the connection."""
        await self._sending.__aexit__(None, None, None)


def _build(transport: Transport, proxy: str) -> Client:
    builder = (
        ClientBuilder()
        .user_agent(f"koe/{__version__}")
        .http2(transport.http2)
        .http2_keep_alive_interval(timedelta(seconds=transport.ping_interval))
        .http2_keep_alive_timeout(timedelta(seconds=transport.ping_timeout))
        .http2_keep_alive_while_idle(True)
        .pool_idle_timeout(timedelta(seconds=transport.pool_idle))
        .pool_max_idle_per_host(2)
        .tcp_keepalive(timedelta(seconds=30))
        # Redirects are followed by the client, which knows where they may lead.
        .follow_redirects(False)
        # A text of some hundred bytes arrives no sooner for being compressed.
        .gzip(False)
        .brotli(False)
        .zstd(False)
        .deflate(False)
    )
    if transport.roots:
        builder = builder.add_root_certificate_pem(transport.roots)
    # It is chosen by the request; the library would read the environment in its own way.
    builder = builder.proxy(ProxyBuilder.all(proxy)) if proxy else builder.no_proxy()
    return builder.build()


# What the library says, and what it means to whoever has to mend it. {host} is the server.
_MEANINGS = {
    # First: what else is said then is about the proxy, and not about the server.
    r"tunnel|proxy": "the proxy gives no connection to {host}",
    r"certificate.*(NotValidYet|not valid yet)": (
        "the certificate of {host} is not valid yet: is this computer's clock right?"
    ),
    r"certificate.*expired": (
        "the certificate of {host} has expired, or this computer's clock is wrong"
    ),
    r"certificate.*(NotValidForName|not valid for name)": (
        "{host} shows a certificate for another name: is base_url right?"
    ),
    r"certificate.*(UnknownIssuer|CaUsedAsEndEntity)": (
        "the certificate of {host} is from no authority that this computer trusts; if it is your "
        "own or your company's, add its authority to the system's"
    ),
    r"certificate.*Revoked": "the certificate of {host} has been revoked",
    r"dns error": "there is no server named {host}, or no network: is base_url right?",
    r"(?i)connection refused|os error (61|111|10061)\b": (
        "{host} refuses connections: is the server running?"
    ),
    r"(?i)timed out|timeout": "{host} does not answer any more",
}


def _error(exc: PyreqwestError, url: str) -> LlmError:
    """Say in our terms what went wrong before the reply began."""
    host = host_of(url)
    causes = _causes(exc)
    if isinstance(exc, BuilderError):
        return LlmConfigError(f"nothing can be sent to {host}: {causes[-1]}")
    if isinstance(exc, DecodeError):
        return LlmReplyError(f"{host} does not answer in HTTP: {causes[-1]}")
    for pattern, meaning in _MEANINGS.items():
        if any(re.search(pattern, cause) for cause in causes):
            return LlmConnectionError(f"{meaning.format(host=host)} ({causes[-1]})")
    message = f"the connection to {host} broke: {causes[-1]}"
    return LlmConnectionError(message, is_passing=True)


def _cause(exc: PyreqwestError) -> str:
    return _causes(exc)[-1]


def _causes(exc: PyreqwestError) -> list[str]:
    """Return what the library says, from the outermost to the innermost reason; never empty.

    Its outermost sentence names the whole address, so it is left out where there are others.
    """
    details = getattr(exc, "details", None) or {}
    causes = [cause["message"] for cause in details.get("causes") or ()]
    return causes[1:] or [exc.message]
