from __future__ import annotations

import json

import pytest

from koe.events import State
from koe.linux.status import (
    Announcement,
    DaemonStatus,
    MicrophoneLevel,
    announcement,
    newest,
    read_answer,
    waybar,
)


def test_as_json() -> None:
    status = DaemonStatus(State.RECORDING_HOLD, text="so far", hotkey="F1")
    assert status.as_json() == {
        "recording": True,
        "state": "recording_hold",
        "text": "so far",
        "way": "",
        "message": "",
        "hotkey": "F1",
    }


@pytest.mark.parametrize(
    "said",
    [
        DaemonStatus(State.RECORDING_HOLD, "so far", "paste", "a sentence", "F1"),
        DaemonStatus(),
        MicrophoneLevel(0.25, 3.5),
    ],
)
def test_there_and_back(said: DaemonStatus | MicrophoneLevel) -> None:
    assert read_answer(json.loads(json.dumps({"ok": True, **said.as_json()}))) == said


def test_answers_of_another_version() -> None:
    assert read_answer({"state": "dreaming", "dreams": 3}) == DaemonStatus()
    assert read_answer({"level": "loud"}) == MicrophoneLevel(0.0, 0.0)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (DaemonStatus(), None),
        (DaemonStatus(text="delivered", way="paste"), None),
        (
            DaemonStatus(State.RECORDING_TOGGLE, text="so far"),
            Announcement("Listening", "so far", lasts=True),
        ),
        (
            DaemonStatus(State.CORRECTING, text="all"),
            Announcement("Recognising", "all", lasts=True),
        ),
        (
            DaemonStatus(message="no microphone"),
            Announcement("Koe", "no microphone", is_grave=True),
        ),
    ],
)
def test_announcements(status: DaemonStatus, expected: Announcement | None) -> None:
    assert announcement(status) == expected


def test_the_newest_words_are_seen() -> None:
    assert newest("short") == "short"
    long = "word " * 100 + "end"
    assert newest(long).startswith("…")
    assert newest(long).endswith(" end")
    assert len(newest(long)) == 160


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (DaemonStatus(), "idle", ""),
        (DaemonStatus(State.RECORDING_HOLD), "recording", "●"),
        (DaemonStatus(State.RECORDING_HOLD, text='a "b"\n'), "recording", '● a "b"'),
        (DaemonStatus(State.FINALIZING_ASR), "working", "…"),
        (DaemonStatus(message="no microphone"), "error", "!"),
        (DaemonStatus(State.RECORDING_HOLD, text="R&D <b"), "recording", "● R&amp;D &lt;b"),
    ],
)
def test_waybar(status: DaemonStatus, kind: str, text: str) -> None:
    line = waybar(status)
    assert "\n" not in line
    reported = json.loads(line)
    assert (reported["class"], reported["text"]) == (kind, text)
