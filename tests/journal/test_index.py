from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from koe.journal.entries import Entry, Why
from koe.journal.index import Index

FIRST = Entry(
    "20260714T093005.007Z-42-1", "2026-07-14T09:30:05.007Z", "qwen", "lab", 1.25, "completed",
    "部署完成。", "部署完成", is_corrected=True, reason="r", audio_bytes=7, why=Why.INCOMPLETE,
)  # fmt: skip
SECOND = Entry(
    "20260715T093005.007Z-42-2", "2026-07-15", heard="Café Ünïcode ｗｉｄｅ", is_pinned=True
)
THIRD = Entry("20260715T100000.000Z-7-1", "2026-07-15", text="the end", is_whole=False)


@pytest.fixture
def index(directory: Path) -> Index:
    made = Index(directory, pytest.fail)
    made.put([SECOND, FIRST, THIRD])
    return made


def test_what_was_put_in_comes_out(index: Index) -> None:
    assert index.find() == [THIRD, SECOND, FIRST]
    assert index.find(limit=1) == [THIRD]
    assert index.ids() == [FIRST.id, SECOND.id, THIRD.id]
    outline = [(it.id, it.best_text, it.audio_bytes) for it in index.outlines()]
    assert outline == [(FIRST.id, "部", 7), (SECOND.id, "C", 0), (THIRD.id, "t", 0)]


def test_a_recording_is_forgotten(index: Index) -> None:
    index.forget_audio([FIRST.id])
    assert index.find()[-1] == replace(FIRST, audio_bytes=0)


def test_an_entry_is_replaced(index: Index) -> None:
    changed = replace(FIRST, text="", heard="", audio_bytes=0)
    index.put([changed])
    assert index.find()[-1] == changed
    assert index.find("部署") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("部署", [FIRST]),
        ("CAFÉ", [SECOND]),
        ("ünï", [SECOND]),
        ("wide", [SECOND]),
        ("E", [THIRD, SECOND]),
        ("%", []),
        ("lab", []),
        ("", [THIRD, SECOND, FIRST]),
    ],
)
def test_searching(index: Index, query: str, found: list[Entry]) -> None:
    assert index.find(query) == found


def test_beginnings(index: Index) -> None:
    assert index.beginning_with("20260714") == [FIRST]
    assert index.beginning_with("2026071") == [FIRST, SECOND]
    assert index.beginning_with("%") == []
    assert index.beginning_with("\udcff") == []


def test_an_index_that_is_not_there(directory: Path) -> None:
    index = Index(directory, pytest.fail)
    index.put([])
    index.remove([])
    index.forget_audio([])
    assert (index.find("x"), index.outlines()) == ([], [])
    assert not directory.exists()


def test_halves_of_surrogate_pairs(index: Index) -> None:
    index.put([Entry("x", "", text="a\ud800b")])
    assert index.find("a?b")[0].text == "a?b"


def test_removing_leaves_nothing(index: Index, directory: Path) -> None:
    index.remove([FIRST.id, "no such"])
    assert index.find() == [THIRD, SECOND]
    for path in directory.iterdir():
        assert "部署".encode() not in path.read_bytes()


def test_a_damaged_copy_goes_with_what_is_in_it(directory: Path) -> None:
    warnings: list[str] = []
    index = Index(directory, warnings.append)
    index.put([FIRST, SECOND])
    path, copy = directory / "history.db", directory / "history.db.damaged"
    content = path.read_bytes()
    path.write_bytes(b"x" * 100 + content[100:])
    assert index.find() == []  # its beginning is needed to find the rest
    assert len(warnings) == 1
    index.put([THIRD])
    index.remove([THIRD.id])
    assert copy.exists()
    index.remove([SECOND.id])
    assert not copy.exists()


def test_a_damaged_copy_expires(directory: Path) -> None:
    copy = directory / "history.db.damaged"
    directory.mkdir()
    copy.touch()
    index = Index(directory, pytest.fail)
    index.expire_copy(copy.stat().st_mtime)
    assert copy.exists()
    index.expire_copy(copy.stat().st_mtime + 1)
    assert not copy.exists()
    index.expire_copy(time.time())


def test_twenty_thousand_entries(directory: Path) -> None:
    index = Index(directory, pytest.fail)
    text = "Die Änderung an der Schnittstelle ist fertig und wurde 部署 heute früh geprüft. " * 2
    entries = [Entry(f"{n:08}", "", text=f"{text}{n}", heard=text) for n in range(20_000)]
    index.put(entries)
    assert [it.id for it in index.find("部署", limit=2)] == ["00019999", "00019998"]
    assert [it.id for it in index.find("PRÜFT. 123", limit=-1)][-1] == "00000123"
    assert index.find("部署署") == []
