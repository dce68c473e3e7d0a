from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from koe.errors import JournalError
from koe.files.lock import try_lock
from koe.journal import folder
from koe.journal.folder import create, files, journal_directory, new_id, path_of, to_milliseconds

MOMENT = datetime(2026, 7, 14, 9, 30, 5, 7_999, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return journal_directory(tmp_path / "koe")


def test_ids_and_paths(journal: Path) -> None:
    first, second = new_id(MOMENT), new_id(MOMENT)
    assert first.startswith(f"20260714T093005.007Z-{os.getpid()}-")
    assert first != second
    assert to_milliseconds(MOMENT) == "2026-07-14T09:30:05.007Z"
    assert to_milliseconds(MOMENT.replace(microsecond=0)) == "2026-07-14T09:30:05.000Z"
    assert path_of(journal, first) == journal / "2026-07" / f"{first}.koej"


def test_ids_of_one_moment_are_in_order() -> None:
    ids = [new_id(MOMENT) for _ in range(200)]
    assert ids == sorted(ids)


@pytest.mark.parametrize("wrong", [
    "", "last", "../x", "20260714T093005.007Z-1", "20260714T093005.007Z-1-1\n",
    "20260714T093005.007Z-1-/", "٢0260714T093005.007Z-1-1", "20260714T093005.007Z-1-\0",
])  # fmt: skip
def test_what_is_no_id(journal: Path, wrong: str) -> None:
    with pytest.raises(JournalError, match="this is no ID"):
        path_of(journal, wrong)


def test_creating(journal: Path) -> None:
    path = path_of(journal, new_id(MOMENT))
    descriptor = create(path)
    try:
        if os.name == "posix":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            assert stat.S_IMODE(journal.stat().st_mode) == 0o700
        with pytest.raises(FileExistsError):
            create(path)
        other = os.open(path, os.O_RDWR)
        assert not try_lock(other)
        os.close(other)
        os.write(descriptor, b"ab")
        os.ftruncate(descriptor, 1)
        os.write(descriptor, b"c")  # behind what is left
        assert path.read_bytes() == b"ac"
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("depth", [0, 1])
def test_no_link_is_followed(journal: Path, tmp_path: Path, depth: int) -> None:
    path = path_of(journal, new_id(MOMENT))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = list(path.parents)[depth]
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    with pytest.raises(OSError, match="it is a link"):
        create(path)
    assert list(elsewhere.rglob("*.koej")) == []


def test_a_link_in_place_of_the_file(journal: Path, tmp_path: Path) -> None:
    path = path_of(journal, new_id(MOMENT))
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        create(path)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("attempts", [1, 3])
def test_who_looks_at_the_lock_does_not_spoil_it(
    journal: Path, monkeypatch: pytest.MonkeyPatch, attempts: int
) -> None:
    answers = [False] * (attempts - 1) + [True]
    monkeypatch.setattr(folder, "try_lock", lambda descriptor: answers.pop(0))
    os.close(create(path_of(journal, new_id(MOMENT))))
    assert answers == []


def test_a_lock_that_is_held(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "try_lock", lambda descriptor: False)
    monkeypatch.setattr(folder, "_LOCK_PAUSE_S", 0)
    path = path_of(journal, new_id(MOMENT))
    with pytest.raises(OSError, match="another program holds its lock"):
        create(path)
    assert not path.exists()


def test_listing(journal: Path) -> None:
    assert files(journal) == []
    paths = [
        path_of(journal, new_id(moment))
        for moment in (MOMENT, MOMENT.replace(second=6), MOMENT.replace(year=2027))
    ]
    for path in reversed(paths):
        os.close(create(path))
    good = paths[0]
    for foreign in ("notes.txt", "history.db", "x.koej"):
        (journal / foreign).write_bytes(b"")
        (good.parent / foreign).write_bytes(b"")
    good.with_name("20260714T093005.007Z-1-1.koej").mkdir()
    good.with_name("20260714T093005.007Z-1-2.koej").symlink_to(good)
    (journal / "2026-08").symlink_to(good.parent)
    (journal / "2026-09").write_bytes(b"")
    (journal / "2026").mkdir()
    assert files(journal) == paths


def test_a_folder_that_is_a_link(journal: Path, tmp_path: Path) -> None:
    journal.parent.mkdir()
    journal.symlink_to(tmp_path)
    with pytest.raises(OSError, match="it is a link"):
        files(journal)
