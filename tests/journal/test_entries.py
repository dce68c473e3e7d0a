from __future__ import annotations

import json

import pytest

from koe.journal.entries import Entry, Why, entry_json, entry_of, why_of
from koe.journal.format import End, Header


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (None, Why.INTERRUPTED),
        (End("completed", "a"), Why.COMPLETE),
        (End("completed", "a", is_whole=False), Why.INCOMPLETE),
        (End("completed", "a", reason="no window took it"), Why.INCOMPLETE),
        (End("completed"), Why.SILENT),
        (End("failed", reason="no speech recognized"), Why.SILENT),
        (End("failed", heard="a", reason="no speech recognized"), Why.FAILED),
        (End("failed", reason="the key was refused"), Why.FAILED),
        (End("cancelled", heard="a"), Why.CANCELLED),
        (End("recording_hold", heard="a", reason="the program ended"), Why.INTERRUPTED),
        (End(), Why.INTERRUPTED),
    ],
)
def test_why(end: End | None, why: Why) -> None:
    assert why_of(end) is why


HEADER = Header(engine="qwen", profile="lab", began="2026-07-14T09:30:05.007Z")


def test_an_entry_of_a_session_that_ended() -> None:
    end = End("completed", "A.", "a", "glm", is_corrected=True, is_whole=True)
    assert entry_of("1", HEADER, end, "a", 24_000, 48_100) == Entry(
        "1", HEADER.began, "glm", "lab", 1.5, "completed", "A.", "a",
        is_corrected=True, audio_bytes=48_100, why=Why.COMPLETE,
    )  # fmt: skip


def test_an_entry_of_a_session_that_was_interrupted() -> None:
    entry = entry_of("1", HEADER, None, "a b", 16_000, 0)
    assert (entry.engine, entry.why, entry.is_whole) == ("qwen", Why.INTERRUPTED, False)
    assert (entry.text, entry.heard, entry.best_text) == ("", "a b", "a b")
    assert not entry.has_audio


def test_json() -> None:
    entry = Entry("1", HEADER.began, "qwen", "", 1.23456, "failed", "", "部署", why=Why.FAILED)
    assert json.loads(json.dumps(entry_json(entry))) == {
        "id": "1", "began": "2026-07-14T09:30:05.007Z", "seconds": 1.235, "engine": "qwen",
        "profile": "", "why": "failed", "state": "failed", "text": "", "heard": "部署",
        "corrected": False, "whole": True, "reason": "", "audio": False, "audio_bytes": 0,
        "pinned": False,
    }  # fmt: skip
