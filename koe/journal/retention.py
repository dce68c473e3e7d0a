"""Decides what the history keeps, and for how long. Pure.

Pinned entries are never due, and a setting of None removes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from koe.config.schema import HistoryConfig
from koe.journal.entries import Entry, Why

# Sessions that were cancelled or had no speech. They are kept for a while, because a cancel can be
# a mistake, and an engine can miss speech.
_UNWANTED = frozenset({Why.CANCELLED, Why.SILENT})

_BYTES_PER_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Due:
    """The entries and recordings to remove.

    Attributes:
        audio: The entries that lose their recording.
        entries: The IDs of the entries to remove; these have no recording, or lose it, too.
    """

    audio: tuple[Entry, ...]
    entries: tuple[str, ...]


def keeps_audio(entry: Entry, settings: HistoryConfig) -> bool:
    """Whether the recording of a session that has just ended is kept."""
    if entry.seconds == 0 and not entry.heard:
        return False
    if entry.why in _UNWANTED and settings.cancelled_hours == 0:
        return False
    if settings.audio == "failed":
        return entry.why is not Why.COMPLETE
    return settings.audio == "all"


def keeps_entry(entry: Entry, settings: HistoryConfig) -> bool:
    """Whether an entry is kept; a pinned entry and an entry with a recording always are."""
    if entry.is_pinned or entry.has_audio:
        return True
    if not entry.best_text or entry.why in _UNWANTED:
        return False
    return settings.text or (settings.audio != "nothing" and entry.why is not Why.COMPLETE)


def due(entries: Iterable[Entry], settings: HistoryConfig, now: datetime) -> Due:
    """Return what is to be removed.

    Args:
        entries: All entries, oldest first.
        settings: How long they are kept.
        now: The time, in UTC.
    """
    limit = _Limits(settings, now)
    entries = list(entries)
    recordings = [it for it in entries if it.has_audio]
    excess = 0
    if settings.max_mb is not None:
        lasting = sum(it.audio_bytes for it in recordings if it.is_pinned or not limit.is_old(it))
        excess = lasting - settings.max_mb * _BYTES_PER_MB

    audio = []
    for it in recordings:
        if it.is_pinned:
            continue
        if limit.is_old(it):
            audio.append(it)
        elif excess > 0:
            excess -= it.audio_bytes
            audio.append(it)

    silenced = {it.id for it in audio}
    left = [replace(it, audio_bytes=0) if it.id in silenced else it for it in entries]
    gone = [it.id for it in left if not keeps_entry(it, settings) or limit.is_out_of_date(it)]
    return Due(tuple(audio), tuple(gone))


class _Limits:
    """Decides what is too old."""

    def __init__(self, settings: HistoryConfig, now: datetime) -> None:
        # The limits, in the form of `Entry.began`; what began earlier is too old.
        self._audio = _moment(now, days=settings.audio_days)
        self._text = _moment(now, days=settings.text_days)
        self._unwanted = _moment(now, hours=settings.cancelled_hours)

    def is_old(self, entry: Entry) -> bool:
        """Whether the recording of an entry was kept long enough."""
        is_unwanted = entry.why in _UNWANTED and entry.began < self._unwanted
        return is_unwanted or entry.began < self._audio

    def is_out_of_date(self, entry: Entry) -> bool:
        """Whether an entry has no recording, and its text was kept long enough."""
        return not entry.is_pinned and not entry.has_audio and entry.began < self._text


def _moment(now: datetime, *, days: int | None = 0, hours: int | None = 0) -> str:
    """Return the time so many days and hours ago, in the form of `Entry.began`.

    For None the result is an empty string, which sorts before every time.
    """
    if days is None or hours is None:
        return ""
    try:
        moment = now - timedelta(days=days, hours=hours)
    except OverflowError:
        return ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
