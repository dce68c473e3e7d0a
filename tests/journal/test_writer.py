from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from koe import __version__
from koe.errors import JournalError
from koe.events import InterimHeard, Mode, ShowInterim
from koe.journal.folder import files, path_of
from koe.journal.format import End, Header, Mark
from koe.journal.reader import audio_of, is_being_written, read_session
from koe.journal.recording import Ended
from koe.journal.writer import Journal, flush_all
from tests.cli.command import PROJECT
from tests.files.confinement import run_on_small_disk, run_powerless
from tests.journal.making import END
from tests.journal.test_folder import MOMENT

# For what takes milliseconds.
PATIENCE = 60.0

HEADER = Header(engine="scripted", profile="mine", mode=Mode.TOGGLE)


class Kept:
    """A journal, and what it reported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "journal"
        self.warnings: list[str] = []
        self.ended: list[Ended] = []
        self.journal = Journal(self.folder, self.warnings.append, self.ended.append, lambda: MOMENT)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path)
    yield kept
    kept.journal.close(PATIENCE)


def test_a_session(kept: Kept) -> None:
    session = kept.journal.begin(HEADER)
    path = path_of(kept.folder, session.id)
    assert path.parent.name == "2026-07"
    for number in range(50):
        session.audio(bytes([number, 0]) * 320)
        session.event(InterimHeard(f"one {number}"))
        session.event(ShowInterim(f"one {number}"))
    session.mark(Mark.INPUT_ENDED, 16_000)
    kept.journal.flush(PATIENCE)
    assert is_being_written(path)
    session.end(END)
    kept.journal.flush(PATIENCE)
    recorded = read_session(path)
    assert recorded.header == Header(
        1, __version__, "scripted", "mine", Mode.TOGGLE, "2026-07-14T09:30:05.007Z", os.getpid()
    )
    assert recorded.samples == 16_000
    assert recorded.events == (InterimHeard("one 49"), ShowInterim("one 49"))
    assert [(marked.mark, marked.numbers) for marked in recorded.marks] == [
        (Mark.INPUT_ENDED, (16_000,))
    ]
    assert recorded.end == END
    assert kept.ended == [Ended(session.id, path, recorded.header, END, 16_000)]
    assert kept.warnings == []


def test_the_newest_session_is_the_last_one_after_the_clock_was_set_back(tmp_path: Path) -> None:
    """Whose recording is tried again by `koe history retry last`."""
    moments = iter([MOMENT, MOMENT - timedelta(hours=1), MOMENT + timedelta(hours=1)])
    journal = Journal(tmp_path, print, print, lambda: next(moments))
    ids = [journal.begin(HEADER, has_file=False).id for _ in range(3)]
    journal.close(PATIENCE)
    assert ids == sorted(ids)


def test_reading_back_while_it_is_written(kept: Kept) -> None:
    session = kept.journal.begin(HEADER)
    for number in range(100):
        session.audio(number.to_bytes(2, "little") * 320)
    kept.journal.flush(PATIENCE)
    assert session.persisted == 32_000
    assert session.read(31_999, 1) == (99).to_bytes(2, "little")
    assert session.read(320, 320) == b"\1\0" * 320


def test_sessions_that_overlap(kept: Kept) -> None:
    """The next one begins while the text of the last is corrected."""
    first, second = kept.journal.begin(HEADER), kept.journal.begin(HEADER)
    first.audio(b"aa")
    second.audio(b"bb")
    second.end(END)
    first.end(End("failed", reason="why"))
    kept.journal.flush(PATIENCE)
    assert [list(audio_of(path)) for path in files(kept.folder)] == [[b"aa"], [b"bb"]]
    assert [ended.id for ended in kept.ended] == [second.id, first.id]


def test_nothing_follows_the_end(kept: Kept) -> None:
    session = kept.journal.begin(HEADER)
    session.end(END)
    session.audio(b"ab")
    session.event(InterimHeard("one"))
    session.mark(Mark.LEG_BEGAN, 0, 0)
    session.end(END)
    kept.journal.flush(PATIENCE)
    assert len(kept.ended) == 1
    assert read_session(path_of(kept.folder, session.id)).samples == 0


def test_closing_leaves_what_was_recorded(kept: Kept) -> None:
    session = kept.journal.begin(HEADER)
    session.audio(b"ab")
    kept.journal.close(PATIENCE)
    session.audio(b"cd")
    path = path_of(kept.folder, session.id)
    assert not is_being_written(path)
    recorded = read_session(path)
    assert (recorded.samples, recorded.end) == (1, None)
    kept.journal.close(PATIENCE)


def test_a_session_after_closing(kept: Kept) -> None:
    kept.journal.close(PATIENCE)
    kept.journal.begin(HEADER).end(END)
    kept.journal.close(PATIENCE)
    kept.journal.begin(HEADER).end(END)
    kept.journal.flush(PATIENCE)
    assert len(kept.ended) == 2


def test_nothing_is_started_before_it_is_needed(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    Journal(tmp_path / "journal", print, print)
    assert set(threading.enumerate()) <= before
    assert not (tmp_path / "journal").exists()


def test_a_journal_without_a_folder_warns_once(kept: Kept) -> None:
    kept.folder.write_bytes(b"")
    for _ in range(3):
        session = kept.journal.begin(HEADER)
        session.audio(b"ab")
        session.end(END)
    kept.journal.flush(PATIENCE)
    assert kept.warnings == [
        f"The recording can't be stored: {kept.folder}: it is no folder; move that file away; "
        "dictation continues without it"
    ]
    assert session.persisted == 0
    with pytest.raises(JournalError, match="there is no file"):
        session.read(0, 1)
    assert [ended.path for ended in kept.ended] == [None] * 3


def test_a_folder_that_is_a_link(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    kept.folder.symlink_to(tmp_path / "elsewhere")
    kept.journal.begin(HEADER).audio(b"ab")
    kept.journal.flush(PATIENCE)
    assert "it is a link" in kept.warnings[0]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_no_locks(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int) -> bool:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("koe.journal.folder.try_lock", refuse)
    kept.journal.begin(HEADER).audio(b"ab")
    kept.journal.flush(PATIENCE)
    assert "No locks available" in kept.warnings[0]
    assert files(kept.folder) == []


def test_no_threads(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.journal.threads.Writer.start", lambda writer: False)
    session = kept.journal.begin(HEADER)
    session.audio(b"ab")
    assert "the system allows no more threads" in kept.warnings[0]
    assert session.persisted == 0


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        ("folder.chmod(0o500)", "Permission denied"),
        ("(folder / 'journal').mkdir(); (folder / 'journal' / '2026-07').mkdir(0o700);"
         " (folder / 'journal' / '2026-07').chmod(0o500)", "Permission denied"),
    ],
)  # fmt: skip
def test_no_permission(tmp_path: Path, prepare: str, reason: str) -> None:
    try:
        assert reason in run_powerless(TRY.format(prepare=prepare), tmp_path)
    finally:
        for folder in (tmp_path, tmp_path / "journal" / "2026-07"):
            if folder.exists():
                folder.chmod(0o700)


TRY = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from koe.journal.format import End, Header
from koe.journal.reader import read_session
from koe.journal.writer import Journal
folder = Path(sys.argv[1])
{prepare}
moment = datetime(2026, 7, 14, tzinfo=UTC)
folder /= "journal"
journal = Journal(folder, print, lambda ended: print(ended.path is None), lambda: moment)
session = journal.begin(Header())
for _ in range(200):
    session.audio(bytes(900))
session.end(End("completed"))
journal.close(60)
"""


def test_a_full_disk(tmp_path: Path) -> None:
    """One warning for all sessions, and what fits in is whole."""
    code = TRY.format(prepare="") + (
        "journal.begin(Header()).audio(bytes(99_999))\n"
        "journal.close(60)\n"
        "recorded = [read_session(path) for path in folder.rglob('*.koej')]\n"
        "(one,) = recorded\n"
        "print(one.samples > 10_000, one.damage == '', one.end is None)\n"
    )
    warning, *rest = run_on_small_disk(code, tmp_path).splitlines()
    assert warning.endswith("No space left on device; dictation continues without it")
    assert rest == ["False", "True True False"]


def test_a_process_that_ends_loses_nothing(tmp_path: Path) -> None:
    """Without a word to the journal, in the middle of a session."""
    code = """
import sys
from pathlib import Path
from koe.journal.format import Header
from koe.journal.writer import Journal
journal = Journal(Path(sys.argv[1]), print, print)
session = journal.begin(Header())
for _ in range(5000):
    session.audio(bytes(640))
"""
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True, cwd=PROJECT)
    (path,) = files(tmp_path)
    assert read_session(path).samples == 5000 * 320


def test_a_policy_that_fails_costs_no_other_session(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(ended: Ended) -> None:
        raise OSError("no database")

    journal = Journal(tmp_path, print, fail)
    for _ in range(2):
        journal.begin(HEADER).end(END)
    journal.close(PATIENCE)
    assert [read_session(path).end for path in files(tmp_path)] == [END] * 2
    assert "no database" in caplog.text


def test_flushing_all(kept: Kept) -> None:
    kept.journal.flush(PATIENCE)  # nothing was begun
    session = kept.journal.begin(HEADER)
    session.audio(b"ab")
    flush_all(PATIENCE)
    assert session.persisted == 1
