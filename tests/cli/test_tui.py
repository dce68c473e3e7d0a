from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from koe.cli import Exit, main
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
        "koe: koe tui needs a terminal for input and output; run it in a terminal, without pipes\n"
    )


@for_linux
def test_without_the_package() -> None:
    """In a new process, because a second import here would duplicate modules."""
    code = (
        "import sys; sys.modules['textual'] = None; from koe.cli import main, tui; "
        "tui._is_terminal = lambda: True; sys.exit(main(['tui']))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == Exit.ERROR
    (sentences,) = done.stderr.splitlines()
    assert sentences.startswith("koe: koe tui needs a package that is missing (")
    assert sentences.endswith("; run: pip install 'koe-core[tui]'")
