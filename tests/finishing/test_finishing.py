"""Finishing a text, whatever it needs."""

from __future__ import annotations

import logging

import pytest

from koe.finishing import finish, finisher


def test_terms_and_rules() -> None:
    assert finish(("GitHub",), ("spacing",), "get hub , yes") == "GitHub, yes"
    assert finish((), (), "get hub , yes") == "get hub , yes"
    assert finish(("GitHub",), ("spacing",), "") == ""


def test_a_bug_does_not_cost_the_text(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(finisher, "finisher", None)
    with caplog.at_level(logging.ERROR):
        assert finish(("GitHub",), (), "get hub") == "get hub"
    assert "get hub" not in caplog.messages[0]
