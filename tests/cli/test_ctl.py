from __future__ import annotations

import json
import sys

import pytest

from koe.cli import Exit, main
from koe.linux.control import ACTIONS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="koe serve is for Linux")


@pytest.mark.parametrize("words", [[word] for word in ACTIONS] + [["status", "--follow"]])
def test_without_a_daemon(
    words: list[str],
    tmp_path: object,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert main(["ctl", *words]) == Exit.ERROR
    assert capsys.readouterr().err.startswith("koe: koe serve does not run; start it:")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> None:
    reported = [{"ok": True, "state": "recording_hold", "text": "so far"}, {"ok": True}]
    monkeypatch.setattr("koe.linux.control.ask", lambda path, word: iter(reported))
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")


@pytest.mark.usefixtures("answers")
def test_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ctl", "status", "--follow"]) == Exit.OK
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [{"ok": True, "state": "recording_hold", "text": "so far"}, {"ok": True}]


@pytest.mark.usefixtures("answers")
def test_waybar(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ctl", "status", "--follow", "--waybar"]) == Exit.OK
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["class"] for line in lines] == ["recording", "idle"]
