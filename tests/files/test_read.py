"""Reading files: what is one, and what is text."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from koe.errors import ConfigError
from koe.files.read import LARGEST_FILE_BYTES, decoded, is_missing, read_bytes

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")


def test_content(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"\xef\xbb\xbfa\r\n")
    assert read_bytes(file) == b"\xef\xbb\xbfa\r\n"
    assert decoded(read_bytes(file), file) == "\ufeffa\r\n"


def test_the_largest_file(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x" * LARGEST_FILE_BYTES)
    assert len(read_bytes(file)) == LARGEST_FILE_BYTES
    file.write_bytes(b"x" * (LARGEST_FILE_BYTES + 1))
    with pytest.raises(ConfigError, match="larger than 1 MiB; make it smaller"):
        read_bytes(file)


def test_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "a"
    assert is_missing(file)
    file.write_bytes(b"")
    assert not is_missing(file)
    assert not is_missing(tmp_path)
    assert not is_missing(tmp_path / "a\0b")


@posix_only
def test_what_is_only_out_of_sight_is_not_missing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert not is_missing(tmp_path / "a" / "b")
    (tmp_path / "to itself").symlink_to("to itself")
    assert not is_missing(tmp_path / "to itself")
    (tmp_path / "to nothing").symlink_to("nothing")
    assert is_missing(tmp_path / "to nothing")


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "a")


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_what_is_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"this is not a file|no file can have this name"):
        read_bytes(tmp_path / name)


@posix_only
def test_what_could_block(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(ConfigError, match="this is not a file"):
            read_bytes(path)


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises((ConfigError, FileNotFoundError)):  # the latter on Windows
        read_bytes(tmp_path / "a" / "b")


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"\xff", "line 1, byte 1"),
        (b"a\n\xc3\xa9\xe9", "line 2, byte 3"),
        (b"\n\n\xc3", "line 3, byte 1"),
    ],
)
def test_what_is_not_utf_8(content: bytes, where: str) -> None:
    with pytest.raises(ConfigError) as raised:
        decoded(content, Path("p"))
    assert str(raised.value) == f"config error: p: {where}: not UTF-8 text; save the file as UTF-8"
