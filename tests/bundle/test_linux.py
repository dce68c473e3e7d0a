"""A bundle for Linux has this computer's Python. Tried as a whole: ``make bundle``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from koe.bundle import elf, linux, standard, trial
from koe.bundle.library import RUNTIME, ffi

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="they are made on Linux only")


def test_python_lies_where_the_library_looks_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    placed: list[Path] = []
    monkeypatch.setattr(standard, "place_standard_library", placed.append)
    linux.Linux().place_python(tmp_path, tmp_path)
    assert placed == [tmp_path]
    assert (tmp_path / "lib" / ffi().python_library().name).is_file()


def test_licences_come_with_libraries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copy, source, terms = tmp_path / "libz.so.1", Path("/lib/libz.so.1"), Path("/doc/zlib")
    monkeypatch.setattr(elf, "gather", lambda runtime: {copy: source} if runtime else {})
    monkeypatch.setattr(elf, "licence", {source: terms}.get)
    assert linux.Linux().settle(tmp_path, tmp_path) == {copy: terms}


def test_it_is_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tried: list[object] = []
    monkeypatch.setattr(trial, "import_everything", lambda *arguments: tried.append(arguments))
    monkeypatch.setattr(trial, "start_shell", lambda *arguments: tried.append(arguments))
    linux.Linux().try_it(tmp_path, tmp_path / "folder", ("moonshine",))
    assert tried == [(tmp_path / RUNTIME, ("moonshine",)), (tmp_path, tmp_path / "folder")]


def test_what_it_runs_on(tmp_path: Path) -> None:
    (tmp_path / "code.so").write_bytes(b"\x7fELF GLIBC_2.17 GLIBC_2.34")
    assert linux.Linux().runs_on(tmp_path) == "Linux with glibc 2.34 or newer"
