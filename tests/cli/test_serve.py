from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from koe.cli import Exit, main
from tests.cli.command import run_koe


def test_elsewhere(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert main(["serve"]) == Exit.ERROR
    assert "koe serve is for Linux" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="koe serve is for Linux")
def test_without_a_session(tmp_path: Path) -> None:
    done = run_koe("serve", home=tmp_path, XDG_RUNTIME_DIR="")
    assert done.returncode == Exit.ERROR
    assert done.stderr.startswith("koe: XDG_RUNTIME_DIR is not set")
    assert f"/run/user/{os.getuid()}" in done.stderr
    assert not (tmp_path / ".koe").exists()
