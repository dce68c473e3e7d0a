from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from koe.errors import HistoryError
from koe.journal.database import COMPANIONS, Database
from tests.cli.command import PROJECT, environment

COLUMNS = "id TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (id)"
PUT = "INSERT OR REPLACE INTO things VALUES (?, ?)"
ALL = "SELECT id, n FROM things ORDER BY id"


class Place:
    """A database in a folder, and what it warned about."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "things.db"
        self.warnings: list[str] = []

    def open(self, version: int = 1, *, read_only: bool = False) -> Database:
        return Database(
            self.path, "things", COLUMNS, version, self.warnings.append, read_only=read_only
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "koe")


def test_nothing_is_made_before_something_is_written(place: Place) -> None:
    assert place.open().read(ALL) == []
    assert place.open(read_only=True).read(ALL) == []
    assert not place.path.parent.exists()


def test_what_was_written_is_read(place: Place) -> None:
    place.open().write(PUT, [("a", 1), ("b", 2)])
    place.open().write(PUT, [("b", 3)])
    assert place.open().read(ALL) == [("a", 1), ("b", 3)]
    assert place.open().read("SELECT n FROM things WHERE id = ?", "b") == [(3,)]
    assert place.open(read_only=True).read(ALL) == [("a", 1), ("b", 3)]
    assert list(place.path.parent.iterdir()) == [place.path]


def test_rows_are_written_all_or_none(place: Place) -> None:
    with pytest.raises(HistoryError, match="NOT NULL"):
        place.open().write(PUT, [("a", 1), ("b", None)])
    assert place.open().read(ALL) == []


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_it_is_private(place: Place) -> None:
    place.open().write(PUT, [("a", 1)])
    assert stat.S_IMODE(place.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.path.parent.stat().st_mode) == 0o700
    place.path.chmod(0o644)
    place.open().read(ALL)
    assert stat.S_IMODE(place.path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_link_is_not_followed(place: Place, tmp_path: Path) -> None:
    other = Place(tmp_path / "other")
    other.open().write(PUT, [("a", 1)])
    before = other.path.read_bytes()
    place.path.parent.mkdir()
    for target in (other.path, tmp_path / "nowhere"):
        place.path.symlink_to(target)
        for read_only in (True, False):
            with pytest.raises(HistoryError, match="is a link, or no file; move it away"):
                place.open(read_only=read_only).read(ALL)
        place.path.unlink()
    assert other.path.read_bytes() == before
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_in_its_place(place: Place) -> None:
    place.path.mkdir(parents=True)
    with pytest.raises(HistoryError, match="move it away"):
        place.open().write(PUT, [("a", 1)])


def test_a_file_in_the_place_of_its_folder(place: Place) -> None:
    place.path.parent.write_bytes(b"")
    with pytest.raises(HistoryError, match=r"things\.db cannot be used: "):
        place.open().write(PUT, [("a", 1)])


def test_a_later_version_is_not_touched(place: Place) -> None:
    place.open(version=2).write(PUT, [("a", 1)])
    before = place.path.read_bytes()
    for read_only in (True, False):
        with pytest.raises(HistoryError, match=r"a later koe made .*; update koe"):
            place.open(read_only=read_only).read(ALL)
    assert place.path.read_bytes() == before


def test_an_empty_file_is_a_new_one(place: Place) -> None:
    place.path.parent.mkdir()
    place.path.touch()
    assert place.open(read_only=True).read(ALL) == []
    assert place.path.stat().st_size == 0
    place.open().write(PUT, [("a", 1)])
    assert place.open().read(ALL) == [("a", 1)]
    assert place.warnings == []


def test_reading_only_sees_what_another_process_writes(place: Place) -> None:
    """That is in a file beside it, until the other one closes it."""
    place.open().write(PUT, [("a", 1)])
    writer = sqlite3.connect(place.path, isolation_level=None)
    writer.execute(PUT, ("b", 2))
    assert Path(f"{place.path}-wal").stat().st_size > 0
    assert place.open(read_only=True).read(ALL) == [("a", 1), ("b", 2)]
    writer.close()


# --- damage ------------------------------------------------------------------------------


def test_what_is_no_database_is_moved_aside(place: Place) -> None:
    place.path.parent.mkdir()
    place.path.write_bytes(b"some other file, of another app   " * 100)
    with pytest.raises(HistoryError, match="file is not a database"):
        place.open(read_only=True).read(ALL)
    assert place.open().read(ALL) == []
    (warning,) = place.warnings
    assert warning == (
        f"{place.path} was damaged; it is now things.db.damaged, and 0 entries were saved from it"
    )
    assert place.open().aside.read_bytes().startswith(b"some other file")
    place.open().write(PUT, [("a", 1)])
    assert (place.open().read(ALL), len(place.warnings)) == ([("a", 1)], 1)


def test_what_can_be_read_is_saved(place: Place) -> None:
    rows: list[tuple[object, ...]] = [(f"{n:04}" + "x" * 200, n) for n in range(500)]
    place.open().write(PUT, rows)
    content = bytearray(place.path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 8192] = b"\xff" * 8192
    place.path.write_bytes(content)
    found = place.open().read(ALL)
    assert len(place.warnings) == 1
    assert 0 < len(found) < len(rows)
    assert set(found) <= set(rows)
    assert place.open().aside.read_bytes() == content


# --- several at once ---------------------------------------------------------------------

_WRITER = f"""
import sys
from pathlib import Path
from koe.journal.database import Database

database = Database(Path(sys.argv[1]), "things", "{COLUMNS}", 1, print)
for number in range(40):
    database.write("{PUT}", [(f"{{sys.argv[2]}}-{{number}}", number)])
"""


def test_processes_that_write_at_once(place: Place, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _WRITER, str(place.path)]
    writers = [
        subprocess.Popen([*command, str(n)], env=environment(tmp_path), cwd=PROJECT)
        for n in range(3)
    ]
    for n in range(40):
        place.open().write(PUT, [(f"own-{n}", n)])
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert len(place.open().read(ALL)) == 160
    assert not [it for it in COMPANIONS[1:] if os.path.lexists(f"{place.path}{it}")]


def test_nothing_is_left_of_what_was_removed(place: Place) -> None:
    canary = "canary-3f9a"
    place.open().write(PUT, [(f"{canary}-{n}", n) for n in range(50)] + [("other", 1)])
    with sqlite3.connect(place.path) as reader:  # keeps what SQLite writes first in its own file
        assert reader.execute("SELECT count(*) FROM things").fetchone() == (51,)
        place.open().write("DELETE FROM things WHERE id <> ?", [("other",)])
        place.open().wipe()
        for path in place.path.parent.iterdir():
            assert canary.encode() not in path.read_bytes()
    reader.close()
