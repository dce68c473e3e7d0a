"""What the library needs of threads, by itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.abi import build

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(sys.platform == "win32", reason="POSIX exit handlers and signals"),
]

NATIVE = build.PROJECT / "koe" / "native"


@pytest.fixture(scope="module")
def threads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("threads") / "threads"
    sources = [build.SOURCES / "threads.c", NATIVE / "thread.c"]
    flags = [flag for flag in build.FLAGS if flag != "-Wpedantic"]  # thread.c is GNU C
    command = [*flags, f"-I{NATIVE}", *map(str, sources), "-lpthread", "-o", str(target)]
    subprocess.run(command, check=True)
    return target


def test_threads_that_end_leave_no_exit_handlers(threads: Path, tmp_path: Path) -> None:
    """The list of them never gets shorter, so it must not get longer with each thread."""
    result = build.run([threads, "exit"], tmp_path / "home")
    assert result.returncode == 0, result.stderr
    called = re.fullmatch(r"called (\d+) times\n", result.stdout)
    assert called is not None, result.stdout
    # Once for the libraries that were loaded, and twice for the main thread.
    assert 1 <= int(called[1]) <= 4


@pytest.mark.skipif(sys.platform == "darwin", reason="there no other thread can take it")
def test_a_signal_that_another_thread_took(threads: Path, tmp_path: Path) -> None:
    """Found pending, and gone before it is consumed: that must not block."""
    result = build.run([threads, "sigpipe"], tmp_path / "home")
    assert (result.returncode, result.stdout) == (0, "returned\nalive\n"), result.stderr
