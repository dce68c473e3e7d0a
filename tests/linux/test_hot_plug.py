"""A microphone that goes away and comes back: a real sound server, and the real PortAudio."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.linux.screen import running
from tests.linux.sound import Sound, missing_sound, sound


@pytest.fixture
def server() -> Iterator[Sound]:
    if reason := missing_sound():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="koe-") as folder, sound(Path(folder)) as server:
        yield server


def until_said(lines: IO[str], beginning: str) -> None:
    for line in lines:
        if line.startswith(beginning):
            return
    raise AssertionError(f"it has not said: {beginning}")


def test_a_microphone_goes_and_comes_back_during_and_between_recordings(server: Sound) -> None:
    command = [sys.executable, "-m", "tests.linux.hearing"]
    with running(command, server.environ) as first:
        assert first.stdout is not None
        until_said(first.stdout, "heard")
        server.unplug()
        until_said(first.stdout, "the microphone stopped recording")
        server.plug_in()
        until_said(first.stdout, "the microphone is connected again")
        until_said(first.stdout, "heard")
