import io
import os
import sys
from pathlib import Path

import pytest

from koe import diagnostics
from koe.config.settings import Settings
from koe.config.store import Store
from koe.diagnostics import Level, report, report_once, set_listener


def test_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    report("the sky is falling")
    assert capsys.readouterr().err == "koe: the sky is falling\n"


def test_what_would_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    """Servers and files are quoted, and some of them want to paint the terminal."""
    report("a\x1b[2Jb\x07\x9b1m\r\tc\u3000d")
    assert capsys.readouterr().err == "koe: a [2Jb  1m \tc\u3000d\n"


def test_without_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    report("this is lost")


def test_a_closed_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = io.StringIO()
    stderr.close()
    monkeypatch.setattr(sys, "stderr", stderr)
    report("this is lost")


def test_a_stderr_without_a_reader(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    """A bad configuration is reported, or not, and the settings are there all the same."""
    reader, writer = os.pipe()
    os.close(reader)
    directory.mkdir()
    (directory / "config.yaml").write_text("asr: [\n", encoding="utf-8")
    with io.FileIO(writer, "w") as file:
        monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(file, write_through=True))
        report("this is lost")
        assert Settings(Store(directory, {})).current.config.asr.provider == "moonshine"


def test_once(capsys: pytest.CaptureFixture[str]) -> None:
    report_once.cache_clear()
    for _ in range(2):
        report_once("only once")
    assert capsys.readouterr().err == "koe: only once\n"


def test_a_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    """It hears what stderr gets, also where there is none."""
    heard: list[tuple[Level, str]] = []
    monkeypatch.setattr(diagnostics, "_listener", None)
    monkeypatch.setattr(sys, "stderr", None)
    set_listener(lambda level, sentence: heard.append((level, sentence)))
    report("a\x1bb")
    report(OSError("no"), Level.ERROR)
    assert heard == [(Level.WARNING, "a b"), (Level.ERROR, "no")]
