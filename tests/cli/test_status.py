from __future__ import annotations

import json
import sys

import pytest

from koe.cli import Exit, main

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="koe serve is for Linux")

# Two names of the same command.
BOTH = pytest.mark.parametrize("words", [["status"], ["ctl", "status"]])


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> None:
    reported = [{"ok": True, "state": "recording_hold", "text": "so far"}, {"ok": True}]
    monkeypatch.setattr("koe.linux.control.ask", lambda path, word: iter(reported))
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")


@BOTH
@pytest.mark.usefixtures("answers")
def test_lines(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--follow"]) == Exit.OK
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [{"ok": True, "state": "recording_hold", "text": "so far"}, {"ok": True}]


@BOTH
@pytest.mark.usefixtures("answers")
def test_waybar(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--follow", "--waybar"]) == Exit.OK
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["class"] for line in lines] == ["recording", "idle"]
