"""What can go wrong with a request over HTTP, and what another try may mend.

The errors are a part of the tree in `koe.errors`. Each caller raises them as errors of its own: of
recognition, of correction, of models.

A wrong answer about another try costs differently: a passing failure that is taken for a lasting
one costs words, and the other way round it costs seconds. So what is not known counts as passing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from koe.errors import KoeError

# RFC 9110 §§15.5.9, 15.5.10, 15.5.20, RFC 8470 §5.2, RFC 6585 §4: refusals of this moment. The last
# two are not registered: Groq has no capacity left, and a proxy gave up on its own request.
_PASSING_REFUSALS = frozenset({408, 409, 421, 425, 429, 498, 499})

# A service that asks for a longer pause counts as gone.
_LONGEST_PAUSE = 86_400.0


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


def is_permanent_status(status: int) -> bool:
    """Tell whether an HTTP status says that the same request will be refused again.

    That is so for a redirect that is not followed, and for all refusals that blame the request.
    """
    return 300 <= status < 500 and status not in _PASSING_REFUSALS


def pause_asked_for(retry_after: str, now: datetime | None = None) -> float | None:
    """Read a Retry-After header (RFC 9110 §10.2.3).

    Args:
        retry_after: Its value: seconds, or a date.
        now: The time; None: now.

    Returns:
        Seconds; None if it has no meaning.
    """
    value = retry_after.strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return min(float(value), _LONGEST_PAUSE)
    try:
        date = parsedate_to_datetime(value)
        # A date that names no zone is one of GMT, as all in HTTP.
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = (date - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_PAUSE)
