from __future__ import annotations

import json

import pytest

from koe.events import State
from koe.linux.status import Announcement, Status, announcement, newest, waybar


def test_as_json() -> None:
    status = Status(State.RECORDING_HOLD, text="so far", hotkey="F1")
    assert status.as_json() == {
        "recording": True,
        "state": "recording_hold",
        "text": "so far",
        "way": "",
        "message": "",
        "hotkey": "F1",
    }


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status(), None),
        (Status(text="delivered", way="paste"), None),
        (
            Status(State.RECORDING_TOGGLE, text="so far"),
            Announcement("Listening", "so far", lasts=True),
        ),
        (Status(State.CORRECTING, text="all"), Announcement("Recognising", "all", lasts=True)),
        (Status(message="no microphone"), Announcement("Koe", "no microphone", is_grave=True)),
    ],
)
def test_announcements(status: Status, expected: Announcement | None) -> None:
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
        (Status(), "idle", ""),
        (Status(State.RECORDING_HOLD), "recording", "●"),
        (Status(State.RECORDING_HOLD, text='a "b"\n'), "recording", '● a "b"'),
        (Status(State.FINALIZING_ASR), "working", "…"),
        (Status(message="no microphone"), "error", "!"),
    ],
)
def test_waybar(status: Status, kind: str, text: str) -> None:
    line = waybar(status)
    assert "\n" not in line
    told = json.loads(line)
    assert (told["class"], told["text"]) == (kind, text)
