"""What the tests of the daemon need; elsewhere than on Linux none of them runs."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.linux.making import PATIENCE
from tests.linux.screen import GtkField, Screen, missing, screen
from tests.linux.sway import Sway, missing_sway, sway_desktop

if sys.platform != "linux":
    collect_ignore_glob = ["test_*.py"]


# These wait for other programs, for as long as is sensible for a user.
_WAITING = ("clipboard", "compositor", "contents", "insertion", "pasting", "wayland")


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for longer: other programs are slow on a computer that is busy with tests."""
    for name in _WAITING:
        monkeypatch.setattr(import_module(f"koe.linux.{name}"), "_PATIENCE", PATIENCE)


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """XDG_RUNTIME_DIR, under a path that is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="koe-") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


@pytest.fixture(scope="session")
def desk() -> Iterator[Screen]:
    """A desktop without windows, for all tests of a worker."""
    if reason := missing():
        pytest.skip(reason)
    with screen() as opened:
        yield opened


@pytest.fixture
def field(desk: Screen, tmp_path: Path) -> Iterator[GtkField]:
    """A field of another program, on that desktop."""
    with desk.field(tmp_path) as shown:
        yield shown


@pytest.fixture(scope="session")
def sway() -> Iterator[Sway]:
    """A Wayland desktop without windows, for all tests of a worker."""
    if reason := missing_sway():
        pytest.skip(reason)
    with sway_desktop() as opened:
        yield opened
