from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile

from koe.asr import Engine
from koe.cli import Exit, main
from koe.config.schema import AsrConfig
from koe.errors import AsrConnectionError
from koe.events import DefiniteHeard, FinalHeard, InterimHeard
from tests.scripted import ScriptedEngine
from tests.wav import as_integers, tone, wav


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two recordings: one second as WAV, half a second as FLAC."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "long.wav").write_bytes(wav(as_integers(tone(1.0), 16)))
    (folder / "long.txt").write_text("hello word")
    soundfile.write(folder / "short.flac", [0.0] * 8_000, 16_000)
    (folder / "short.txt").write_text("hello world")
    return folder


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[AsrConfig, ScriptedEngine]]:
    """The engines that were opened, with their settings; each says "hello world"."""
    opened: list[tuple[AsrConfig, ScriptedEngine]] = []

    def open_engine(config: AsrConfig, terms: tuple[str, ...]) -> Engine:
        opened.append((config, ScriptedEngine()))
        return opened[-1][1]

    monkeypatch.setattr("koe.cli.eval.open_engine", open_engine)
    return opened


Opened = list[tuple[AsrConfig, ScriptedEngine]]


def test_the_table(
    folder: Path, opened: Opened, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", str(folder), "--texts", "--config", str(directory)]) == Exit.OK
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[:5] for line in lines] == [
        ["recording", "seconds", "wrong", "said", "rate"],
        ["long", "1.0", "1", "2", "50.0%"],
        ["said:", "hello", "word"],
        ["heard:", "hello", "world"],
        ["short", "0.5", "0", "2", "0.0%"],
        ["total", "1.5", "1", "4", "25.0%"],
    ]
    warming, *engines = (engine for _, engine in opened)
    assert [len(engine.heard) for engine in engines] == [32_000, 16_000]
    assert set(warming.heard) == {0}
    assert all(engine.calls[-1] == "close" for _, engine in opened)


def test_as_json(
    folder: Path, opened: Opened, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--json", "--engine", "sherpa-onnx", "--second-pass", "off"]
    assert main(["eval", str(folder), *words, "--config", str(directory)]) == Exit.OK
    first, _, total = map(json.loads, capsys.readouterr().out.splitlines())
    assert first | {"computing": 0} == {
        "name": "long", "seconds": 1.0, "wrong": 1, "said": 2, "rate": 0.5, "computing": 0,
        "text": "hello world",
    }  # fmt: skip
    assert (total["name"], total["rate"]) == ("total", 0.25)
    assert {(config.provider, config.second_pass) for config, _ in opened} == {
        ("sherpa-onnx", "off")
    }


def test_all_kinds_of_results_count(folder: Path, directory: Path, opened: Opened) -> None:
    def open_engine(config: AsrConfig, terms: tuple[str, ...]) -> Engine:
        engine = ScriptedEngine()
        for event in (InterimHeard("hel"), DefiniteHeard("hello"), FinalHeard("hello word")):
            engine.says.put_nowait(event)
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("koe.cli.eval.open_engine", open_engine)
        assert main(["eval", str(folder), "--config", str(directory)]) == Exit.OK


def test_an_engine_that_fails(
    folder: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = ScriptedEngine()
    engine.connect_error = AsrConnectionError("no network")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("koe.cli.eval.open_engine", lambda config, terms: engine)
        assert main(["eval", str(folder), "--config", str(directory)]) == Exit.ERROR
    assert "no network" in capsys.readouterr().err
    assert engine.closed.is_set()


def test_no_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", str(tmp_path)]) == Exit.ERROR
    assert "no recordings with references" in capsys.readouterr().err
