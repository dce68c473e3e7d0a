from __future__ import annotations

import os
import tracemalloc
from io import BytesIO
from pathlib import Path

import pytest

from koe.errors import JournalError
from koe.events import DefiniteHeard, Event, InterimHeard, Notice, ReportHeard, ShowInterim
from koe.files.lock import try_lock
from koe.journal.events import Encoder
from koe.journal.format import End, Header, JournalRecord, Kind, Mark, Marked
from koe.journal.reader import (
    _Session,
    audio_of,
    events_of,
    is_being_written,
    open_recording,
    read_session,
)
from tests.journal.making import AUDIO, END, EVENTS, HEADER, packed, records, write

ALL = b"".join(AUDIO)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "a.koej", records())


def session_of(
    path: Path, *events: Event | Notice | Mark, end: End | None = None
) -> list[JournalRecord]:
    encoder = Encoder()
    made = [JournalRecord(Kind.HEADER, 0, HEADER.payload())]
    for event in events:
        if isinstance(event, Mark):
            made.append(JournalRecord(Kind.MARK, 0, Marked(event, (), 0).payload()))
        else:
            made.append(JournalRecord(Kind.EVENT, 0, encoder.encode(event)))
    if end is not None:
        made.append(JournalRecord(Kind.END, 0, end.payload()))
    write(path, made)
    return made


def test_a_whole_session(path: Path) -> None:
    recorded = read_session(path)
    assert recorded.path == path
    assert recorded.header == HEADER
    assert recorded.samples == 320
    assert recorded.events == tuple(
        event for event in EVENTS if event not in (InterimHeard("one"), ShowInterim("one"))
    )
    assert recorded.marks == (
        Marked(Mark.LEG_BEGAN, (0, 0), 2), Marked(Mark.INPUT_ENDED, (320,), 90),
    )  # fmt: skip
    assert recorded.end == END
    assert recorded.damage == ""
    assert recorded.heard == END.heard


def test_every_event(path: Path) -> None:
    assert tuple(events_of(path)) == EVENTS


@pytest.mark.parametrize(
    ("start", "count"), [(0, None), (0, 320), (5, 10), (7, 1), (10, 10), (300, 99), (-5, 9), (3, 0)]
)
def test_audio(path: Path, start: int, count: int | None) -> None:
    end = None if count is None else max(0, 2 * (start + count))
    assert b"".join(audio_of(path, start, count)) == ALL[2 * max(0, start) : end]


def test_audio_comes_in_pieces(path: Path) -> None:
    assert tuple(audio_of(path)) == AUDIO
    assert list(audio_of(path, 320)) == []


def test_half_a_sample_is_no_audio(path: Path) -> None:
    header, audio = JournalRecord(Kind.HEADER, 0, b"{}"), JournalRecord(Kind.AUDIO, 0, b"abc")
    write(path, [header, audio, audio])
    assert list(audio_of(path)) == [b"ab", b"ab"]
    assert read_session(path).samples == 2


def test_an_interrupted_session(path: Path) -> None:
    write(path, records(end=None))
    recorded = read_session(path)
    assert recorded.end is None
    assert recorded.damage == ""
    assert recorded.heard == "one two 部署"


def test_what_was_heard_last(path: Path) -> None:
    session_of(path, ShowInterim("one"), ReportHeard("One."))
    assert read_session(path).heard == "One."
    session_of(path, ShowInterim("one"), ShowInterim(""))
    assert read_session(path).heard == "one"
    session_of(path, ShowInterim("one"), end=End(state="failed"))
    assert read_session(path).heard == "one"
    session_of(path)
    assert read_session(path).heard == ""


def test_each_leg_keeps_its_last_text(path: Path) -> None:
    session_of(
        path, DefiniteHeard("a"), DefiniteHeard("a b"), Mark.LEG_BEGAN, DefiniteHeard("c"),
        DefiniteHeard("c d"),
    )  # fmt: skip
    assert read_session(path).events == (DefiniteHeard("a b"), DefiniteHeard("c d"))


def test_what_a_later_release_adds(path: Path) -> None:
    made = records()
    made[1:1] = [
        JournalRecord(ord("Q"), 1, b"?"),
        JournalRecord(Kind.MARK, 1, b"[99]"),
        JournalRecord(Kind.EVENT, 1, b'["Unknown",{}]'),
    ]
    write(path, made)
    recorded = read_session(path)
    assert (recorded.samples, recorded.end, len(recorded.marks)) == (320, END, 2)
    assert tuple(events_of(path)) == EVENTS


def test_nothing_counts_after_the_end(path: Path) -> None:
    write(path, [*records(), *records()])
    assert read_session(path).samples == 320
    assert b"".join(audio_of(path)) == ALL
    assert tuple(events_of(path)) == EVENTS


def test_an_end_that_makes_no_sense(path: Path) -> None:
    write(path, [*records(end=None), JournalRecord(Kind.END, 1, b"[]")])
    assert read_session(path).end is None


@pytest.mark.parametrize("content", [
    b"", b"RIFF", bytes(1000), packed(records()[1:]), packed(records())[:30],
])  # fmt: skip
def test_what_is_not_ours(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for read in (
        read_session,
        lambda path: list(audio_of(path)),
        lambda path: list(events_of(path)),
    ):
        with pytest.raises(JournalError, match="it is no recording of koe, or its beginning"):
            read(path)


def test_a_header_that_makes_no_sense(path: Path) -> None:
    write(path, [JournalRecord(Kind.HEADER, 1, b"[]")])
    with pytest.raises(JournalError, match="its header makes no sense"):
        read_session(path)


def test_a_later_format(path: Path) -> None:
    write(path, [JournalRecord(Kind.HEADER, 1, Header(format=2).payload())])
    with pytest.raises(JournalError) as raised:
        read_session(path)
    assert str(raised.value) == (
        f"recording {path}: a later koe made it (format 2); update koe to read it"
    )


def test_what_can_not_be_opened(path: Path, tmp_path: Path) -> None:
    (tmp_path / "link.koej").symlink_to(path)
    for wrong in (tmp_path, tmp_path / "link.koej"):
        with pytest.raises(JournalError, match="it is a link, or no file"):
            read_session(wrong)
    with pytest.raises(JournalError, match="it cannot be read: No such file"):
        read_session(tmp_path / "missing.koej")
    with pytest.raises(JournalError, match="no file can have this name"):
        read_session(tmp_path / "a\0b")
    for wrong in (tmp_path, tmp_path / "missing.koej", tmp_path / "a\0b"):
        assert not is_being_written(wrong)


def test_a_disk_that_fails(path: Path) -> None:
    """What was read before is good."""
    content = BytesIO(packed(records()))

    class Failing(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if content.tell() > 200:
                raise OSError(5, "Input/output error")
            return content.read(size)

    session = _Session(path, Failing())
    assert session.header == HEADER
    assert len(list(session.records)) >= 1
    assert session.damage == "the rest cannot be read: Input/output error"


def test_whether_it_is_being_written(path: Path) -> None:
    assert not is_being_written(path)
    descriptor = os.open(path, os.O_RDWR)
    try:
        assert try_lock(descriptor)
        assert is_being_written(path)
        assert is_being_written(path)  # asking has changed nothing
        assert read_session(path).end == END
    finally:
        os.close(descriptor)
    assert not is_being_written(path)


def test_opening(path: Path) -> None:
    with open_recording(path) as file:
        assert file.read() == packed(records())


def test_a_long_session_takes_little_memory(path: Path) -> None:
    """Twenty minutes of interims, each everything so far: 90 MB of texts."""
    encoder, made, said = Encoder(), records()[:1], "so "
    for number in range(4 * 1200):
        said += "word " * (number % 2)
        for event in (InterimHeard(said), ShowInterim(said)):
            made.append(JournalRecord(Kind.EVENT, 0, encoder.encode(event)))
        made.append(JournalRecord(Kind.AUDIO, 0, bytes(6400)))
    write(path, made)
    del made
    tracemalloc.start()
    try:
        recorded = read_session(path)
        assert sum(len(piece) for piece in audio_of(path)) == 4 * 1200 * 6400
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert recorded.events == (InterimHeard(said), ShowInterim(said))
