"""Clients that other people wrote, each in a program of its own.

They need packages that this project does not: ``make`` installs them into ``build/peers`` from
``peers.lock``, and the programs run with the Python there. Each takes an address and a file of
PCM, and writes what it heard as one JSON list.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parent.parent.parent.parent
PEERS = PROJECT / "build" / "peers"
PYTHON = PEERS / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

# Importing one of them takes seconds on a busy machine.
TIMEOUT = 120.0


def run_client(name: str, *arguments: str, directory: Path) -> list[dict[str, object]]:
    """Run a client and return what it heard.

    Args:
        name: A module of this package.
        arguments: For the program.
        directory: Its home and working directory.
    """
    assert (PEERS / ".ready").exists(), "there are no such clients; run: make peers"
    program = Path(__file__).with_name(f"{name}.py")
    done = subprocess.run(
        [str(PYTHON), str(program), *arguments],
        cwd=directory,
        env={"PATH": os.environ.get("PATH", ""), "HOME": str(directory), "NO_PROXY": "*"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    heard: list[dict[str, object]] = json.loads(done.stdout)
    return heard
