from __future__ import annotations

import os
import stat
import wave
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from koe.config.schema import HistoryConfig
from koe.errors import HistoryError, JournalError
from koe.events import ShowInterim
from koe.files.lock import try_lock
from koe.journal import folder
from koe.journal.entries import Why
from koe.journal.format import End, Header, JournalRecord, Kind
from koe.journal.history import History
from koe.journal.index import Index
from koe.journal.recording import Ended
from koe.journal.writer import Journal
from tests.journal import making

NOW = datetime(2026, 7, 14, 9, 30, tzinfo=UTC)
CANARY = "canary-6d1c 部署"

COMPLETE = End("completed", f"{CANARY}.", CANARY, "scripted")
CUT = replace(COMPLETE, is_whole=False)
FAILED = End("failed", heard=CANARY, engine="scripted", reason="the connection broke")
CANCELLED = End("cancelled", heard=CANARY, engine="scripted")

posix = pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")


def never(ended: Ended) -> None:
    pytest.fail(f"{ended} has not ended")


class Home:
    """A configuration folder with a history, and a journal that records for it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.journal = directory / "journal"
        self.warnings: list[str] = []
        # Days that have passed.
        self.days = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(days=self.days)

    def history(self, **settings: object) -> History:
        config = HistoryConfig().replace(**settings)
        return History(self.directory, config, self.warnings.append, self.now)

    def dictate(self, end: End | None, history: History | None = None, seconds: float = 0.5) -> str:
        """Record a session and return its ID; None: its process is killed."""
        history = history or self.history()
        ended = history.record if end is not None else never
        journal = Journal(self.journal, self.warnings.append, ended, self.now)
        session = journal.begin(Header(engine="configured", profile="lab"))
        session.audio(b"\1\0" * int(seconds * 16_000))
        session.event(ShowInterim(CANARY))
        if end is not None:
            session.end(end)
        journal.close(30)
        self.days += 0.001  # IDs sort by time
        return session.id

    @property
    def files(self) -> list[Path]:
        return sorted(self.journal.glob("*/*"))

    def contains(self, text: str) -> bool:
        paths = [path for path in self.directory.rglob("*") if path.is_file()]
        return any(text.encode() in path.read_bytes() for path in paths)


@pytest.fixture
def home(directory: Path) -> Home:
    return Home(directory)


# --- what is kept ------------------------------------------------------------------------


def test_after_a_full_delivery_nothing_is_kept(home: Home) -> None:
    home.dictate(COMPLETE)
    assert (home.files, home.history().list()) == ([], [])
    assert not home.contains(CANARY)


@pytest.mark.parametrize(
    ("end", "why", "text"),
    [
        (FAILED, Why.FAILED, ""),
        (CANCELLED, Why.CANCELLED, ""),
        (CUT, Why.INCOMPLETE, f"{CANARY}."),
        (End("completed"), Why.SILENT, ""),
    ],
)
def test_what_did_not_give_the_whole_text_is_kept(
    home: Home, end: End, why: Why, text: str
) -> None:
    entry_id = home.dictate(end)
    (entry,) = home.history().list()
    (path,) = home.files
    assert (entry.id, entry.why, entry.text, entry.heard) == (entry_id, why, text, end.heard)
    assert (entry.seconds, entry.audio_bytes) == (0.5, path.stat().st_size)
    assert (entry.began, entry.profile) == ("2026-07-14T09:30:00.000Z", "lab")
    assert home.history().recording_of(entry_id) == path
    assert home.warnings == []


@pytest.mark.parametrize("end", [COMPLETE, CUT, FAILED, CANCELLED])
def test_all(home: Home, end: End) -> None:
    entry_id = home.dictate(end, home.history(audio="all"))
    assert [path.stem for path in home.files] == [entry_id]
    assert home.history().entry("last").text == end.text


@pytest.mark.parametrize("end", [COMPLETE, CUT, FAILED, CANCELLED])
def test_nothing(home: Home, end: End) -> None:
    home.dictate(end, home.history(audio="nothing"))
    assert (home.files, home.history().list()) == ([], [])
    assert not home.contains(CANARY)


@pytest.mark.parametrize("audio", ["failed", "nothing"])
def test_texts(home: Home, audio: str) -> None:
    home.dictate(COMPLETE, home.history(audio=audio, text=True))
    assert home.files == []
    (entry,) = home.history().list(CANARY.upper())
    assert (entry.text, entry.heard, entry.has_audio) == (COMPLETE.text, CANARY, False)
    with pytest.raises(HistoryError, match="has no recording: it was removed, or never kept"):
        home.history().recording_of("last")


def test_a_recording_that_is_empty_is_not_kept(home: Home) -> None:
    home.dictate(End("failed", reason="the key was refused"), seconds=0)
    assert (home.files, home.history().list()) == ([], [])


def test_a_session_whose_file_could_not_be_written(home: Home) -> None:
    home.directory.mkdir()
    home.journal.touch()
    entry_id = home.dictate(FAILED)
    assert len(home.warnings) == 1
    assert "The recording can't be stored" in home.warnings[0]
    (entry,) = home.history().list()
    assert (entry.id, entry.heard, entry.has_audio) == (entry_id, CANARY, False)


def test_an_index_that_cannot_be_used_costs_no_recording(home: Home) -> None:
    (home.directory / "history.db").mkdir(parents=True)
    home.dictate(COMPLETE)
    home.dictate(FAILED)
    assert len(home.files) == 1
    assert all("history.db is a link, or no file; move it away" in it for it in home.warnings)
    (home.directory / "history.db").rmdir()
    assert home.history().recover() == []
    assert home.history().entry("last").heard == CANARY


# --- entries -----------------------------------------------------------------------------


def test_finding_an_entry(home: Home) -> None:
    first, second = home.dictate(FAILED), home.dictate(FAILED)
    history = home.history()
    assert [it.id for it in history.list()] == [second, first]
    assert [it.id for it in history.list(limit=1)] == [second]
    assert history.entry("last").id == second
    assert history.entry(first).id == first
    assert history.entry(second[:16]).id == second
    for wrong, message in [
        ("20260714", "several IDs begin with '20260714'; write more characters"),
        ("nothing", "the history has no entry 'nothing'; `koe history` lists them"),
        ("", "the history has no entry ''"),
    ]:
        with pytest.raises(HistoryError, match=message):
            history.entry(wrong)


def test_an_id_that_begins_another(home: Home) -> None:
    """The numbers at the end differ in length."""
    first, history = home.dictate(FAILED), home.history()
    longer = home.dictate(FAILED)
    Index(home.directory, pytest.fail).put([replace(history.entry(longer), id=f"{first}0")])
    assert history.entry(first).id == first


def test_short_ids(home: Home) -> None:
    alone = home.dictate(FAILED)
    home.days = 1
    pair = [home.dictate(FAILED), home.dictate(FAILED)]
    index = Index(home.directory, pytest.fail)
    twin, other = (replace(home.history().entry(it), id=f"{pair[0][:19]}Z-1-{it}") for it in pair)
    index.put([twin, other])
    history = home.history()
    short = history.short_ids()
    assert short[alone] == alone[:15]
    assert set(short) == {alone, *pair, twin.id, other.id}
    assert all(history.entry(beginning).id == whole for whole, beginning in short.items())
    assert len(short[twin.id]) > 15


def test_an_empty_history(home: Home) -> None:
    with pytest.raises(HistoryError, match="the history is empty"):
        home.history().entry("last")
    assert (home.history().prune(), home.history().recover()) == (0, [])
    assert not home.directory.exists()


def test_what_another_try_gave(home: Home) -> None:
    entry_id = home.dictate(FAILED)
    history = home.history()
    assert history.retried(entry_id, FAILED).why is Why.FAILED
    entry = history.retried(entry_id, replace(COMPLETE, engine="other"))
    assert history.entry(entry_id) == entry
    assert (entry.why, entry.engine, entry.text) == (Why.COMPLETE, "other", COMPLETE.text)
    assert (entry.reason, entry.has_audio) == ("", True)
    assert history.retried(entry_id, CUT) == entry
    lost = history.retried(entry_id, replace(COMPLETE, reason="no window took it"))
    assert (lost.why, lost.reason) == (Why.INCOMPLETE, "no window took it")


# --- interrupted sessions ----------------------------------------------------------------


def test_an_interrupted_session(home: Home) -> None:
    entry_id = home.dictate(None)
    assert home.history().list() == []
    (entry,) = home.history().recover()
    assert (entry.id, entry.why, entry.heard) == (entry_id, Why.INTERRUPTED, CANARY)
    assert (entry.seconds, entry.engine, entry.is_whole) == (0.5, "configured", False)
    assert home.history().list() == [entry]
    assert home.history().recover() == []
    assert home.files == [home.history().recording_of(entry_id)]


def test_a_session_that_runs_is_left_alone(home: Home) -> None:
    journal = Journal(home.journal, pytest.fail, never, home.now)
    session = journal.begin(Header())
    session.audio(b"\1\0" * 100)
    journal.flush(30)
    assert home.history().recover() == []
    assert home.history().survey().entries == []
    assert len(home.files) == 1
    journal.close(30)
    assert [it.id for it in home.history().recover()] == [session.id]


def test_a_file_that_was_created_just_now_is_left_alone(home: Home) -> None:
    """Its process may not have locked it yet, and nothing is in it."""
    path = folder.path_of(home.journal, "20260714T093005.007Z-42-1")
    path.parent.mkdir(parents=True)
    making.write(path, making.records(None)[:1])
    assert home.history().recover() == []
    assert home.files == [path]
    os.utime(path, (0, 0))
    assert (home.history().recover(), home.files) == ([], [])


def test_a_crash_after_the_end(home: Home) -> None:
    """The session ended, and the process died before the settings were followed."""
    for number, end in enumerate((COMPLETE, FAILED)):
        path = folder.path_of(home.journal, f"20260714T093005.007Z-42-{number}")
        path.parent.mkdir(parents=True, exist_ok=True)
        making.write(path, making.records(end))
    assert home.history().recover() == []
    assert [path.stem[-1] for path in home.files] == ["1"]
    assert home.history().entry("last").why is Why.FAILED


def test_another_process_is_quicker(home: Home) -> None:
    """It finds a recording whose session has just ended, and follows the settings first."""
    ended: list[Ended] = []
    journal = Journal(home.journal, pytest.fail, ended.append, home.now)
    for end in (COMPLETE, FAILED):
        session = journal.begin(Header())
        session.audio(b"\1\0" * 100)
        session.end(end)
    journal.close(30)
    assert home.history().recover() == []
    before = home.history().list()
    assert [it.why for it in before] == [Why.FAILED]
    for each in ended:
        home.history().record(each)
    assert (home.history().list(), len(home.files), home.warnings) == (before, 1, [])


def test_an_index_that_is_lost_is_made_anew(home: Home) -> None:
    for end in (FAILED, CANCELLED, CUT, None):
        home.dictate(end)
    home.history().recover()
    before = home.history().list()
    assert len(before) == 4
    (home.directory / "history.db").unlink()
    assert [it.why for it in home.history().recover()] == [Why.INTERRUPTED]
    assert home.history().list() == before
    (home.directory / "history.db").write_bytes(b"damaged" * 1000)
    home.history().recover()
    assert home.history().list() == before
    assert len(home.warnings) == 1


def test_a_recording_that_was_removed_by_hand(home: Home) -> None:
    failed, cancelled = home.dictate(FAILED), home.dictate(CANCELLED)
    for path in home.files:
        path.unlink()
    assert home.history().recover() == []
    (entry,) = home.history().list()
    assert (entry.id, entry.has_audio, entry.heard) == (failed, False, CANARY)
    with pytest.raises(HistoryError):
        home.history().entry(cancelled)


def test_a_survey_changes_nothing(home: Home) -> None:
    home.dictate(FAILED)
    interrupted = home.dictate(None)
    later = making.write(
        folder.path_of(home.journal, "20260714T093005.007Z-42-1"),
        [JournalRecord(Kind.HEADER, 1, Header(format=2).payload())],
    )
    before = {path: path.read_bytes() for path in home.directory.rglob("*") if path.is_file()}
    survey = home.history().survey()
    assert [it.why for it in survey.entries] == [Why.INTERRUPTED, Why.FAILED]
    assert [it.id for it in survey.interrupted] == [interrupted]
    assert survey.audio_bytes == sum(path.stat().st_size for path in home.files if path != later)
    assert survey.skipped == (f"recording {later}: a later koe made it (format 2); update koe to "
                              "read it",)  # fmt: skip
    after = {path: path.read_bytes() for path in home.directory.rglob("*") if path.is_file()}
    assert after == before


@posix
def test_a_journal_that_is_a_link_is_not_used(home: Home, tmp_path: Path) -> None:
    home.directory.mkdir()
    home.journal.symlink_to(tmp_path, target_is_directory=True)
    for look in (home.history().survey, home.history().recover):
        with pytest.raises(HistoryError, match=r"journal cannot be used: it is a link"):
            look()


# --- for how long ------------------------------------------------------------------------


def test_recordings_go_when_their_time_is_over(home: Home) -> None:
    cancelled, failed = home.dictate(CANCELLED), home.dictate(FAILED)
    home.days = 0.9
    assert home.history().prune() == 0
    home.days = 1.1
    assert home.history().prune() == 1
    assert [path.stem for path in home.files] == [failed]
    home.days = 7.1
    assert home.history().prune() == 1
    assert home.files == []
    (entry,) = home.history().list()
    assert (entry.has_audio, entry.heard) == (False, CANARY)
    home.days = 30.1
    assert home.history().prune() == 1
    assert home.history().list() == []
    assert not home.contains(CANARY)
    assert not home.contains(cancelled)


def test_recording_prunes(home: Home) -> None:
    home.dictate(FAILED)
    home.days = 40
    home.dictate(FAILED)
    assert len(home.files) == len(home.history().list()) == 1


def test_pinned_entries_stay(home: Home) -> None:
    pinned, _ = home.dictate(FAILED), home.dictate(FAILED)
    assert home.history().pin(pinned).is_pinned
    home.days = 400
    assert home.history(max_mb=0).prune() == 1
    assert [path.stem for path in home.files] == [pinned]
    assert not home.history().pin(pinned, pinned=False).is_pinned
    assert home.history().prune() == 1
    assert home.files == []


def test_the_oldest_go_first(home: Home) -> None:
    ids = [home.dictate(FAILED, seconds=20) for _ in range(4)]
    assert home.history(max_mb=1).prune() == 3
    assert [path.stem for path in home.files] == ids[3:]


def test_nonsense_removes_nothing(home: Home) -> None:
    for end in (FAILED, CANCELLED):
        home.dictate(end)
    home.days = 10_000
    unlimited = home.history(audio_days=None, text_days=None, cancelled_hours=None, max_mb=None)
    assert unlimited.prune() == 0
    assert len(home.files) == 2


def test_empty_months_go_and_the_present_one_stays(home: Home) -> None:
    home.dictate(FAILED)
    (home.journal / "other").mkdir()
    (home.journal / "2020-01").mkdir()
    (home.journal / "2020-02").mkdir()
    (home.journal / "2020-02" / "mine.txt").touch()
    home.days = 7.5
    home.history().prune()
    assert sorted(path.name for path in home.journal.iterdir()) == ["2020-02", "2026-07", "other"]
    home.days = 40
    home.history().prune()
    assert sorted(path.name for path in home.journal.iterdir()) == ["2020-02", "other"]


# --- what is not ours --------------------------------------------------------------------


def foreign(path: Path) -> bytes:
    path.write_bytes(b"a file of another program")
    return path.read_bytes()


def later(path: Path) -> bytes:
    return making.write(
        path, [JournalRecord(Kind.HEADER, 1, Header(format=2).payload())]
    ).read_bytes()


def link(path: Path) -> bytes:
    target = path.parent.parent.parent / "precious"
    target.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(target)
    return path.read_bytes()


@pytest.mark.parametrize("change", [foreign, later, pytest.param(link, marks=posix)])
def test_what_is_not_ours_is_not_removed(home: Home, change: object) -> None:
    entry_id = home.dictate(FAILED)
    (path,) = home.files
    assert callable(change)
    content = change(path)
    home.days = 100
    history = home.history()
    assert history.prune() == 0
    assert len(history.skipped) == 1
    assert str(path) in history.skipped[0]
    with pytest.raises(HistoryError, match=f"{entry_id} was not removed: recording "):
        history.remove(entry_id)
    assert path.read_bytes() == content
    assert [it.id for it in history.list()] == [entry_id]


@posix
def test_a_month_that_became_a_link_is_not_entered(home: Home, tmp_path: Path) -> None:
    home.dictate(FAILED)
    (path,) = home.files
    path.parent.rename(tmp_path / "elsewhere")
    path.parent.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    home.days = 100
    assert home.history().prune() == 0
    assert path.exists()


def test_files_without_an_entry_that_are_not_ours_are_named(home: Home) -> None:
    path = folder.path_of(home.journal, "20260714T093005.007Z-42-1")
    path.parent.mkdir(parents=True)
    foreign(path)
    (path.parent / "notes.txt").touch()
    history = home.history()
    assert history.recover() == []
    assert [path.name in sentence for sentence in history.skipped] == [True]
    assert len(home.files) == 2


# --- what a user does --------------------------------------------------------------------


def test_removing_leaves_nothing_of_it(home: Home) -> None:
    gone = home.dictate(FAILED)
    kept = home.dictate(replace(FAILED, heard="other"))
    home.history().pin(gone)
    home.history().remove(gone)
    assert [it.id for it in home.history().list()] == [kept]
    assert [path.stem for path in home.files] == [kept]
    assert not any(gone.encode() in path.read_bytes() for path in home.directory.glob("*.db*"))
    home.history().remove("last")
    assert not home.contains(CANARY)
    assert not home.contains(gone)


def test_a_recording_that_is_being_written_is_not_removed(home: Home) -> None:
    entry_id = home.dictate(FAILED)
    (path,) = home.files
    descriptor = os.open(path, os.O_RDWR)
    try:
        assert try_lock(descriptor)
        with pytest.raises(HistoryError, match="it is being written"):
            home.history().remove(entry_id)
    finally:
        os.close(descriptor)
    assert path.exists()


def test_exporting(home: Home, tmp_path: Path) -> None:
    home.dictate(FAILED)
    out = tmp_path / "out.wav"
    out.write_bytes(b"replaced")
    home.history().export("last", out)
    with wave.open(str(out)) as wav:
        assert wav.getparams()[:4] == (1, 2, 16_000, 8_000)
        assert wav.readframes(8_000) == b"\1\0" * 8_000
    with pytest.raises(HistoryError, match="cannot be written: it is not a regular file"):
        home.history().export("last", tmp_path)
    with pytest.raises(HistoryError, match=r"out\.wav cannot be written: "):
        home.history().export("last", tmp_path / "missing" / "out.wav")


def test_exporting_what_cannot_be_read(home: Home, tmp_path: Path) -> None:
    home.dictate(FAILED)
    foreign(home.files[0])
    with pytest.raises(JournalError, match="it is no recording of koe"):
        home.history().export("last", tmp_path / "out.wav")
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_everything_is_private(home: Home) -> None:
    home.dictate(FAILED)
    for path in home.directory.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077
