from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import pytest

from koe.cli import Exit
from koe.cli.report import DictationProgress, JsonReport, Report, TextReport
from koe.events import (
    AnnounceReady,
    Deliver,
    Notice,
    ReportError,
    ReportHeard,
    ShowInterim,
    ShowState,
    State,
    Warn,
)

TEXT = Deliver(text="你好 Koe.", heard="你好 koe", engine="moonshine", corrected=True)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("notices", "status"),
    [
        ([], Exit.NO_SPEECH),
        ([ShowInterim("")], Exit.NO_SPEECH),
        ([TEXT], Exit.OK),
        ([Warn("the engine went away"), TEXT], Exit.OK),
        ([Warn("the engine went away")], Exit.ERROR),
        ([TEXT, Warn("too late to matter")], Exit.OK),
        ([ReportError("no engine")], Exit.ERROR),
    ],
)
@pytest.mark.parametrize("kind", [TextReport, JsonReport])
def test_status(kind: type[Report], notices: list[Notice], status: Exit) -> None:
    report = kind(DictationProgress())
    for notice in notices:
        report.show(notice)
    assert report.status is status


def test_text_on_stdout_and_the_rest_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    report = TextReport(DictationProgress(duration=3.0))
    report.advance(3.0)
    for notice in (
        ShowState(State.RECORDING_HOLD), AnnounceReady(), ShowInterim("你好"), Warn("slow"),
        ReportHeard("你好 koe"), TEXT, ReportError("broken"),
    ):  # fmt: skip
        report.show(notice)
    report.close()
    assert capsys.readouterr() == ("你好 Koe.\n", "koe: warning: slow\nkoe: broken\n")


def test_a_text_that_would_paint_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters reach programs and files unchanged."""
    hostile = Deliver(text="a\x1b[2Jb\nc\x9bd", heard="", engine="", corrected=False)
    with redirect_stdout(Terminal()) as terminal:
        TextReport(DictationProgress()).show(hostile)
    TextReport(DictationProgress()).show(hostile)
    assert terminal.getvalue() == "a [2Jb\nc d\n"
    assert capsys.readouterr().out == "a\x1b[2Jb\nc\x9bd\n"


def test_the_live_line(capsys: pytest.CaptureFixture[str]) -> None:
    with redirect_stderr(Terminal()) as terminal:
        report = TextReport(DictationProgress())
        report.show(ShowInterim("hello"))
        report.show(ShowInterim("hello world"))
        assert terminal.getvalue() == "\rhello\rhello world"
        report.show(TEXT)
        assert terminal.getvalue().endswith(" \r")
    assert capsys.readouterr().out == "你好 Koe.\n"


def test_a_warning_replaces_the_live_line() -> None:
    with redirect_stderr(Terminal()) as terminal:
        report = TextReport(DictationProgress())
        report.show(ShowInterim("hello"))
        report.show(Warn("slow"))
    assert terminal.getvalue().endswith(" \rkoe: warning: slow\n")


def test_giving_up_leaves_no_half_text() -> None:
    with redirect_stderr(Terminal()) as terminal:
        report = TextReport(DictationProgress())
        report.show(ShowInterim("hello"))
        report.close()
    assert terminal.getvalue().endswith(" \rkoe: no speech was recognised\n")


def test_progress_of_a_long_recording() -> None:
    """The progress is that of recognition, because a file is handed over at once."""
    with redirect_stderr(Terminal()) as terminal:
        report = TextReport(DictationProgress(duration=4_000.0))
        report.advance(4_000.0)
        report.show(AnnounceReady())
        assert terminal.getvalue() == "\r[recognised 0:00 of 1:06:40] "
        report.progress.recognised = 61.0
        report.show(ShowInterim("hello"))
    assert terminal.getvalue().endswith("\r[recognised 1:01 of 1:06:40] hello")


def test_no_progress_of_a_short_one() -> None:
    with redirect_stderr(Terminal()) as terminal:
        report = TextReport(DictationProgress(duration=10.0))
        report.advance(1.0)
        report.show(AnnounceReady())
    assert terminal.getvalue() == ""


def test_names_of_several(capsys: pytest.CaptureFixture[str]) -> None:
    for report in (
        TextReport(DictationProgress(), "one.wav"),
        TextReport(DictationProgress(), "two.wav"),
    ):
        report.show(Warn("slow"))
        report.show(ReportError("two.wav is damaged"))
        report.show(TEXT)
    out, err = capsys.readouterr()
    assert out == "one.wav: 你好 Koe.\ntwo.wav: 你好 Koe.\n"
    assert err.splitlines() == [
        "koe: one.wav: warning: slow",
        "koe: one.wav: two.wav is damaged",
        "koe: two.wav: warning: slow",
        "koe: two.wav is damaged",
    ]


@pytest.mark.parametrize(
    ("kind", "out", "err"),
    [
        (TextReport, "talk.wav: so far\n", "koe: talk.wav: interrupted\n"),
        (JsonReport, '{"event": "interrupted", "file": "talk.wav", "text": "so far"}\n', ""),
    ],
)
def test_interrupted(
    kind: type[Report], out: str, err: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = kind(DictationProgress(), "talk.wav")
    report.show(ShowInterim("so far"))
    capsys.readouterr()
    report.interrupt()
    report.close()
    assert capsys.readouterr() == (out, err)
    assert report.status is Exit.INTERRUPTED


def test_interrupted_before_the_first_word_or_after_the_last(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for notices in ([], [ShowInterim("你好"), TEXT]):
        report = TextReport(DictationProgress())
        for notice in notices:
            report.show(notice)
        report.interrupt()
    assert capsys.readouterr() == ("你好 Koe.\n", "koe: interrupted\n" * 2)


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    report = JsonReport(DictationProgress(duration=1.25))
    report.advance(1.25)
    for notice in (
        ShowState(State.RECORDING_HOLD), AnnounceReady(), ShowInterim("你"), Warn("slow"),
        ReportHeard("你好 koe"), ReportError("broken"), TEXT,
    ):  # fmt: skip
        report.show(notice)
    report.close()
    out, err = capsys.readouterr()
    *events, final = map(json.loads, out.splitlines())
    assert events == [
        {"event": "state", "state": "recording_hold"},
        {"event": "ready"},
        {"event": "interim", "text": "你"},
        {"event": "warning", "message": "slow"},
        {"event": "heard", "text": "你好 koe"},
        {"event": "error", "message": "broken"},
    ]
    assert final.pop("seconds") >= 0
    assert final == {
        "event": "final",
        "text": "你好 Koe.",
        "heard": "你好 koe",
        "engine": "moonshine",
        "corrected": True,
        "remark": "",
        "whole": True,
        "audio_seconds": 1.25,
    }
    assert "你好" in out
    assert err == ""
