"""Which failures of a service another try may mend. Pure.

A wrong answer costs differently: a passing failure that is taken for a lasting one costs words, and
the other way round it costs seconds. So what is not known counts as passing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# RFC 9110 §15.5.9, RFC 9110 §15.5.20, RFC 8470 §5.2, RFC 6585 §4: refusals of this moment.
_PASSING_REFUSALS = frozenset({408, 421, 425, 429})

# A service that asks for a longer pause counts as gone.
_LONGEST_PAUSE = 86_400.0


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
