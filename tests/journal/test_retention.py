from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.config.schema import HistoryConfig
from koe.journal.entries import Entry, Why
from koe.journal.retention import due, keeps_audio, keeps_entry

NOW = datetime(2026, 7, 14, 9, 30, tzinfo=UTC)
FOREVER = HistoryConfig(audio_days=None, text_days=None, cancelled_hours=None, max_mb=None)


def entry(hours: float, why: Why = Why.FAILED, mb: int = 1, **more: str | bool) -> Entry:
    """An entry that began so many hours ago, with a recording and a text."""
    moment = NOW - timedelta(hours=hours)
    began = f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
    made = Entry(began, began, seconds=1.0, heard="a", audio_bytes=mb * 1_000_000, why=why)
    return replace(made, **more)  # type: ignore[arg-type]  # names of fields


def removed(entries: list[Entry], config: HistoryConfig) -> tuple[list[int], list[int]]:
    """Which of these lose their recording, and which go, by their numbers."""
    found = due(entries, config, NOW)
    gone = [number for number, it in enumerate(entries) if it.id in found.entries]
    return [entries.index(it) for it in found.audio], gone


@pytest.mark.parametrize("why", Why)
def test_which_recordings_are_kept(why: Why) -> None:
    it = entry(0, why)
    assert keeps_audio(it, HistoryConfig(audio="all"))
    assert keeps_audio(it, HistoryConfig(audio="failed")) is (why is not Why.COMPLETE)
    assert not keeps_audio(it, HistoryConfig(audio="nothing"))
    assert not keeps_audio(replace(it, seconds=0.0, heard=""), HistoryConfig(audio="all"))
    at_once = HistoryConfig(audio="all", cancelled_hours=0)
    assert keeps_audio(it, at_once) is (why not in (Why.CANCELLED, Why.SILENT))


@pytest.mark.parametrize("why", Why)
def test_which_texts_are_kept(why: Why) -> None:
    it = entry(0, why, mb=0)
    is_wanted = why not in (Why.CANCELLED, Why.SILENT)
    assert keeps_entry(it, HistoryConfig(text=True)) is is_wanted
    assert keeps_entry(it, HistoryConfig()) is (is_wanted and why is not Why.COMPLETE)
    assert not keeps_entry(it, HistoryConfig(audio="nothing"))
    assert not keeps_entry(replace(it, heard=""), HistoryConfig(text=True))
    assert keeps_entry(entry(0, why, mb=1), HistoryConfig(audio="nothing"))
    assert keeps_entry(replace(it, is_pinned=True), HistoryConfig(audio="nothing"))


def test_recordings_go_after_days_and_their_texts_later() -> None:
    entries = [entry(31 * 24), entry(8 * 24), entry(7 * 24 + 1), entry(7 * 24 - 1)]
    assert removed(entries, HistoryConfig()) == ([0, 1, 2], [0])


def test_what_the_user_did_not_want_goes_after_hours() -> None:
    entries = [entry(27, Why.CANCELLED), entry(26, Why.SILENT), entry(25), entry(23, Why.SILENT)]
    assert removed(entries, HistoryConfig()) == ([0, 1], [0, 1])
    assert removed(entries, HistoryConfig(text=True)) == ([0, 1], [0, 1])
    kept = HistoryConfig(cancelled_hours=None, audio_days=1)
    assert removed(entries, kept) == ([0, 1, 2], [0, 1])


def test_texts_of_complete_sessions_go_with_their_recordings() -> None:
    entries = [entry(8 * 24, Why.COMPLETE), entry(2, Why.COMPLETE, mb=0)]
    assert removed(entries, HistoryConfig(audio="all")) == ([0], [0, 1])
    assert removed(entries, HistoryConfig(audio="all", text=True)) == ([0], [])


def test_of_too_much_the_oldest_goes_first() -> None:
    entries = [entry(5, mb=3, is_pinned=True), entry(4, mb=2), entry(3, mb=2), entry(2, mb=2)]
    assert removed(entries, HistoryConfig(max_mb=9))[0] == []
    assert removed(entries, HistoryConfig(max_mb=8))[0] == [1]
    assert removed(entries, HistoryConfig(max_mb=6))[0] == [1, 2]
    assert removed(entries, HistoryConfig(max_mb=0))[0] == [1, 2, 3]


def test_what_is_too_old_makes_room() -> None:
    entries = [entry(9 * 24, mb=5), entry(2, mb=2)]
    assert removed(entries, HistoryConfig(max_mb=3))[0] == [0]


def test_the_longest_time() -> None:
    longest = HistoryConfig(audio_days=1_000_000, text_days=1_000_000, cancelled_hours=1_000_000)
    assert removed([entry(1), entry(0)], longest) == ([], [])


limits = st.none() | st.integers(0, 400)
configs = st.builds(
    HistoryConfig,
    audio=st.sampled_from(["failed", "all", "nothing"]),
    audio_days=limits,
    text=st.booleans(),
    text_days=limits,
    cancelled_hours=limits,
    max_mb=limits,
)
histories = st.lists(
    st.builds(
        entry,
        st.integers(0, 20_000),
        st.sampled_from(Why),
        st.integers(0, 50),
        is_pinned=st.booleans(),
        heard=st.sampled_from(["", "a"]),
    ),
    max_size=12,
    unique_by=lambda it: it.id,
).map(lambda entries: sorted(entries, key=lambda it: it.id))


@given(histories, configs)
def test_any_history(entries: list[Entry], config: HistoryConfig) -> None:
    found = due(entries, config, NOW)
    pinned = {it.id for it in entries if it.is_pinned}
    silenced = {it.id for it in found.audio}
    assert pinned.isdisjoint(silenced | {*found.entries})
    assert all(it.has_audio for it in found.audio)
    left = [it for it in entries if it.has_audio and it.id not in silenced]
    assert silenced | {it.id for it in left} >= {it.id for it in entries if it.has_audio}
    assert not {it.id for it in left} & {*found.entries}
    if config.max_mb is not None and not pinned:
        assert sum(it.audio_bytes for it in left) <= config.max_mb * 1_000_000
    # What is done once is done.
    after = [replace(it, audio_bytes=0) if it.id in silenced else it for it in entries]
    after = [it for it in after if it.id not in found.entries]
    assert due(after, config, NOW) == due([], config, NOW)


@given(histories)
def test_without_limits_no_recording_goes(entries: list[Entry]) -> None:
    found = due(entries, FOREVER.replace(text=True), NOW)
    assert found.audio == ()
    assert all(not it.has_audio and not it.is_pinned for it in entries if it.id in found.entries)
