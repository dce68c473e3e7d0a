"""Runs a host that is Python itself, and calls the library through ctypes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.abi import build


def run_host(
    program: str,
    library: Path,
    folder: Path,
    *arguments: str | Path,
    python: str = sys.executable,
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own: a process has one koe library at the most.

    Args:
        program: What to run.
        library: Its first argument.
        folder: Its home is ``folder``/home.
        arguments: Its other ones.
        python: Whose Python it is.
        environment: Variables besides.
    """
    command = [python, "-c", program, library, *arguments]
    return build.run(command, folder / "home", **environment)
