"""Paths of the builder's computer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from koe.bundle import traces
from koe.errors import BundleError


def test_which_folders_are_private(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of systems are not; and of a short one, the slash belongs to it."""
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    monkeypatch.setattr(sys, "prefix", "/srv/koe/.venv")
    monkeypatch.setattr(Path, "home", lambda: Path("/root"))
    assert traces.builders_paths(Path("/srv/koe")) == [b"/srv/koe/.venv", b"/srv/koe", b"/root/"]


def test_what_is_compiled_is_overwritten(tmp_path: Path) -> None:
    """No size changes, nor does the end, which may be another text's end too."""
    path = tmp_path / "code.so"
    path.write_bytes(b"\0/home/me/python/3.11.7/lib\0/home/me/python/3.11.7\0other\0")
    traces.overwrite(path, [b"/home/me/python/3.11.7", b"/home/me"])
    name = b"/koe" + b"/" * len("/home/me/python/")
    name = name[: len("/home/me/python/")] + b"3.11.7"
    assert path.read_bytes() == b"\0" + name + b"/lib\0" + name + b"\0other\0"


@pytest.mark.skipif(sys.platform == "win32", reason="has links for administrators only")
def test_what_is_left(tmp_path: Path) -> None:
    (tmp_path / "clean").write_bytes(b"/usr/lib")
    traces.check(tmp_path, [b"/home/me"])
    (tmp_path / "link").symlink_to("/home/me/file")
    with pytest.raises(BundleError, match=r"^link has a path of this computer in it: /home/me/"):
        traces.check(tmp_path, [b"/home/me"])
    (tmp_path / "link").unlink()
    (tmp_path / "stained").write_bytes(b"\0/home/me/x\0")
    with pytest.raises(BundleError, match=r"^stained has a path of this computer in it: /home/me$"):
        traces.check(tmp_path, [b"/home/me"])
