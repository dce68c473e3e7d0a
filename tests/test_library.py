"""Where the library is found, and that asking costs nothing before it is asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import build_ffi
import koe
from koe import library
from koe.library import LibraryError

NAME = build_ffi.library_name(3)


def prefix(folder: Path, library_folder: str = "lib") -> Path:
    """A prefix with a library in it."""
    for path in ("include/koe_core.h", f"lib/{build_ffi.LIBRARY}", f"{library_folder}/{NAME}"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    return folder


@pytest.fixture
def prefixes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Path, Path]:
    """Of a wheel, and of a checkout; neither is there yet."""
    places = tmp_path / "wheel", tmp_path / "checkout"
    monkeypatch.setattr(library, "_PREFIXES", places)
    return places


def test_a_wheel_comes_first(prefixes: tuple[Path, Path]) -> None:
    wheel, checkout = prefixes
    prefix(checkout)
    assert library.library() == checkout / "lib" / NAME
    prefix(wheel)
    assert koe.get_include() == str(wheel / "include")
    assert koe.get_library_dir() == str(wheel / "lib")
    assert library.library() == wheel / "lib" / NAME


def test_windows_loads_it_from_bin(prefixes: tuple[Path, Path]) -> None:
    prefix(prefixes[0], "bin")
    assert library.link_folder() == prefixes[0] / "lib"
    assert library.library() == prefixes[0] / "bin" / NAME


def test_no_library(prefixes: tuple[Path, Path]) -> None:
    with pytest.raises(LibraryError, match=r"has no C library: .* run: make lib$"):
        koe.get_include()
    with pytest.raises(LibraryError):
        koe.get_library_dir()


def test_importing_koe_imports_nothing() -> None:
    """A shell waits for it."""
    code = "import sys; before = set(sys.modules); import koe; print(set(sys.modules) - before)"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout == "{'koe'}\n"
