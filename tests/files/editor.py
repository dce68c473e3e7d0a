"""A program that writes a file in place while koe uses it, and time that waits for it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

import pytest

from koe.files import read

_EDITOR = """
import sys
with open(sys.argv[1], "wb", buffering=0) as file:
    print("emptied", flush=True)
    while line := sys.stdin.buffer.readline():
        file.write(sys.stdin.buffer.read(int(line)))
        print("written", flush=True)
"""


class Clock:
    """Time that passes by sleeping only, while which an editor goes on.

    Args:
        path: The file that the editor writes.

    Attributes:
        slept: Seconds.
        steps: What the editor does at each sleep.
    """

    def __init__(self, path: Path) -> None:
        self.slept = 0.0
        self.steps: Iterable[Callable[[], object]] = ()
        self._path = path
        self._start = time.time_ns()

    @classmethod
    def of(cls, path: Path, monkeypatch: pytest.MonkeyPatch) -> Self:
        """The time by which files are read in this test."""
        clock = cls(path)
        monkeypatch.setattr(read, "time", clock)
        return clock

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.steps = iter(self.steps)
        if step := next(self.steps, None):
            before = self._path.stat().st_mtime_ns
            step()
            if self._path.stat().st_mtime_ns != before:
                self.touch()

    def touch(self) -> None:
        """The file was written now."""
        os.utime(self._path, ns=(self.time_ns(), self.time_ns()))

    def monotonic(self) -> float:
        return self.slept

    def time_ns(self) -> int:
        return self._start + int(self.slept * 1e9)


class Editor:
    """Another process, which has emptied the file when the block begins."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        command = [sys.executable, "-c", _EDITOR, str(path)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Self:
        self._await(b"emptied")
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            assert self._process.stdin
            self._process.stdin.close()

    def write(self, content: bytes) -> None:
        """Write some more; it is in the file when this returns."""
        assert self._process.stdin
        self._process.stdin.write(b"%d\n%b" % (len(content), content))
        self._process.stdin.flush()
        self._await(b"written")

    def _await(self, word: bytes) -> None:
        assert self._process.stdout
        assert self._process.stdout.readline().strip() == word
        self._clock.touch()
