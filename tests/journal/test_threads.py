from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from koe.journal import threads
from koe.journal.file import RecordingFile
from koe.journal.format import JournalRecord, Kind
from koe.journal.reader import is_being_written
from koe.journal.threads import Writer
from koe.patience import COMPUTING

# For what takes milliseconds.
PATIENCE = 60.0


class Session:
    """A client."""

    def __init__(self) -> None:
        self.is_stopped = False

    def stop(self) -> None:
        self.is_stopped = True


@pytest.fixture
def failures() -> list[OSError]:
    return []


@pytest.fixture
def writer(failures: list[OSError], monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    monkeypatch.setattr(threads, "SYNC_INTERVAL", 0.001)
    writer = Writer(failures.append)
    assert writer.start()
    yield writer
    writer.stop(PATIENCE)


@pytest.fixture
def session(writer: Writer) -> Session:
    session = Session()
    writer.attend("session", session)
    return session


def test_jobs_are_done_in_order(writer: Writer) -> None:
    done: list[int] = []
    for number in range(100):
        writer.put(lambda number=number: done.append(number))  # type: ignore[misc]
    writer.flush(PATIENCE)
    assert done == list(range(100))
    assert writer.start()  # again


def test_a_job_that_fails_costs_no_other(writer: Writer, caplog: pytest.LogCaptureFixture) -> None:
    done = []
    writer.put(lambda: done.append(1 // 0))
    writer.put(lambda: done.append(1))
    writer.flush(PATIENCE)
    assert done == [1]
    assert "the journal lacks a record" in caplog.text


def test_jobs_of_clients_need_no_waking(writer: Writer, session: Session) -> None:
    for _ in range(2):
        done = threading.Event()
        writer.put(done.set)
        assert done.wait(PATIENCE)


def test_the_last_job_of_a_client_is_done(writer: Writer) -> None:
    for _ in range(100):
        session, done = Session(), threading.Event()
        writer.attend("a", session)
        writer.put(done.set)
        writer.dismiss("a")
        assert done.wait(PATIENCE)


def test_a_client_that_comes_while_the_clients_are_counted(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not have to wait for the next one."""
    session, done = Session(), threading.Event()
    count_clients = writer._present

    def come_late() -> list[Any]:
        counted = count_clients()
        if writer._writing is threading.current_thread() and not counted:
            writer.attend("late", session)
        return counted

    monkeypatch.setattr(writer, "_present", come_late)
    writer.flush(PATIENCE)
    writer.put(done.set)
    assert done.wait(PATIENCE)


def test_a_client_that_is_forgotten_costs_nothing(writer: Writer) -> None:
    session = Session()
    writer.attend("a", session)
    assert writer._present() == [session]
    del session
    gc.collect()
    assert writer._present() == []
    assert writer._clients == {}


def test_clients_are_stopped(writer: Writer, session: Session) -> None:
    writer.stop(PATIENCE)
    assert session.is_stopped


def test_the_threads_are_not_those_of_engines(writer: Writer) -> None:
    seen: list[threading.Thread] = []
    writer.put(lambda: seen.append(threading.current_thread()))
    writer.flush(PATIENCE)
    assert seen[0].daemon
    assert not seen[0].name.startswith(COMPUTING)


@pytest.mark.usefixtures("session")
def test_files_are_synced_while_they_are_written(
    writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, writing = threading.Event(), threading.current_thread()
    by: list[threading.Thread] = []

    class Watched(RecordingFile):
        def sync(self) -> None:
            by.append(threading.current_thread())
            synced.set()

    def write() -> None:
        nonlocal writing
        writing = threading.current_thread()
        file = Watched(tmp_path / "journal" / "2026-07" / "a.koej")
        writer.opened(file)
        file.append(JournalRecord(Kind.AUDIO, 0, b"ab"))
        writer.wrote()

    writer.put(write)
    assert synced.wait(PATIENCE)
    assert by[0] is not writing
    assert by[0].daemon


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("is_early", [True, False])
def test_a_disk_that_does_not_sync(
    writer: Writer, failures: list[OSError], tmp_path: Path, is_early: bool
) -> None:
    reported = threading.Event()

    class Failing(RecordingFile):
        def sync(self) -> None:
            reported.set()
            raise OSError(5, "Input/output error")

    path = tmp_path / "journal" / "2026-07" / "a.koej"

    def write() -> None:
        file = Failing(path)
        writer.opened(file)
        if is_early:
            writer.wrote()
        else:
            writer.close(file)

    writer.put(write)
    assert reported.wait(PATIENCE)
    writer.stop(PATIENCE)
    assert str(failures[0]) == "[Errno 5] Input/output error"
    assert not is_being_written(path)


def test_stopping_closes_all(writer: Writer, tmp_path: Path) -> None:
    path = tmp_path / "journal" / "2026-07" / "a.koej"
    writer.put(lambda: writer.opened(RecordingFile(path)))
    writer.flush(PATIENCE)
    assert is_being_written(path)
    writer.stop(PATIENCE)
    assert not is_being_written(path)


def test_what_hangs_is_not_waited_for(writer: Writer) -> None:
    go_on = threading.Event()

    def hang() -> None:
        go_on.wait()

    writer.put(hang)
    writer.flush(0.0)
    writer.stop(0.0)
    go_on.set()


@pytest.mark.usefixtures("session")
def test_a_job_does_not_wait_for_itself(writer: Writer) -> None:
    done = threading.Event()

    def wait() -> None:
        writer.flush(PATIENCE)
        writer.stop(PATIENCE)
        done.set()

    writer.put(wait)
    assert done.wait(PATIENCE / 2)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows knows no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_process_that_was_forked_off_waits_for_nothing(writer: Writer) -> None:
    child = os.fork()
    if not child:
        writer.flush(PATIENCE)
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_no_more_threads(failures: list[OSError], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    writer = Writer(failures.append)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert not writer.start()
