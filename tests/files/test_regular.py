from __future__ import annotations

import os
from pathlib import Path

import pytest

from koe.files.regular import is_link, is_regular, open_regular


def test_links(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert is_link((tmp_path / "link").lstat())
    assert not is_link(tmp_path.lstat())


def test_opening(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"content")
    assert is_regular(path.lstat())
    descriptor = open_regular(path)
    assert descriptor is not None
    with os.fdopen(descriptor, "rb") as file:
        assert file.read() == b"content"


def test_what_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"content")
    (tmp_path / "link").symlink_to(tmp_path / "f")
    assert open_regular(tmp_path) is None
    assert open_regular(tmp_path / "link") is None
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert open_regular(tmp_path / "pipe") is None


def test_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "f")
