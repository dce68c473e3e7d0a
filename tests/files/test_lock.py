from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from koe.files.lock import try_lock
from tests.cli.command import PROJECT

HOLD = """
import os, sys
from koe.files.lock import try_lock
descriptor = os.open(sys.argv[1], os.O_RDWR)
assert try_lock(descriptor)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "f"
    path.write_bytes(b"content")
    return path


def test_one_at_a_time_in_a_process(path: Path) -> None:
    first, second = os.open(path, os.O_RDWR), os.open(path, os.O_RDWR)
    try:
        assert try_lock(first)
        assert not try_lock(second)
        assert not try_lock(second, shared=True)
        assert path.read_bytes() == b"content"  # reading is not hindered
    finally:
        os.close(first)
    try:
        assert try_lock(second)
    finally:
        os.close(second)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no shared ones")
def test_shared_locks_exclude_only_the_other_kind(path: Path) -> None:
    first, second, third = (os.open(path, os.O_RDWR) for _ in range(3))
    try:
        assert try_lock(first, shared=True)
        assert try_lock(second, shared=True)
        assert not try_lock(third)
    finally:
        for descriptor in (first, second, third):
            os.close(descriptor)


def test_the_position_stays(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.read(descriptor, 3)
        assert try_lock(descriptor)
        assert os.read(descriptor, 4) == b"tent"
    finally:
        os.close(descriptor)


def test_another_process_that_is_killed(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        descriptor = os.open(path, os.O_RDWR)
        try:
            assert not try_lock(descriptor)
            holder.kill()
            holder.wait()
            assert try_lock(descriptor)
        finally:
            os.close(descriptor)


def test_what_can_not_be_locked(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    os.close(descriptor)
    with pytest.raises(OSError):
        try_lock(descriptor)
