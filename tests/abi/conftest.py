from __future__ import annotations

import wave
from pathlib import Path

import pytest

from tests.abi import build


@pytest.fixture(scope="session", autouse=True)
def _libraries() -> None:
    build.build_libraries()


@pytest.fixture(scope="session")
def speech(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds of speech as a program pushes it: "Ever tried. Ever failed. No matter."."""
    raw = tmp_path_factory.mktemp("speech") / "beckett.raw"
    with wave.open(str(recordings / "beckett.wav")) as recording:
        raw.write_bytes(recording.readframes(5 * 16_000))
    return raw
