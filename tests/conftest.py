"""What many tests need: a scripted engine, recordings, and a private configuration folder."""

from __future__ import annotations

from pathlib import Path

import pytest

import koe.core
from tests.scripted import ScriptedEngine


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A configuration folder that does not exist yet."""
    return tmp_path / "koe"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    """The engine that the next session opens, whatever is configured."""
    scripted = ScriptedEngine()
    monkeypatch.setattr(koe.core, "open_engine", lambda config, terms: scripted)
    return scripted


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder with the two recordings that the speech package brings."""
    from moonshine_voice.utils import get_assets_path

    return Path(get_assets_path())
