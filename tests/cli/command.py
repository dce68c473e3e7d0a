"""Runs the command as users do: as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
FAKES = PROJECT / "tests" / "fakes"

# The exit status of argparse.
USAGE = 2

# Seconds until a test gives up; a command usually takes one.
PATIENCE = 120.0


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a user whose home is ``home``, without our colours and languages."""
    return os.environ | {
        "HOME": str(home),
        "APPDATA": str(home),
        "PYTHONPATH": str(PROJECT),
        "PYTHONWARNINGS": "error",
        **more,
    }


def run_koe(
    *words: str | Path, home: Path, stdin: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    """Run ``koe`` with these words.

    Args:
        words: The arguments.
        home: The user's home.
        stdin: What is typed.
        more: Environment variables.
    """
    return subprocess.run(
        command(*words),
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        env=environment(home, **more),
        timeout=PATIENCE,
        check=False,
    )


def command(*words: str | Path) -> list[str]:
    """The command line."""
    return [sys.executable, "-m", "koe.cli", *map(str, words)]
