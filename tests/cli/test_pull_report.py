from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from koe.cli.pull_report import BarsReport
from koe.errors import DownloadError
from koe.models.transfer import Progress, Retry
from koe.models.verification import Status
from tests.cli.screen import Screen


def progress(index: int, name: str, bytes_there: int, total: int, exists: bool = False) -> Progress:
    return Progress(index, 9, name, bytes_there, total, exists)


def test_a_bar_for_each_file() -> None:
    screen = Screen()
    with BarsReport(screen) as report:
        report.show(progress(3, "config.json", 2000, 2000, exists=True))
        report.show(progress(0, "encoder-epoch-99-avg-1.int8.onnx", 1000, 4000))
        report.show(progress(1, "模型.bin", 500, 0))
        report.show(progress(0, "encoder-epoch-99-avg-1.int8.onnx", 4000, 4000))
        report.show(progress(2, "tokens.txt", 1000, 4000))
    exists, done, unknown, pulling = screen.lines
    assert exists == f"{'config.json':<25} exists    {'█' * 20} 2.00k/2.00k"
    assert done == f"encoder-epoch-99-avg-1.in done      {'█' * 20} 4.00k/4.00k"
    assert unknown.startswith(f"模型.bin{' ' * 17} pulling   500 ")
    assert pulling.startswith(f"{'tokens.txt':<25} pulling   █████{' ' * 15} 1.00k/4.00k ")


def test_a_file_that_is_begun_again() -> None:
    screen = Screen()
    with BarsReport(screen) as report:
        report.show(progress(0, "a", 3000, 4000))
        report.show(progress(0, "a", 1000, 4000))
    assert "1.00k/4.00k" in screen.lines[0]


def test_retries(capsys: pytest.CaptureFixture[str]) -> None:
    report = BarsReport(Screen())
    report.show(Retry("a", DownloadError("a", "gone"), 2.0))
    assert capsys.readouterr().err == ("koe: warning: download a: gone; trying again in 2 s\n")


def test_a_reason_is_given_once_until_something_is_received(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = BarsReport(Screen())
    for name, pause in (("a", 1.0), ("b", 1.0), ("a", 2.0)):
        report.show(Retry(name, DownloadError(name, "gone"), pause))
    report.show(progress(0, "a", 1000, 4000))
    report.show(Retry("a", DownloadError("a", "gone"), 1.0))
    assert capsys.readouterr().err.count("gone") == 2


def test_no_bars_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    file = io.StringIO()
    with BarsReport(file) as report:
        report.show(progress(0, "a", 1000, 4000))
        report.show(progress(0, "a", 4000, 4000))
    report.begin_verification()
    report.end_verification(Status.INSTALLED)
    assert file.getvalue() == "Verifying... ok\n"
    report.fail("no")
    report.finish("m", Path("x"))
    assert capsys.readouterr() == ("m: pull complete\nPath: x\n", "koe: no\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals of this kind")
def test_a_real_terminal() -> None:
    import pty

    controller, terminal = pty.openpty()
    with os.fdopen(terminal, "w", encoding="utf-8") as file:
        with BarsReport(file) as report:
            report.show(progress(0, "a", 4000, 4000))
        file.write("the end")
        file.flush()
        shown = b""
        while b"the end" not in shown:  # one read may return only a part
            shown += os.read(controller, 65536)
    os.close(controller)
    assert b"done" in shown
    assert b"4.00k/4.00k" in shown
