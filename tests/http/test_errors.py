"""What can go wrong with a request, and which failures another try may mend."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.http.errors import (
    HttpConnectionError,
    HttpTimeoutError,
    is_permanent_status,
    retry_after_seconds,
)

NOW = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)


def test_sentences() -> None:
    assert str(HttpConnectionError("x broke")) == "HTTP request failed: x broke"
    assert str(HttpTimeoutError(8.0)) == "HTTP request failed: no reply within 8 s"


@pytest.mark.parametrize("status", [301, 307, 400, 401, 402, 403, 404, 405, 410, 413, 422, 434])
def test_refusals_that_stay(status: int) -> None:
    assert is_permanent_status(status)


@pytest.mark.parametrize(
    "status", [200, 408, 409, 421, 425, 429, 498, 499, 500, 502, 503, 504, 520, 999]
)
def test_refusals_that_pass(status: int) -> None:
    assert not is_permanent_status(status)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (" 7 ", 7.0),
        ("999999999", 86_400.0),
        ("Sat, 28 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 28 Nov 2026 12:00:30 -0000", 30.0),
        ("Sat, 28 Nov 2026 11:00:00 GMT", 0.0),
        ("Sat, 28 Nov 2093 11:00:00 GMT", 86_400.0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("9" * 5000, None),
    ],
)
def test_pauses(value: str, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


@given(st.text())
def test_any_value(value: str) -> None:
    pause = retry_after_seconds(value)
    assert pause is None or 0 <= pause <= 86_400
