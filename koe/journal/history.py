"""The history: what is kept of finished sessions, and what a user can do with it.

Recordings are files of the journal; `koe.journal.index` lists the entries. Everything blocks, and
may be called on any thread and in several processes at once.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from koe.config.schema import HistoryConfig
from koe.diagnostics import report
from koe.errors import HistoryError, JournalError, KoeError
from koe.files.folders import require_own
from koe.journal import folder, retention
from koe.journal.entries import Entry, Why, entry_of, why_of
from koe.journal.format import End
from koe.journal.index import Index
from koe.journal.reader import Recorded, audio_of, is_being_written, read_session
from koe.journal.recording import Ended
from koe.journal.wav import write_wav

LAST = "last"
"""An alias for the ID of the newest entry."""

EMPTY_HISTORY = "the history is empty; `koe config show history` shows what is kept"
"""The sentence for a user who asks for an entry of an empty history."""

# Length of an ID up to its seconds.
_SHORT = len("20260714T093005")

_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")

# Seconds: a younger file may have been created by a process that has not locked it yet.
_SETTLED_SECONDS = 60.0

_SECONDS_PER_DAY = 86_400.0

Entries = list[Entry]


@dataclass(frozen=True, slots=True)
class Survey:
    """All entries of the history, and the files that can't be read.

    Attributes:
        entries: All entries, newest first, also those that are not in the index yet.
        skipped: The files that can't be read, with the reason, as sentences.
    """

    entries: Entries
    skipped: tuple[str, ...]

    @property
    def audio_bytes(self) -> int:
        """The size of all recordings together."""
        return sum(entry.audio_bytes for entry in self.entries)

    @property
    def interrupted(self) -> Entries:
        """The recordings whose program ended before there was a text."""
        return [it for it in self.entries if it.why is Why.INTERRUPTED and it.has_audio]


class History:
    """The entries of one configuration folder.

    Attributes:
        skipped: The files that the last call left untouched, with the reason.

    Args:
        directory: The configuration's folder.
        settings: What is kept, and for how long.
        warn: Called with a sentence about a failure that can't be raised to a caller.
        now: Returns the time, in UTC.
    """

    def __init__(
        self,
        directory: Path,
        settings: HistoryConfig,
        warn: Callable[[str], None] = report,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.skipped: list[str] = []
        self._directory = directory
        self._journal = folder.journal_directory(directory)
        self._settings = settings
        self._warn = warn
        self._now = now
        self._index = Index(directory, warn)

    # --- looking ---

    def list(self, query: str = "", limit: int = 100) -> Entries:
        """Return entries, newest first.

        Args:
            query: A part of their texts; case and width are ignored.
            limit: How many at most; negative: all.

        Raises:
            HistoryError: The index can't be used.
        """
        return self._index.find(query, limit)

    def short_ids(self) -> dict[str, str]:
        """Return for each ID the shortest beginning that `entry` accepts, at least 15 characters.

        Raises:
            HistoryError: The index can't be used.
        """
        ids = self._index.ids()
        return {
            entry_id: entry_id[: max(_SHORT, _common(before, entry_id), _common(entry_id, after))]
            for before, entry_id, after in zip(["", *ids], ids, [*ids[1:], ""], strict=False)
        }

    def entry(self, entry_id: str) -> Entry:
        """Return an entry.

        Args:
            entry_id: Its ID, the beginning of it, or `LAST`.

        Raises:
            HistoryError: There is no such entry, or there are several, or the index can't be used.
        """
        if entry_id == LAST:
            newest = self._index.find(limit=1)
            if not newest:
                raise HistoryError(EMPTY_HISTORY)
            return newest[0]
        found = self._index.beginning_with(entry_id) if entry_id else []
        if not found:
            raise HistoryError(f"the history has no entry {entry_id!r}; `koe history` lists them")
        if len(found) > 1 and found[0].id != entry_id:
            raise HistoryError(f"several IDs begin with {entry_id!r}; write more characters")
        return found[0]

    def recording_of(self, entry_id: str) -> Path:
        """Return the file with the recording of an entry; see `koe.journal.reader`.

        Raises:
            HistoryError: The entry has no recording, or as `entry`.
        """
        entry = self.entry(entry_id)
        if not entry.has_audio:
            raise HistoryError(f"{entry.id} has no recording: it was removed, or never kept")
        return self._path_of(entry)

    def survey(self) -> Survey:
        """Look at all entries and recordings, and change nothing.

        Raises:
            HistoryError: The index or the journal's folder can't be used.
        """
        index = Index(self._directory, self._warn, read_only=True)
        entries = {it.id: it for it in index.find()}
        entries |= {it.id: it for it in self._unlisted(dict(entries))}
        newest_first = sorted(entries.values(), key=lambda it: it.id, reverse=True)
        return Survey(newest_first, tuple(self.skipped))

    # --- what happens by itself ---

    def record(self, ended: Ended) -> None:
        """Keep what the settings say of a session that has just ended; never raises."""
        try:
            size, end = 0, ended.end
            with suppress(FileNotFoundError):  # another process has removed it, by the settings
                size = 0 if ended.path is None else ended.path.stat().st_size
            self._keep([entry_of(ended.id, ended.header, end, end.heard, ended.samples, size)])
            self.prune()
        except KoeError as exc:
            self._warn(str(exc))
        except OSError as exc:
            self._warn(f"{exc.filename}: {exc.strerror}")

    def recover(self) -> Entries:
        """Find recordings without an entry: their program ended early, or the index was lost.

        They are not recognised again; the user decides that.

        Returns:
            The entries of interrupted sessions that are new, oldest first.

        Raises:
            HistoryError: The index or the journal's folder can't be used.
        """
        listed = {it.id: it for it in self._index.outlines()}
        self._note_missing(listed)
        kept = self._keep(self._unlisted(listed))
        return [it for it in kept if it.why is Why.INTERRUPTED]

    def prune(self) -> int:
        """Remove what was kept long enough, and what exceeds the size limit.

        Returns:
            The number of entries that lost their recording or were removed.

        Raises:
            HistoryError: The index can't be used.
        """
        now = self._now()
        due = retention.due(self._index.outlines(), self._settings, now)
        self.skipped = []
        removed = [it for it in due.audio if self._remove_recording(it)]
        stuck = {it.id for it in due.audio} - {it.id for it in removed}
        gone = set(due.entries) - stuck
        self._index.forget_audio({it.id for it in removed} - gone)
        self._index.remove(gone)
        if self._settings.text_days is not None:
            seconds = self._settings.text_days * _SECONDS_PER_DAY
            self._index.expire_copy(now.timestamp() - seconds)
        self._remove_empty_months(f"{now:%Y-%m}")
        return len(gone | {it.id for it in removed})

    # --- what a user does ---

    def retried(self, entry_id: str, end: End) -> Entry:
        """Store the result of another try; the recording stays as long as the settings say.

        Args:
            entry_id: As for `entry`.
            end: How the new session ended. Nothing changes if it has no text, or if a part of its
                text is missing and the old text is whole or longer.

        Raises:
            HistoryError: As `entry`.
        """
        entry = self.entry(entry_id)
        is_shorter = entry.why is Why.COMPLETE or len(end.heard) < len(entry.heard)
        is_worse = not end.is_whole and is_shorter
        if not end.text or is_worse:
            return entry
        entry = replace(
            entry,
            engine=end.engine,
            state=end.state,
            text=end.text,
            heard=end.heard,
            is_corrected=end.is_corrected,
            is_whole=end.is_whole,
            reason=end.reason,
            why=why_of(end),
        )
        self._index.put([entry])
        return entry

    def pin(self, entry_id: str, *, pinned: bool = True) -> Entry:
        """Pin an entry, so that it is kept until it is removed by hand; or unpin it.

        Raises:
            HistoryError: As `entry`.
        """
        entry = replace(self.entry(entry_id), is_pinned=pinned)
        self._index.put([entry])
        return entry

    def export(self, entry_id: str, path: Path) -> Recorded:
        """Write a recording as a WAV file; an existing file is replaced.

        Returns:
            What the recording has; its flaw says whether a part of the audio is missing.

        Raises:
            HistoryError: The file can't be written, or as `recording_of`.
            JournalError: The recording can't be read.
        """
        recording = self.recording_of(entry_id)
        try:
            write_wav(path, audio_of(recording))
        except OSError as exc:
            raise HistoryError(f"{path} cannot be written: {exc.strerror}") from exc
        return read_session(recording)

    def remove(self, entry_id: str) -> Entry:
        """Remove an entry, pinned or not, with its recording and its text.

        Raises:
            HistoryError: Its recording can't be removed, or as `entry`.
        """
        entry = self.entry(entry_id)
        self.skipped = []
        if not self._remove_recording(entry):
            raise HistoryError(f"{entry.id} was not removed: {self.skipped[-1]}")
        self._index.remove([entry.id])
        self._remove_empty_months(f"{self._now():%Y-%m}")
        return entry

    # --- files ---

    def _path_of(self, entry: Entry) -> Path:
        return folder.path_of(self._journal, entry.id)

    def _keep(self, entries: Iterable[Entry]) -> Entries:
        """Keep what the settings say of new entries; return the entries that are kept."""
        kept = []
        for entry in entries:
            is_unwanted = entry.has_audio and not retention.keeps_audio(entry, self._settings)
            if is_unwanted and self._remove_recording(entry):
                entry = replace(entry, audio_bytes=0)
            if retention.keeps_entry(entry, self._settings):
                kept.append(entry)
        self._index.put(kept)
        return kept

    def _unlisted(self, listed: Mapping[str, Entry]) -> Iterator[Entry]:
        """Make entries for recordings without one, except those that are being written."""
        self.skipped = []
        try:
            paths = folder.files(self._journal)
        except OSError as exc:
            raise HistoryError(f"{self._journal} cannot be used: {exc.strerror}") from exc
        for path in paths:
            entry = listed.get(path.stem)
            if (entry is not None and entry.has_audio) or is_being_written(path):
                continue
            try:
                it = read_session(path)
                if it.end is not None or not _may_be_new(it):
                    size = path.stat().st_size
                    yield entry_of(path.stem, it.header, it.end, it.heard, it.samples, size)
            except JournalError as exc:
                self._skip(str(exc))
            except FileNotFoundError:  # another process has removed it
                continue

    def _note_missing(self, listed: Mapping[str, Entry]) -> None:
        """Update the entries whose recording was removed by hand."""
        missing = [
            replace(it, audio_bytes=0)
            for it in listed.values()
            if it.has_audio and not os.path.lexists(self._path_of(it))
        ]
        kept = {it.id for it in missing if retention.keeps_entry(it, self._settings)}
        self._index.forget_audio(kept)
        self._index.remove({it.id for it in missing} - kept)

    def _remove_recording(self, entry: Entry) -> bool:
        """Remove the file of an entry; False: it is still there, and `skipped` says why."""
        path = self._path_of(entry)
        try:
            if not os.path.lexists(path):
                return True
            require_own(path.parent)
            if is_being_written(path):
                return self._skip(f"recording {path}: it is being written")
            next(audio_of(path), b"")  # raises if the file is no recording of koe
            path.unlink()
        except JournalError as exc:
            return self._skip(str(exc))
        except OSError as exc:
            return self._skip(f"recording {path}: it cannot be removed: {exc.strerror}")
        return True

    def _skip(self, sentence: str) -> bool:
        self.skipped.append(sentence)
        return False

    def _remove_empty_months(self, current: str) -> None:
        """Remove empty folders of earlier months; in that of this month, a session may begin."""
        with suppress(OSError):
            require_own(self._journal)
            for month in self._journal.iterdir():
                if _MONTH.fullmatch(month.name) and month.name < current:
                    with suppress(OSError):  # it is not empty
                        month.rmdir()


def _common(first: str, second: str) -> int:
    """Return how many characters it takes to distinguish two IDs."""
    pairs = enumerate(zip(first, second, strict=False))
    different = (place for place, (one, other) in pairs if one != other)
    return next(different, min(len(first), len(second))) + 1


def _may_be_new(recorded: Recorded) -> bool:
    """Return whether a file without an end may belong to a session that has just begun."""
    path = recorded.path
    if is_being_written(path):
        return True
    has_nothing = not recorded.samples and not recorded.heard
    return has_nothing and time.time() - path.stat().st_mtime < _SETTLED_SECONDS
