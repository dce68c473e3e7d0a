"""Runs Python where something can't be done: without root's powers, or on a small disk.

Both end with the process, and need no cleaning up.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


def run_powerless(code: str, *arguments: str | Path) -> str:
    """Run code for which the modes of files count; returns what it prints.

    They do for everybody but root, who gives up those capabilities here.
    """
    if sys.platform == "win32":
        pytest.skip("Windows has no such modes")
    command: list[str] = []
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
        if not _works([*command, "true"]):
            pytest.skip("root reads and writes everything here, and there is no setpriv")
    return _run([*command, sys.executable, "-c", code, *map(str, arguments)])


def run_on_small_disk(code: str, folder: Path) -> str:
    """Run code with an empty disk of 64 kB mounted on ``folder``; returns what it prints.

    The code gets the folder as its argument, and may remount it.
    """
    command = ["unshare", "--map-root-user", "--mount", "sh", "-ec"]
    mount = 'mount -t tmpfs -o size=64k tmpfs "$1"; shift; exec "$@"'
    if not _works([*command, mount, "sh", str(folder), "true"]):
        pytest.skip("this system lets no user mount a disk")
    return _run([*command, mount, "sh", str(folder), sys.executable, "-c", code, str(folder)])


def _works(command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(command: list[str]) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
