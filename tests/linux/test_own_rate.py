"""A microphone that refuses 16 kHz: a device of ALSA with one rate, and the real PortAudio.

JACK has one rate for all of its clients, without any sound card, and ALSA's device of JACK has it,
too. Its client hears the tone of another one: 200 samples of that are one period.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from ctypes.util import find_library
from itertools import pairwise
from pathlib import Path

import pytest

from tests.linux.making import PATIENCE
from tests.linux.screen import running, until

_RATE_HZ = 44_100
_TONE = "jack_simple_client"

_ASOUND = f"""\
pcm.!default {{
  type jack
  playback_ports {{ 0 system:playback_1 }}
  capture_ports {{ 0 {_TONE}:output1  1 {_TONE}:output1 }}
}}
"""

_RECORD = """\
import asyncio
import sys

from koe.microphone import Microphone


async def record() -> None:
    async with Microphone() as microphone:
        size = 0
        async for pcm in microphone:
            sys.stdout.buffer.write(pcm)
            size += len(pcm)
            if size >= 16_000:
                microphone.stop()


asyncio.run(record())
"""


@pytest.fixture
def environ() -> Iterator[dict[str, str]]:
    """What programs are started with that have such a microphone."""
    if shutil.which("jackd") is None or shutil.which(_TONE) is None:
        pytest.skip("not installed here: jackd2")
    if find_library("portaudio") is None:
        pytest.skip("not installed here: libportaudio2")
    if not any(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_jack.so")):
        pytest.skip("not installed here: libasound2-plugins")
    with tempfile.TemporaryDirectory(prefix="koe-") as folder, ExitStack() as stack:
        (Path(folder) / ".asoundrc").write_text(_ASOUND, encoding="utf-8")
        server = Path(folder).name
        environ = os.environ | {
            "HOME": folder,
            "JACK_DEFAULT_SERVER": server,
            "JACK_NO_AUDIO_RESERVATION": "1",
        }
        command = ["jackd", "-n", server, "--no-realtime", "--no-mlock"]
        stack.enter_context(running([*command, "-d", "dummy", "-r", str(_RATE_HZ)], environ))
        wait = ["jack_wait", "--wait", "--timeout", str(round(PATIENCE))]
        subprocess.run(wait, env=environ, check=True, capture_output=True, timeout=PATIENCE)
        stack.enter_context(running([_TONE], environ))
        until(lambda: _TONE in _ports(environ))
        yield environ


def _ports(environ: dict[str, str]) -> str:
    return subprocess.run(
        ["jack_lsp"], env=environ, check=False, capture_output=True, text=True, timeout=PATIENCE
    ).stdout


def test_a_device_that_refuses_16_khz_records_at_its_own_rate(environ: dict[str, str]) -> None:
    recorded = subprocess.run(
        [sys.executable, "-c", _RECORD],
        env=environ,
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    ).stdout
    heard = memoryview(recorded).cast("h")[-6_400:]
    rises = sum(before < 0 <= now for before, now in pairwise(heard))
    assert max(heard) > 1_000
    assert rises == pytest.approx(len(heard) / 16_000 * _RATE_HZ / 200, abs=2)
