"""The errors of HTTP requests, and which of them another try may solve.

They are a part of the tree in `koe.errors`. Callers turn them into errors of recognition, of
correction or of models.

If a temporary failure is taken for a lasting one, words are lost; the opposite mistake only costs
seconds. So unknown failures count as temporary.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from koe.errors import KoeError

# RFC 9110 §§15.5.9, 15.5.10, 15.5.20, RFC 8470 §5.2, RFC 6585 §4: temporary refusals. Two are not
# registered: 498, Groq has no capacity left, and 499, a proxy gave up on its own request.
_PASSING_REFUSALS = frozenset({408, 409, 421, 425, 429, 498, 499})

# The longest pause, in seconds; more is cut to this.
_LONGEST_PAUSE = 86_400.0


class HttpError(KoeError):
    """Base of the errors of HTTP requests.

    Args:
        message: What went wrong, without any key.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"HTTP request failed: {self.message}"


class HttpConfigError(HttpError):
    """The request can't be sent at all: the address, a header or the certificates are wrong."""


class HttpConnectionError(HttpError):
    """The server could not be reached, or the connection broke before the reply was complete.

    Args:
        message: What went wrong.
        is_temporary: The connection broke; another one may work.
        is_lasting: The server's certificate is not accepted, and will not be at the next try.
    """

    def __init__(
        self, message: str, *, is_temporary: bool = False, is_lasting: bool = False
    ) -> None:
        super().__init__(message)
        self.is_temporary = is_temporary
        self.is_lasting = is_lasting


class HttpTimeoutError(HttpError):
    """The whole reply did not come in time.

    Args:
        timeout_seconds: The time limit.
    """

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__(f"no reply within {timeout_seconds:g} s")
        self.timeout_seconds = timeout_seconds


class HttpReplyError(HttpError):
    """The reply can't be used: too large, compressed, a forbidden redirect, or not HTTP."""


class HttpRedirectError(HttpReplyError):
    """The server redirects to an address that is not allowed."""


def is_permanent_status(status: int) -> bool:
    """Return whether an HTTP status means that the same request will be refused again.

    This holds for redirects that are not followed, and for all refusals that blame the request.
    """
    return 300 <= status < 500 and status not in _PASSING_REFUSALS


def retry_after_seconds(retry_after: str, now: datetime | None = None) -> float | None:
    """Read a Retry-After header (RFC 9110 §10.2.3).

    Args:
        retry_after: The value of the header: seconds, or a date.
        now: The present time; None: by the system's clock.

    Returns:
        The seconds to wait; None if the value is invalid.
    """
    value = retry_after.strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return min(float(value), _LONGEST_PAUSE)
    try:
        date = parsedate_to_datetime(value)
        # A date without a zone is in GMT, like all dates in HTTP.
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = (date - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_PAUSE)
