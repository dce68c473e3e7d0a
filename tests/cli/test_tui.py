from __future__ import annotations

import sys
from pathlib import Path

import pytest

from koe.cli import Exit, main, tui
from tests.cli.command import run_koe

for_linux = pytest.mark.skipif(sys.platform != "linux", reason="koe serve is for Linux")


def test_elsewhere(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert main(["tui"]) == Exit.ERROR
    assert "koe tui is for Linux" in capsys.readouterr().err


@for_linux
def test_without_a_terminal(tmp_path: Path) -> None:
    done = run_koe("tui", home=tmp_path)
    assert (done.returncode, done.stdout) == (Exit.ERROR, "")
    assert done.stderr == (
        "koe: koe tui needs a terminal for what it shows and reads; run it in one, without pipes\n"
    )


@for_linux
def test_without_the_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tui, "_is_terminal", lambda: True)
    for name in [name for name in sys.modules if name.startswith("koe.tui")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "textual", None)
    assert main(["tui"]) == Exit.ERROR
    (sentences,) = capsys.readouterr().err.splitlines()
    assert sentences.startswith("koe: koe tui needs a package that is missing (")
    assert sentences.endswith("; run: pip install 'koe-core[tui]'")
