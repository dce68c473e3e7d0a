import sys

import pytest

from koe.diagnostics import report


def test_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    report("the sky is falling")
    assert capsys.readouterr().err == "koe: the sky is falling\n"


def test_without_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    report("nobody hears this")
