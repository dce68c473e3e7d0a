"""Reads the journal's files, even damaged ones, and rejects other files. All calls block."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from koe.errors import JournalError
from koe.events import (
    BYTES_PER_SECOND,
    DefiniteHeard,
    Deliver,
    EngineWorking,
    Event,
    InterimHeard,
    Notice,
    ReportHeard,
    ShowInterim,
)
from koe.files.lock import try_lock
from koe.files.regular import open_regular
from koe.journal.events import Decoder
from koe.journal.format import (
    FORMAT,
    End,
    Header,
    JournalRecord,
    JournalRecords,
    Kind,
    Mark,
    Marked,
)

_BYTES_PER_SAMPLE = 2

# Each event of these classes replaces the previous one, and a session has thousands of them.
_REPLACING = (InterimHeard, DefiniteHeard, ShowInterim, EngineWorking)
# The most bytes that a killed process leaves of its last record: 0.1 s of audio, or an event.
_LAST_WRITE = 3200

_EMPTY = (InterimHeard(""), DefiniteHeard(""), ShowInterim(""))


@dataclass(frozen=True, slots=True)
class Recorded:
    """The content of a file, without its audio.

    Attributes:
        path: The file.
        header: What was known when the session began.
        samples: The length of the audio.
        events: The events and notices, in order. Of events that replace each other, only the last
            of each leg is here; `events_of` yields all.
        marks: The marks, in order.
        end: What was known when the session was over; None: it is not over, or its process died.
        damage: Why the rest can't be read, as a sentence; empty: everything was read.
        unread: The size of that rest in bytes.
    """

    path: Path
    header: Header
    samples: int
    events: tuple[Event | Notice, ...]
    marks: tuple[Marked, ...]
    end: End | None
    damage: str
    unread: int

    @property
    def flaw(self) -> str:
        """Why audio is missing, as a sentence.

        Empty if nothing is missing, except perhaps the record that was being written.
        """
        if self.unread <= _LAST_WRITE:
            return ""
        seconds = self.unread / BYTES_PER_SECOND
        return f"up to {seconds:.1f} s at the end of the recording are missing: {self.damage}"

    @property
    def heard(self) -> str:
        """The recognised text, as far as it is known."""
        if self.end is not None and self.end.heard:
            return self.end.heard
        for event in reversed(self.events):
            match event:
                case Deliver(heard=text) | ReportHeard(text=text) | ShowInterim(text=text) if text:
                    return text
        return ""


def read_session(path: Path) -> Recorded:
    """Read a file, as far as it is valid. It may be written meanwhile.

    Raises:
        JournalError: It can't be read at all, is no recording of koe, or a later koe wrote it.
    """
    events, marks = _Events(), list[Marked]()
    samples, end = 0, None
    with _opened(path) as session:
        for kind, nanoseconds, payload in session.records:
            if kind == Kind.AUDIO:
                samples += len(payload) // _BYTES_PER_SAMPLE
            elif kind == Kind.EVENT:
                events.add(payload)
            elif kind == Kind.MARK:
                if marked := _marked(payload, nanoseconds):
                    marks.append(marked)
                    if marked.mark == Mark.LEG_BEGAN:
                        events.begin_leg()
            elif kind == Kind.END:
                end = _end(payload)
                break
        damage, unread = session.damage, session.unread
    kept = tuple(events.kept.values())
    return Recorded(path, session.header, samples, kept, tuple(marks), end, damage, unread)


def events_of(path: Path) -> Iterator[Event | Notice]:
    """Yield every event and notice of a file, in order.

    Raises:
        JournalError: As `read_session`, at the first event.
    """
    decoder = Decoder()
    with _opened(path) as session:
        for record in session.records:
            if record.kind == Kind.EVENT and (event := decoder.decode(record.payload)):
                yield event
            elif record.kind == Kind.END:
                return


def audio_of(path: Path, start: int = 0, count: int | None = None) -> Iterator[bytes]:
    """Yield audio of a file, in pieces of some milliseconds.

    Args:
        path: The file.
        start: The first sample.
        count: How many samples; None: all.

    Raises:
        JournalError: See `read_session`; raised by the first piece.
    """
    with _opened(path) as session:
        yield from audio_between(session.records, 0, start, count)


def audio_between(
    records: Iterable[JournalRecord], position: int, start: int, count: int | None
) -> Iterator[bytes]:
    """Yield the audio of records, from one sample to another.

    Args:
        records: All records of a file, or a part of them.
        position: The sample that their audio begins with.
        start: The first sample to yield.
        count: How many samples; None: all.
    """
    for kind, _, payload in records:
        if kind == Kind.END:
            return
        if kind != Kind.AUDIO:
            continue
        samples = len(payload) // _BYTES_PER_SAMPLE
        first = max(0, start - position)
        last = samples if count is None else min(samples, start + count - position)
        if first < last:
            yield payload[first * _BYTES_PER_SAMPLE : last * _BYTES_PER_SAMPLE]
        position += samples
        if count is not None and position >= start + count:
            return


def is_being_written(path: Path) -> bool:
    """Return whether a process still writes a file: it holds the file's lock."""
    try:
        descriptor = open_regular(path)
    except (OSError, ValueError):
        return False
    if descriptor is None:
        return False
    try:
        return not try_lock(descriptor, shared=True)
    except OSError:  # a file system without locks has no journal
        return False
    finally:
        os.close(descriptor)


class _Bytes:
    """The bytes of a file, as far as the disk can read them.

    Attributes:
        failure: Why the rest can't be read, as a sentence; empty: there was no failure.
        size: The size of the file.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.failure = ""

    @property
    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def read(self, count: int) -> bytes:
        """Return the next bytes, fewer at the end of the file or where the disk fails."""
        try:
            return self._file.read(count)
        except OSError as exc:  # a bad disk; the bytes before are valid
            self.failure = f"the rest cannot be read: {exc.strerror}"
            return b""


class _Session:
    """An open file whose header was read.

    Attributes:
        header: The header.
        records: The records after the header.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._bytes = _Bytes(file)
        self.records = JournalRecords(self._bytes.read)
        self.header = self._read_header(path)

    @property
    def damage(self) -> str:
        return self._bytes.failure or self.records.damage

    @property
    def unread(self) -> int:
        return max(0, self._bytes.size - self.records.size) if self.damage else 0

    def _read_header(self, path: Path) -> Header:
        record = next(self.records, None)
        if record is None or record.kind != Kind.HEADER:
            reason = self._bytes.failure or "it is no recording of koe, or its beginning is damaged"
            raise JournalError(str(path), reason)
        try:
            header = Header.of(record.payload)
        except ValueError as exc:
            raise JournalError(str(path), "its header makes no sense") from exc
        if header.format > FORMAT:
            reason = f"a later koe made it (format {header.format}); update koe to read it"
            raise JournalError(str(path), reason)
        return header


@contextmanager
def _opened(path: Path) -> Iterator[_Session]:
    with open_recording(path) as file:
        yield _Session(path, file)


def open_recording(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        JournalError: It is missing, can't be opened, or is a link or no file.
    """
    try:
        descriptor = open_regular(path)
    except OSError as exc:
        raise JournalError(str(path), f"it cannot be read: {exc.strerror}") from exc
    except ValueError as exc:  # a NUL in the name
        raise JournalError(repr(str(path)), "no file can have this name") from exc
    if descriptor is None:
        raise JournalError(str(path), "it is a link, or no file")
    return os.fdopen(descriptor, "rb")


class _Events:
    """Collects events, without those that were replaced."""

    def __init__(self) -> None:
        self._decoder = Decoder()
        # The events that remain, by their number.
        self.kept: dict[int, Event | Notice] = {}
        # For each class whose events are replaced, the number of the last event.
        self._last: dict[type, int] = {}
        # The number of events so far.
        self._count = 0

    def add(self, payload: bytes) -> None:
        event = self._decoder.decode(payload)
        if event is None:
            return
        # An empty text replaces nothing: the text before may be the only one.
        if isinstance(event, _REPLACING) and event not in _EMPTY:
            self.kept.pop(self._last.get(type(event), -1), None)
            self._last[type(event)] = self._count
        self.kept[self._count] = event
        self._count += 1

    def begin_leg(self) -> None:
        """Begin a new leg, whose texts do not replace those of the previous leg."""
        self._last.clear()


def _marked(payload: bytes, nanoseconds: int) -> Marked | None:
    try:
        return Marked.of(payload, nanoseconds)
    except ValueError:
        return None


def _end(payload: bytes) -> End | None:
    try:
        return End.of(payload)
    except ValueError:
        return None
