from __future__ import annotations

import sys
from pathlib import Path

import pytest

from koe.cli import Exit, main

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="koe serve is for Linux")


def test_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["service", "keys", "sway"]) == Exit.OK
    assert "bindsym --release F9 exec" in capsys.readouterr().out


def test_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert main(["service", "status"]) == Exit.ERROR
    assert "koe service install" in capsys.readouterr().out
    assert main(["service", "uninstall"]) == Exit.ERROR
    assert "the service is not installed" in capsys.readouterr().err


def test_elsewhere(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert main(["service", "status"]) == Exit.ERROR
    assert "koe service is for Linux" in capsys.readouterr().err
