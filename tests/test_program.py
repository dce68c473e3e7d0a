from __future__ import annotations

import sys

import pytest

from koe import program
from koe.cli import Exit


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["koe"])
    assert program.main() == Exit.OK
    assert capsys.readouterr().out.startswith("usage: koe ")


def test_ctrl_c_while_it_is_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupting:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "koe.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "koe.cli")
    monkeypatch.delattr("koe.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])
    assert program.main() == Exit.INTERRUPTED
    assert capsys.readouterr() == ("", "koe: interrupted\n")
