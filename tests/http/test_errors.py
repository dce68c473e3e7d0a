from __future__ import annotations

from koe.http.errors import HttpConnectionError, HttpTimeoutError


def test_sentences() -> None:
    assert str(HttpConnectionError("x broke")) == "HTTP request failed: x broke"
    assert str(HttpTimeoutError(8.0)) == "HTTP request failed: no reply within 8 s"
