"""A terminal at which a test types."""

from __future__ import annotations

import io

import pytest


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def type_in(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """Type these lines, and end the input."""
    monkeypatch.setattr("sys.stdin", _Terminal("".join(f"{line}\n" for line in lines)))
