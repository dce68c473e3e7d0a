"""What many tests need: a scripted engine, recordings, and a private configuration folder."""

from __future__ import annotations

import wave
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


@pytest.fixture(scope="session")
def speech(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds of speech as a program pushes it: "Ever tried. Ever failed. No matter."."""
    raw = tmp_path_factory.mktemp("speech") / "beckett.raw"
    with wave.open(str(recordings / "beckett.wav")) as recording:
        raw.write_bytes(recording.readframes(5 * 16_000))
    return raw
