"""Writing files: wholly or not at all, privately, one writer at a time."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from koe.errors import ConfigError
from koe.files import write as write_module
from koe.files.write import locked, write_private

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes, links and limits")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"old")
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_content_is_replaced(file: Path) -> None:
    write_private(file, "é\r\n".encode())

    assert file.read_bytes() == b"\xc3\xa9\r\n"
    assert names(file.parent) == ["config.yaml"]


@posix_only
@pytest.mark.parametrize("before", [0o644, 0o400, None])
def test_the_file_is_private(file: Path, before: int | None) -> None:  # spec config §1.6
    file.unlink() if before is None else file.chmod(before)

    write_private(file, b"new")

    assert (mode(file), file.read_bytes()) == (0o600, b"new")


# --- links (spec config §1.8) ------------------------------------------------------------


@posix_only
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_and_its_target_is_written(tmp_path: Path, exists: bool) -> None:
    target = tmp_path / "dotfiles" / "koe.yaml"
    target.parent.mkdir()
    if exists:
        target.write_bytes(b"old")
        target.chmod(0o644)
    link = tmp_path / "config.yaml"
    link.symlink_to(Path("dotfiles", "koe.yaml"))

    write_private(link, b"new")

    assert link.is_symlink()
    assert (mode(target), target.read_bytes()) == (0o600, b"new")
    assert names(target.parent) == ["koe.yaml"]


@posix_only
def test_a_linked_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "linked").symlink_to("real")

    write_private(tmp_path / "linked" / "config.yaml", b"new")

    assert names(tmp_path / "real") == ["config.yaml"]


@posix_only
def test_a_link_in_the_place_of_the_lock_is_not_followed(file: Path) -> None:
    victim = file.with_name("victim")
    file.with_name("config.yaml.lock").symlink_to(victim)

    with pytest.raises(ConfigError, match="cannot be written"), locked(file):
        pass

    assert not victim.exists()


# --- failures ----------------------------------------------------------------------------


@posix_only
def test_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").symlink_to("other")
    (tmp_path / "other").symlink_to("config.yaml")

    with pytest.raises(ConfigError, match="cannot be written"):
        write_private(tmp_path / "config.yaml", b"new")

    assert names(tmp_path) == ["config.yaml", "other"]


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").mkdir()

    with pytest.raises(ConfigError, match="cannot be written: Is a directory"):
        write_private(tmp_path / "config.yaml", b"new")

    assert names(tmp_path) == ["config.yaml"]


@pytest.mark.parametrize("name", ["missing/config.yaml", "a\0b"])
def test_a_place_that_does_not_exist(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        write_private(tmp_path / name, b"")
    with pytest.raises(ConfigError, match="cannot be written"), locked(tmp_path / name):
        pass


@posix_only
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(file: Path) -> None:
    file.parent.chmod(0o500)
    try:
        with pytest.raises(ConfigError, match="Permission denied"):
            write_private(file, b"new")
    finally:
        file.parent.chmod(0o700)
    assert file.read_bytes() == b"old"


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace"])
def test_a_failure_on_the_way_leaves_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(call, fail)

    with pytest.raises(ConfigError, match="cannot be written: No space left on device"):
        write_private(file, b"new")

    assert file.read_bytes() == b"old"
    assert names(file.parent) == ["config.yaml"]


FULL_DISK = """
import resource, sys
from pathlib import Path
from koe.files.write import write_private
from koe.errors import ConfigError
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    write_private(Path(sys.argv[1]), b"x" * 100_000)
except ConfigError as exc:
    print(exc.reason)
"""


@posix_only
def test_a_file_that_does_not_fit(file: Path) -> None:
    """The kernel stops the write half-way, as it does when a disk is full."""
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(file)], capture_output=True, text=True, check=True
    )

    assert "cannot be written: File too large" in done.stdout
    assert file.read_bytes() == b"old"
    assert names(file.parent) == ["config.yaml"]


# --- the lock ----------------------------------------------------------------------------


def test_another_thread_waits(file: Path) -> None:
    order = []

    def wait() -> None:
        with locked(file):
            order.append("second")

    thread = threading.Thread(target=wait)
    with locked(file):
        thread.start()
        thread.join(0.05)
        order.append("first")
    thread.join(10)

    assert order == ["first", "second"]


def test_patience_ends(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_module, "PATIENCE_S", 0.0)

    with (
        locked(file),
        pytest.raises(ConfigError, match="another program is writing it"),
        locked(file),
    ):
        pass
    with locked(file):
        pass


@pytest.mark.parametrize(
    ("seconds", "writes", "is_patient"), [(12, True, True), (12, False, False), (40, True, False)]
)
def test_patience_lasts_while_others_write(
    file: Path, monkeypatch: pytest.MonkeyPatch, seconds: int, writes: bool, is_patient: bool
) -> None:
    """They hold the lock for so many seconds, and may change the file each second."""
    passed = 0

    def sleep(_: float) -> None:
        nonlocal passed
        passed += 1

    def try_lock(_: int) -> bool:
        if writes:
            file.write_text("x" * passed)
        return passed == seconds

    clock = SimpleNamespace(monotonic=lambda: float(passed), sleep=sleep)
    monkeypatch.setattr(write_module, "time", clock)
    monkeypatch.setattr(write_module, "try_lock", try_lock)
    expected: AbstractContextManager[object] = nullcontext()
    if not is_patient:
        expected = pytest.raises(ConfigError, match="another program is writing it")
    with expected, locked(file):
        pass


@pytest.mark.parametrize("has_locks", [True, False])
def test_file_systems_without_locks(
    file: Path, monkeypatch: pytest.MonkeyPatch, has_locks: bool
) -> None:
    def refuse(_: int) -> bool:
        raise OSError(5 if has_locks else 95, "broken" if has_locks else "not supported")

    monkeypatch.setattr(write_module, "try_lock", refuse)
    monkeypatch.setattr(write_module, "_NO_LOCKS", {95})
    if has_locks:
        with pytest.raises(ConfigError, match="cannot be written: broken"), locked(file):
            pass
    else:
        with locked(file):
            write_private(file, b"new")


@posix_only
def test_the_lock_file_is_private(file: Path) -> None:
    with locked(file):
        assert mode(file.with_name("config.yaml.lock")) == 0o600
