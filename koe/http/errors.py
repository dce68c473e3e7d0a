"""What can go wrong with a request over HTTP; a part of the tree in `koe.errors`.

Each caller raises it as an error of its own: of recognition, of correction, of models.
"""

from __future__ import annotations

from koe.errors import KoeError


class HttpError(KoeError):
    """Base of the errors of the HTTP door.

    Args:
        message: What went wrong, without any key.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"HTTP request failed: {self.message}"


class HttpConfigError(HttpError):
    """The request can't be sent at all: the address, a header or the certificates are no good."""


class HttpConnectionError(HttpError):
    """The server could not be reached, or the connection broke before the reply was there.

    Args:
        message: What went wrong.
        is_passing: The server took the connection and dropped it; the next one may live.
        is_lasting: The server's certificate is no good, and no better the next time.
    """

    def __init__(self, message: str, *, is_passing: bool = False, is_lasting: bool = False) -> None:
        super().__init__(message)
        self.is_passing = is_passing
        self.is_lasting = is_lasting


class HttpTimeoutError(HttpError):
    """The whole reply did not come in time.

    Args:
        timeout_seconds: How long was waited.
    """

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__(f"no reply within {timeout_seconds:g} s")
        self.timeout_seconds = timeout_seconds


class HttpReplyError(HttpError):
    """The reply can't be used: it is too large, is compressed, leads astray, or is not HTTP."""


class HttpRedirectError(HttpReplyError):
    """The server sends us to where nothing may be sent."""
