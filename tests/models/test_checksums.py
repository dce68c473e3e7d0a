from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from koe.models.checksums import Checksums, modified_seconds
from koe.models.paths import CHECKSUMS_NAME


def test_what_is_saved_is_found(tmp_path: Path) -> None:
    checksums = Checksums(tmp_path)
    checksums.remember("sub/b", 2, "bb")
    checksums.remember("a", 1, "aa")
    checksums.save()
    assert json.loads((tmp_path / CHECKSUMS_NAME).read_bytes()) == {
        "a": {"mtime": 1, "sha256": "aa"},
        "sub/b": {"mtime": 2, "sha256": "bb"},
    }
    again = Checksums(tmp_path)
    assert again.find("a", 1) == "aa"
    assert again.find("a", 2) is None
    assert again.find("c", 1) is None


def test_nothing_new_is_not_written(tmp_path: Path) -> None:
    Checksums(tmp_path).save()
    assert list(tmp_path.iterdir()) == []


def test_a_fresh_one_drops_what_was_there(tmp_path: Path) -> None:
    old = Checksums(tmp_path)
    old.remember("a", 1, "aa")
    old.save()
    fresh = Checksums(tmp_path, is_fresh=True)
    assert fresh.find("a", 1) is None
    fresh.remember("b", 2, "bb")
    fresh.save()
    assert Checksums(tmp_path).find("a", 1) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 1_000_000, b" " * 2**21])
def test_a_broken_cache_is_an_empty_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / CHECKSUMS_NAME).write_bytes(content)
    assert Checksums(tmp_path).find("a", 1) is None


@pytest.mark.parametrize("entry", [1, {}, {"mtime": 1}, {"mtime": True, "sha256": "aa"}, None])
def test_broken_entries_are_left_out(tmp_path: Path, entry: object) -> None:
    entries = {"a": entry, "b": {"mtime": -1, "sha256": "BB", "more": 1}}
    (tmp_path / CHECKSUMS_NAME).write_text(json.dumps(entries))
    checksums = Checksums(tmp_path)
    assert checksums.find("a", 1) is None
    assert checksums.find("b", -1) == "bb"


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    """It is computed again the next time."""
    checksums = Checksums(tmp_path / "gone")
    checksums.remember("a", 1, "aa")
    checksums.save()
    assert list(tmp_path.iterdir()) == []


def test_times_are_whole_seconds(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    os.utime(tmp_path / "a", ns=(0, 7_999_999_999))
    assert modified_seconds((tmp_path / "a").lstat()) == 7
