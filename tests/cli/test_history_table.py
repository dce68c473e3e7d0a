from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from koe.cli.history_table import details, table, when
from koe.cli.live_line import display_width
from koe.journal.entries import Entry, Why


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The time zone of Shanghai, on systems that can change it."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    if hasattr(time, "tzset"):
        time.tzset()
    yield
    monkeypatch.undo()
    if hasattr(time, "tzset"):
        time.tzset()


needs_zone = pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows has one zone")

FAILED = Entry(
    "20260714T223005.007Z-42-1", "2026-07-14T22:30:05.007Z", "qwen", "lab", 12.34, "failed",
    heard="部署 everything\nto\x1b[31m the staging cluster", reason="the connection broke",
    is_whole=False, audio_bytes=1_234_567, is_pinned=True, why=Why.FAILED,
)  # fmt: skip
TEXT = replace(
    FAILED, id="20260713T223005.007Z-7-1", began="2026-07-13T01:02:03.000Z", seconds=100.0,
    engine="sherpa-onnx", text="Done.", why=Why.COMPLETE, audio_bytes=0, is_pinned=False,
)  # fmt: skip

SHORT = {FAILED.id: FAILED.id[:15]}


@needs_zone
def test_a_table() -> None:
    assert list(table([FAILED, TEXT], SHORT, None)) == [
        "ID                        when              seconds  engine       why              text",
        "20260714T223005           2026-07-15 06:30     12.3  qwen         failed*          "
        "部署 everything to [31m the staging cluster",
        "20260713T223005.007Z-7-1  2026-07-13 09:02    100.0  sherpa-onnx  complete (text)  Done.",
    ]


def test_texts_are_shortened_to_the_width() -> None:
    lines = list(table([FAILED], SHORT, 90))
    assert lines[1].endswith("  部署 everything to [31m th…")
    assert display_width(lines[1]) == 89
    assert list(table([FAILED], SHORT, 10))[1].endswith("  部署 everything to…")


@needs_zone
def test_details() -> None:
    assert list(details(FAILED, Path("x.koej"))) == [
        "ID         20260714T223005.007Z-42-1",
        "when       2026-07-15 06:30:05 +0800",
        "seconds    12.3",
        "engine     qwen",
        "profile    lab",
        "why        failed",
        "reason     the connection broke",
        "recording  x.koej, 1.2 MB",
        "pinned     yes",
        "heard      部署 everything to [31m the staging cluster",
    ]
    assert "recording  none" in list(details(TEXT, None))


def test_a_time_that_is_none() -> None:
    for began in ("", "yesterday", "9999-99-99"):
        assert when(replace(FAILED, began=began)) == began
