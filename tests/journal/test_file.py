from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from koe.errors import JournalError
from koe.journal import file as file_module
from koe.journal.file import RecordingFile
from koe.journal.format import JournalRecord, Kind
from koe.journal.reader import is_being_written, read_session
from tests.files.confinement import run_on_small_disk
from tests.journal.making import records


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "2026-07" / "a.koej"


@pytest.fixture
def file(path: Path) -> Iterator[RecordingFile]:
    file = RecordingFile(path)
    yield file
    file.close()


def test_what_is_appended_is_there_at_once(file: RecordingFile, path: Path) -> None:
    size = 0
    for record in records():
        file.append(record)
        size += len(record.packed())
        assert path.stat().st_size == size
    assert file.samples == read_session(path).samples == 320


def test_it_is_locked_until_it_is_closed(file: RecordingFile, path: Path) -> None:
    assert is_being_written(path)
    file.close()
    assert not is_being_written(path)
    file.close()


def test_reading_back(file: RecordingFile) -> None:
    """Five seconds, in pieces of 10 ms that say where they are."""
    audio = b"".join(number.to_bytes(2, "little") for number in range(80 * 500 // 2))
    audio *= 2
    for record in records()[:2]:
        file.append(record)
    for start in range(0, len(audio), 320):
        file.append(JournalRecord(Kind.AUDIO, 0, audio[start : start + 320]))
        file.append(JournalRecord(Kind.MARK, 0, b"[1]"))
    assert file.samples == len(audio) // 2
    for start, count in [(0, 1), (0, 40_000), (15_999, 2), (16_001, 20_000), (39_990, 99), (7, 0)]:
        assert file.read(start, count) == audio[2 * start : 2 * (start + count)]
    assert file.read(40_000, 1) == b""


@pytest.mark.skipif(os.name == "nt", reason="Windows does not remove open files")
def test_reading_what_was_removed_while_it_is_written(file: RecordingFile, path: Path) -> None:
    """The next engine needs the beginning of a long recording."""
    file.append(JournalRecord(Kind.AUDIO, 0, b"ab"))
    path.unlink()
    path.parent.rmdir()
    file.append(JournalRecord(Kind.AUDIO, 0, b"cd"))
    assert file.read(0, 2) == b"abcd"
    assert file.read(1, 1) == b"cd"


def test_reading_what_is_gone(file: RecordingFile, path: Path) -> None:
    file.append(JournalRecord(Kind.AUDIO, 0, b"ab"))
    file.close()
    assert file.read(0, 1) == b"ab"
    path.unlink()
    with pytest.raises(JournalError, match="it cannot be read"):
        file.read(0, 1)


def test_only_what_is_new_is_synced(file: RecordingFile, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(file_module, "_sync", synced.append)
    file.sync()
    assert len(synced) == 0
    file.append(JournalRecord(Kind.AUDIO, 0, b"ab"))
    file.sync()
    file.sync()
    assert len(synced) == 1
    file.append(JournalRecord(Kind.AUDIO, 0, b"ab"))
    file.sync()
    assert len(synced) == 2
    file.append(JournalRecord(Kind.AUDIO, 0, b"ab"))
    file.close()
    file.sync()
    assert len(synced) == 2


def test_the_disk_really_syncs(file: RecordingFile) -> None:
    file.append(JournalRecord(Kind.AUDIO, 0, b"ab"))
    file.sync()


def test_a_write_in_parts(file: RecordingFile, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:7]))
    for record in records():
        file.append(record)
    assert read_session(path).damage == ""


def test_a_full_disk(tmp_path: Path) -> None:
    """What fits is whole, and the rest is refused."""
    code = """
import sys
from pathlib import Path
from koe.journal.file import RecordingFile
from koe.journal.format import Header, Kind, JournalRecord
from koe.journal.reader import read_session
path = Path(sys.argv[1]) / "journal" / "2026-07" / "a.koej"
file = RecordingFile(path)
file.append(JournalRecord(Kind.HEADER, 0, Header().payload()))
written = 0
try:
    for written in range(1000):
        file.append(JournalRecord(Kind.AUDIO, 0, bytes(900)))
except OSError as exc:
    print(exc.strerror)
recorded = read_session(path)
print(recorded.samples == file.samples == written * 450, written > 0, repr(recorded.damage))
file.append(JournalRecord(Kind.END, 0, b"{}"))
print(read_session(path).end is not None)
"""
    assert run_on_small_disk(code, tmp_path).splitlines() == [
        "No space left on device", "True True ''", "True",
    ]  # fmt: skip
