"""That a trial can be done, and leaves nothing behind; the trials themselves take minutes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.asr.contract import PATIENCE
from tests.slow.__main__ import BUSY, hear

ORPHAN = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid()), "3600"])
"""


@pytest.mark.model
def test_a_dictation_in_a_process_of_its_own() -> None:
    heard = hear(3.0)
    assert heard.text.startswith("It was the best of times")
    assert heard.reported == []


@pytest.mark.skipif(sys.platform == "win32", reason="a parent's number says nothing there")
def test_a_busy_loop_ends_when_its_parent_is_gone() -> None:
    """Else its end of the pipe would stay open."""
    command = [sys.executable, "-c", ORPHAN, BUSY]
    subprocess.run(command, stdout=subprocess.PIPE, timeout=PATIENCE, check=True)
