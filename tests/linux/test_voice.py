from __future__ import annotations

import sys
from pathlib import Path

import pytest

from koe.level import LevelMeter
from koe.linux.voice import voice_detector


def test_speech_has_a_voice(speech: Path) -> None:
    pytest.importorskip("webrtcvad")
    hears_voice = voice_detector()
    assert hears_voice is not None
    level = LevelMeter(hears_voice)
    level.add(speech.read_bytes())
    assert level.has_speech


def test_silence_has_none() -> None:
    pytest.importorskip("webrtcvad")
    hears_voice = voice_detector()
    assert hears_voice is not None
    assert not hears_voice(bytes(640))


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "webrtcvad", None)
    assert voice_detector() is None
