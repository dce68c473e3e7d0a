"""What becomes of a correction; how a session uses it is tested in test_runner."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from koe.correcting import corrected
from koe.errors import LlmProfileError, LlmStatusError, LlmTimeoutError
from koe.events import Corrected, CorrectionFailed


def test_an_answer() -> None:
    async def ask(heard: str, history: Sequence[str]) -> Corrected:
        return Corrected(f"{heard}, {history}")

    assert asyncio.run(corrected(ask, "hello", ("hell",))) == Corrected("hello, ('hell',)")


@pytest.mark.parametrize(
    ("error", "warning"),
    [
        (
            LlmStatusError(500, "oops"),
            "LLM correction failed: HTTP 500 Internal Server Error: oops",
        ),
        (LlmTimeoutError(8.0), "LLM correction failed: LLM correction timed out"),
        (
            LlmProfileError("x"),
            "LLM correction failed: config error: LLM profile not found: x",
        ),
        (ZeroDivisionError("secret"), "LLM correction failed: ZeroDivisionError"),
    ],
)
def test_a_failure(error: Exception, warning: str) -> None:
    async def ask(heard: str, history: Sequence[str]) -> Corrected:
        raise error

    assert asyncio.run(corrected(ask, "hello", ())) == CorrectionFailed(warning)


def test_a_bug_of_ours_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def ask(heard: str, history: Sequence[str]) -> Corrected:
        raise ZeroDivisionError

    asyncio.run(corrected(ask, "hello", ()))
    assert "a correction failed unexpectedly" in caplog.text
