"""Runs a host that is Python itself, and calls the library through ctypes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.abi import build


def run_host(
    program: str, library: Path, folder: Path, *, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run a program, whose argument is the library, in a process of its own.

    A process has one koe library at the most. Its home is ``folder``/home.
    """
    return build.run([python, "-c", program, library], folder / "home")
