"""Files of the journal, made for tests."""

from __future__ import annotations

from pathlib import Path

from koe.events import (
    Began,
    Deliver,
    EngineConnected,
    Event,
    InterimHeard,
    Notice,
    ShowInterim,
    ShowState,
    State,
)
from koe.journal.events import Encoder
from koe.journal.format import End, Header, JournalRecord, Kind, Mark, Marked

HEADER = Header(koe="0.1.0", engine="scripted", began="2026-07-14T09:30:05.007Z", pid=42)

EVENTS: tuple[Event | Notice, ...] = (
    Began(),
    ShowState(State.CONNECTING_ASR),
    EngineConnected(),
    InterimHeard("one"),
    ShowInterim("one"),
    InterimHeard("one two 部署"),
    ShowInterim("one two 部署"),
    Deliver("One two.", "one two 部署", "scripted", corrected=True),
)

END = End("completed", "One two.", "one two 部署", "scripted", is_corrected=True)

# 32 pieces of ten samples, no two alike.
AUDIO = tuple(bytes(range(n, n + 20)) for n in range(32))


def records(end: End | None = END) -> list[JournalRecord]:
    """A whole session: header, a leg with its audio and events, end."""
    encoder = Encoder()
    made = [JournalRecord(Kind.HEADER, 1, HEADER.payload())]
    made.append(JournalRecord(Kind.MARK, 2, Marked(Mark.LEG_BEGAN, (0, 0), 2).payload()))
    for number, pcm in enumerate(AUDIO):
        made.append(JournalRecord(Kind.AUDIO, 10 + number, pcm))
        if number < len(EVENTS):
            made.append(JournalRecord(Kind.EVENT, 10 + number, encoder.encode(EVENTS[number])))
    made.append(JournalRecord(Kind.MARK, 90, Marked(Mark.INPUT_ENDED, (320,), 90).payload()))
    if end is not None:
        made.append(JournalRecord(Kind.END, 99, end.payload()))
    return made


def packed(made: list[JournalRecord]) -> bytes:
    """The bytes of records."""
    return b"".join(record.packed() for record in made)


def write(path: Path, made: list[JournalRecord]) -> Path:
    """Write a file."""
    path.write_bytes(packed(made))
    return path
