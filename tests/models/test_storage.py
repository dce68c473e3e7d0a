from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from koe.errors import ModelPathError
from koe.models import storage
from koe.models.storage import (
    read_blocks,
    read_small,
    remove_file,
    replace_file,
    sha256_of,
)


def test_hashing(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert sha256_of(tmp_path / "f") == hashlib.sha256(b"abc").hexdigest()


def test_blocks(tmp_path: Path) -> None:
    content = os.urandom(2 * storage.BLOCK_BYTES + 7)
    (tmp_path / "f").write_bytes(content)
    blocks = list(read_blocks(tmp_path / "f"))
    assert b"".join(blocks) == content
    assert len(blocks) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no device files")
def test_devices_and_pipes_are_not_opened(tmp_path: Path) -> None:
    with pytest.raises(ModelPathError, match="/dev/zero is not a regular file"):
        sha256_of(Path("/dev/zero"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelPathError, match="is not a regular file"):
        sha256_of(tmp_path / "pipe")


def test_directories_and_links_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    (tmp_path / "link").symlink_to(tmp_path / "f")
    for path in (tmp_path, tmp_path / "link"):
        with pytest.raises(ModelPathError, match="is not a regular file"):
            sha256_of(path)


def test_what_is_swapped_between_looking_and_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The opened file is looked at too."""
    (tmp_path / "f").write_bytes(b"abc")
    real_open = os.open
    monkeypatch.setattr(os, "open", lambda *_: real_open(tmp_path, os.O_RDONLY))
    with pytest.raises(ModelPathError, match="is not a regular file"):
        sha256_of(tmp_path / "f")


def test_small_files(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert read_small(tmp_path / "f", 3) == b"abc"
    with pytest.raises(ModelPathError, match="is larger than 2 bytes"):
        read_small(tmp_path / "f", 2)
    with pytest.raises(FileNotFoundError):
        read_small(tmp_path / "none", 3)


def test_replacing(tmp_path: Path) -> None:
    replace_file(tmp_path / "f", b"one")
    replace_file(tmp_path / "f", b"two")
    assert (tmp_path / "f").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    with pytest.raises(ModelPathError, match="is not a regular file"):
        replace_file(tmp_path / "link", b"new")
    assert (tmp_path / "victim").read_bytes() == b"precious"
    assert (tmp_path / "link").is_symlink()


def test_a_failed_replacement_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f").write_bytes(b"old")

    def fail(*_: object) -> Path:
        raise OSError("no")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="no"):
        replace_file(tmp_path / "f", b"new")
    assert (tmp_path / "f").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_removing(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path)
    assert remove_file(tmp_path / "f")
    assert not remove_file(tmp_path / "f")
    assert not remove_file(tmp_path)
    assert not remove_file(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
