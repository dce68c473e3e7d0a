from __future__ import annotations

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
    assert capsys.readouterr().err.startswith("koe: koe serve is not running; to start it:")
