from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest

import koe
from koe.errors import AsrConnectionError, AsrProtocolError, AudioError
from koe.events import InterimHeard
from koe.transcription import DictationError, Transcription, transcribe
from tests.scripted import ScriptedEngine
from tests.wav import as_integers, tone, wav

SPOKEN = tone(1.0)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "speech.wav"
    path.write_bytes(wav(as_integers(SPOKEN, 16)))
    return path


def test_a_file(engine: ScriptedEngine, recording: Path, directory: Path) -> None:
    assert transcribe(str(recording), directory=directory) == Transcription(
        text="hello world",
        heard="hello world",
        engine="moonshine",
        corrected=False,
        is_whole=True,
        warnings=(),
    )
    assert engine.heard == as_integers(SPOKEN, 16)


def test_an_array(engine: ScriptedEngine, directory: Path) -> None:
    samples = numpy.array(tone(1.0, 48_000), dtype=numpy.float32)
    stereo = numpy.stack([samples, samples], axis=1)
    assert transcribe(stereo, rate=48_000, directory=str(directory)).text == "hello world"
    assert len(engine.heard) == pytest.approx(32_000, abs=4)


def test_silence(engine: ScriptedEngine, recording: Path, directory: Path) -> None:
    engine.answer = ""
    assert transcribe(recording, directory=directory) == Transcription("", "", "", False, True, ())


def test_a_recording_that_is_cut_off(
    engine: ScriptedEngine, tmp_path: Path, directory: Path
) -> None:
    path = tmp_path / "cut.wav"
    path.write_bytes(wav(bytes(32_000), declared_bytes=96_000))
    [warning] = transcribe(path, directory=directory).warnings
    assert warning.startswith(f"{path} is cut off: according to its header, 2.0 s are")


def test_an_engine_that_fails(engine: ScriptedEngine, recording: Path, directory: Path) -> None:
    engine.connect_error = AsrConnectionError("no such key", is_permanent=True)
    with pytest.raises(DictationError, match="ASR connection failed: no such key"):
        transcribe(recording, directory=directory)


def test_an_engine_that_fails_late(
    engine: ScriptedEngine, recording: Path, directory: Path
) -> None:
    engine.says.put_nowait(InterimHeard("so far"))
    engine.says.put_nowait(AsrProtocolError("it broke", is_permanent=True))
    done = transcribe(recording, directory=directory)
    assert (done.text, done.is_whole) == ("so far", False)
    assert "it broke" in done.warnings[0]


@pytest.mark.parametrize(
    ("source", "rate", "sentence"),
    [
        ("none.wav", None, "none.wav does not exist; give an existing recording"),
        ("talk.wav", 16_000, "talk.wav contains its sample rate"),
        (numpy.zeros(9), None, "the sample rate of the array is missing"),
        (numpy.zeros(9), 0, "a sample rate of 0 Hz"),
        (numpy.empty(0), 16_000, "the array is empty"),
        (numpy.full(9, numpy.nan), 16_000, "no numbers"),
        (numpy.zeros(9, dtype=int), 16_000, "samples of the type int64"),
        (b"RIFF", 16_000, "pass a path, or a numpy array"),
    ],
)
def test_what_can_not_be_transcribed(
    source: Any, rate: int | None, sentence: str, directory: Path
) -> None:
    with pytest.raises(AudioError, match=sentence):
        transcribe(source, rate=rate, directory=directory)


def test_on_an_event_loop(recording: Path, engine: ScriptedEngine, directory: Path) -> None:
    async def run() -> str:
        with pytest.raises(DictationError, match=r"await asyncio.to_thread\(koe.transcribe"):
            transcribe(recording, directory=directory)
        return (await asyncio.to_thread(transcribe, recording, directory=directory)).text

    assert asyncio.run(run()) == "hello world"


def test_the_package_loads_it_when_it_is_used() -> None:
    assert koe.transcribe is transcribe
    assert koe.Transcription is Transcription
    with pytest.raises(AttributeError, match="no attribute 'sing'"):
        koe.sing  # noqa: B018
    code = "import sys, koe; sys.exit(any(name.startswith('koe.') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.model
def test_with_the_model(recordings: Path, directory: Path) -> None:
    done = transcribe(recordings / "beckett.wav", directory=directory)
    assert done.text.startswith("Ever tried, ever failed, no matter")
    assert done.engine == "moonshine"
