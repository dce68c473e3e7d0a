"""A request and the settings of the client that sends it, independent of the library. Pure.

Corrections, uploads and downloads can make them without importing the HTTP library.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Self

# Headers whose values are not secret. All others may be keys, such as the user's own headers.
PUBLIC_HEADERS = frozenset({
    "accept", "accept-encoding", "anthropic-version", "content-type", "if-range", "range",
    "user-agent",
})  # fmt: skip

# Words before a key in a header.
_SCHEMES = frozenset({"basic", "bearer"})


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """The settings of a client. When one of them changes, a new client is built (spec llm §1.1).

    ``pool_idle``, the pings and ``roots`` are parameters only for tests and measurements. All times
    are in seconds.

    Attributes:
        timeout: For a whole request that `Client.send` sends, from its start to the last byte of
            the reply (``llm.timeout_ms``). 0 expires at once.
        connect_timeout: Until a connection is made; None: no limit.
        read_timeout: Until the next byte of a reply; None: no limit.
        pool_idle: How long an unused connection is kept.
        ping_interval: How often an HTTP/2 connection is tested by a ping, used or not.
        ping_timeout: A connection is closed if a ping is not answered for this long.
        http2: Whether HTTP/2 is offered; the server chooses.
        leaves_origin: A redirect may lead to another server, to which no key goes.
        keeps_body: A redirect that would drop the body is an error.
        setting: The setting to correct if the address is wrong, for messages.
        roots: Certificates in PEM, trusted besides those of the system.
    """

    timeout: float = math.inf
    connect_timeout: float | None = None
    read_timeout: float | None = None
    pool_idle: float = 90.0
    ping_interval: float = 30.0
    ping_timeout: float = 30.0
    http2: bool = True
    leaves_origin: bool = False
    keeps_body: bool = False
    setting: str = "base_url"
    roots: bytes = b""


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Its repr shows no secrets.

    Attributes:
        url: The whole address; it is not checked yet.
        headers: In order. Values may have characters beyond ASCII, which go out as UTF-8.
        body: The body of a POST; empty for GET.
        allow_private: Whether it may go unencrypted to an address of a private network.
    """

    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    allow_private: bool = field(default=False, repr=False)

    @property
    def method(self) -> str:
        """The HTTP method."""
        return "POST" if self.body else "GET"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The keys in the headers, which must be masked in messages."""
        values = (value for name, value in self.headers if name.lower() not in PUBLIC_HEADERS)
        words = (word for value in values for word in value.split())
        return tuple(word for word in words if word.lower() not in _SCHEMES)

    def at(self, url: str) -> Self:
        """Return the same request with another address."""
        return replace(self, url=url)

    def without_body(self) -> Self:
        """The GET that follows a redirect which drops the body (RFC 9110 §15.4)."""
        kept = ((name, text) for name, text in self.headers if not _is_about_body(name))
        return replace(self, headers=tuple(kept), body=b"")

    def without_secrets(self) -> Self:
        """Return the same request without keys."""
        kept = ((name, text) for name, text in self.headers if name.lower() in PUBLIC_HEADERS)
        return replace(self, headers=tuple(kept))


def _is_about_body(name: str) -> bool:
    return name.lower().startswith("content-")
