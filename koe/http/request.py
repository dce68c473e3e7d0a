"""One request, of whichever kind: correction, upload or download. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

# Headers whose values are no secrets. All others may be keys, as those of the user's own.
PUBLIC_HEADERS = frozenset({
    "accept", "accept-encoding", "anthropic-version", "content-type", "if-range", "range",
    "user-agent",
})  # fmt: skip

# Words before a key in a header.
_SCHEMES = frozenset({"basic", "bearer"})


@dataclass(frozen=True, slots=True)
class Request:
    """A request, ready to be sent. A repr shows nothing that could be a secret.

    Attributes:
        url: The whole address; it may be no valid one.
        headers: In order. Values may have characters beyond ASCII, which go out as UTF-8.
        body: To be sent by POST; empty for GET.
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
        """The keys in the headers, which no message may repeat."""
        values = (value for name, value in self.headers if name.lower() not in PUBLIC_HEADERS)
        words = (word for value in values for word in value.split())
        return tuple(word for word in words if word.lower() not in _SCHEMES)

    def at(self, url: str) -> Self:
        """The same at another address."""
        return replace(self, url=url)

    def without_body(self) -> Self:
        """The GET that follows a redirect which drops the body (RFC 9110 §15.4)."""
        kept = ((name, text) for name, text in self.headers if not _is_about_body(name))
        return replace(self, headers=tuple(kept), body=b"")

    def without_secrets(self) -> Self:
        """The same without keys."""
        kept = ((name, text) for name, text in self.headers if name.lower() in PUBLIC_HEADERS)
        return replace(self, headers=tuple(kept))


def _is_about_body(name: str) -> bool:
    return name.lower().startswith("content-")
