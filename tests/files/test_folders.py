from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from koe.files.folders import make_private, require_own, sync_folder
from tests.files.confinement import run_powerless

posix_only = pytest.mark.skipif(os.name != "posix", reason="modes and owners are POSIX")


@posix_only
def test_private(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    for _ in range(2):
        make_private(folder)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        folder.chmod(0o755)


def test_what_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(OSError, match="it is no folder; move that file away"):
        make_private(tmp_path / "file")
    with pytest.raises(OSError, match="it is a link"):
        make_private(tmp_path / "link")
    with pytest.raises(FileNotFoundError):
        require_own(tmp_path / "missing")


@posix_only
def test_a_folder_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    with pytest.raises(OSError, match="it belongs to another user"):
        require_own(tmp_path)


def test_syncing(tmp_path: Path) -> None:
    sync_folder(tmp_path)
    sync_folder(tmp_path / "missing")


def test_no_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    code = (
        "import sys, pathlib\n"
        "from koe.files.folders import make_private\n"
        "try: make_private(pathlib.Path(sys.argv[1]) / 'f')\n"
        "except OSError as exc: print(exc.strerror)\n"
    )
    assert run_powerless(code, tmp_path) == "Permission denied\n"
    tmp_path.chmod(0o700)
