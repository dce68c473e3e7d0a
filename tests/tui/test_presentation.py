from __future__ import annotations

import pytest

from koe.config.people.listing import Origin, Setting
from koe.events import State
from koe.journal.entries import Entry, Why
from koe.linux.status import DaemonStatus, MicrophoneLevel
from koe.tui.presentation import (
    editable,
    entry_rows,
    headline,
    level_bar,
    notes,
    safe,
    setting_rows,
    tone_of,
)

QUIET = MicrophoneLevel(0.0, 0.0)
NASTY = "a\x1b[31m\x1b]52;c;eA==\x07\x9b2Jb\ud800\r\tc\x00"


def test_nothing_moves_the_cursor() -> None:
    assert safe("line\nline 你好") == "line\nline 你好"
    assert safe(NASTY) == "a [31m ]52;c;eA==  2Jb?  c "
    entry = Entry("1", NASTY, text=NASTY, heard=NASTY + NASTY, reason=NASTY, engine=NASTY)
    setting = Setting("a" + NASTY, NASTY, NASTY, Origin.FILE, accepts=NASTY, effect=NASTY)
    status = DaemonStatus(text=NASTY, message=NASTY, hotkey=NASTY)
    rows = [*entry_rows([entry]), *setting_rows([setting], "", 80)]
    texts = [text for row in rows for text in (row.line, row.details)]
    for text in [*texts, notes(status), editable(setting)]:
        assert "\n" in text or text.isprintable()
        assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize(
    ("status", "line", "tone"),
    [
        (None, "○ koe serve is not running", "absent"),
        (DaemonStatus(), "○ Ready", "ready"),
        (DaemonStatus(State.CANCELLED), "○ Ready", "ready"),
        (DaemonStatus(State.RECORDING_TOGGLE), "● Recording 0:00 ", "recording"),
        (DaemonStatus(State.CONNECTING_ASR), "● Recording 0:00 ", "recording"),
        (DaemonStatus(State.FINALIZING_ASR), "○ Recognising", "working"),
        (DaemonStatus(State.CORRECTING), "○ Correcting", "working"),
        (DaemonStatus(State.FAILED), "○ Failed", "failed"),
    ],
)
def test_states(status: DaemonStatus | None, line: str, tone: str) -> None:
    assert headline(status, QUIET, 40) == line
    assert tone_of(status) == tone


def test_the_meter_fits() -> None:
    status = DaemonStatus(State.RECORDING_HOLD)
    assert headline(status, MicrophoneLevel(1.0, 67.9), 80) == "● Recording 1:07 " + "█" * 24
    for columns in (40, 20, 10):
        assert len(headline(status, MicrophoneLevel(1.0, 0.0), columns)) <= max(columns, 17)


@pytest.mark.parametrize(
    ("loudness", "bar"),
    [
        (0.0, ""),
        (float("nan"), ""),
        (0.0001, ""),
        (0.001, ""),
        (0.0316228, "███"),  # -30 dB
        (0.05, "███▍"),
        (1.0, "██████"),
        (9.0, "██████"),
    ],
)
def test_a_bar(loudness: float, bar: str) -> None:
    assert level_bar(loudness, 6) == bar


def test_notes() -> None:
    status = DaemonStatus(way="paste", hotkey="F1")
    assert notes(status) == "The text was pasted.\nHotkey: F1"
    assert notes(DaemonStatus(way="clipboard", message="It rains")) == "It rains"
    assert notes(DaemonStatus(way="shown")) == ""


def test_entries() -> None:
    whole = Entry("1", "2026-11-28T09:30:00Z", "qwen", seconds=3.21, text="One.", audio_bytes=90000)
    broken = Entry("2", "when?", heard="two", reason="it rains", is_pinned=True, why=Why.INCOMPLETE)
    empty = Entry("3", "when?", reason="it rains", why=Why.FAILED)
    corrected = Entry("4", "when?", text="Four.", heard="for")
    rows = list(entry_rows([whole, broken, empty, corrected]))
    assert [row.key for row in rows] == ["1", "2", "3", "4"]
    assert rows[0].line.endswith(":30  One.")
    assert rows[0].details.startswith("One.\n2026-11-28 ")
    assert "; 3.2 s; qwen; recording of 0.1 MB\ncomplete: " in rows[0].details
    assert rows[1].line == "when?  * [incomplete] two"
    assert rows[1].details.startswith("two\nit rains\nwhen?; 0.0 s; no recording\nincomplete: ")
    assert rows[2].line == "when?  [failed] it rains"
    assert rows[3].details.startswith("Four.\nheard: for\n")


SETTINGS = [
    Setting("asr.provider", "qwen", "qwen", Origin.FILE, "asr.provider", 3, "qwen",
            accepts="text", effect="with the next recording"),
    Setting("llm.enabled", True, "true", Origin.DEFAULT),
    Setting("a.b", 1, "1", Origin.DEFAULT, "a.b", 7, "one", is_usable=False, effect="at once"),
    Setting("a.c", "x", "x", Origin.ENVIRONMENT, "a.c", 8, "${X}"),
    Setting("a.d", "x", "x", Origin.DERIVED),
]  # fmt: skip


def test_settings() -> None:
    wide = list(setting_rows(SETTINGS, "", 80))
    assert [row.line for row in wide[:2]] == ["asr.provider  qwen", "llm.enabled   true"]
    assert [row.line for row in setting_rows(SETTINGS, "PROV", 40)] == ["asr.provider: qwen"]
    assert [row.key for row in setting_rows(SETTINGS, "true", 40)] == ["llm.enabled"]
    assert wide[0].details == (
        "asr.provider: qwen\nAccepted: text.\n"
        "The value is in line 3 of config.yaml; a change takes effect with the next recording."
    )
    assert wide[1].details == "llm.enabled: true\nThe value is the default."
    assert "Line 7 of config.yaml is unusable, so the value is the default; " in wide[2].details
    assert "Line 8 of config.yaml takes the value from the environment." in wide[3].details
    assert "The value follows from other settings." in wide[4].details


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        (SETTINGS[0], "qwen"),
        (SETTINGS[1], "true"),
        (SETTINGS[2], "one"),
        (SETTINGS[3], "${X}"),
        (Setting("k", "", '""', Origin.DEFAULT), ""),
        (Setting("k", None, "unlimited", Origin.DEFAULT), ""),
        (Setting("k", ["a", "b"], "[a, b]", Origin.DEFAULT), "a, b"),
        (Setting("k", "********", "********", Origin.FILE, "k", 1, "sk-1", is_secret=True), ""),
    ],
)
def test_what_an_editor_begins_with(setting: Setting, text: str) -> None:
    assert editable(setting) == text
