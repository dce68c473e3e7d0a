"""Files that are written as a whole."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from koe.files import whole
from koe.files.whole import remove_drafts, write_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_created_and_replaced(tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        write_whole(tmp_path / "f", content)
        assert (tmp_path / "f").read_bytes() == content
    assert names(tmp_path) == ["f"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_the_mode_is_that_of_a_new_file(tmp_path: Path, mode: int) -> None:
    (tmp_path / "f").touch(0o666)
    write_whole(tmp_path / "f", b"", mode)
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == mode


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace"])
def test_a_failure_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "f").write_bytes(b"old")
    monkeypatch.setattr(call, fail)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "f", b"new")
    assert (tmp_path / "f").read_bytes() == b"old"
    assert names(tmp_path) == ["f"]


def test_a_file_that_is_being_read_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows; here the attempts are counted."""
    attempts = []
    real = Path.replace

    def replace(source: Path, target: Path) -> Path:
        attempts.append(target)
        if len(attempts) < 3:
            raise PermissionError(13, "Permission denied")
        return real(source, target)

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(whole, "_ATTEMPTS", 3)
    write_whole(tmp_path / "f", b"new")
    assert (len(attempts), (tmp_path / "f").read_bytes()) == (3, b"new")


def test_a_file_that_is_not_to_be_written_after_all(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"old")
    assert write_whole(tmp_path / "f", b"new", unless=lambda: True) is None
    assert ((tmp_path / "f").read_bytes(), names(tmp_path)) == (b"old", ["f"])
    status = write_whole(tmp_path / "f", b"newer", unless=lambda: False)
    assert status is not None
    assert status.st_ino == (tmp_path / "f").stat().st_ino


def test_drafts_of_writers_that_died(tmp_path: Path) -> None:
    for name in ("f", ".f.0123.tmp", ".g.0123.tmp", ".f.0123"):
        (tmp_path / name).touch()
    remove_drafts(tmp_path / "f")
    assert names(tmp_path) == [".f.0123", ".g.0123.tmp", "f"]
    remove_drafts(tmp_path / "missing" / "f")
