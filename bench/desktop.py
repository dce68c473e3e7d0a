"""A Linux desktop: from the release of the key to the text in the field, and what idling costs.

    python -m bench.desktop [TAKES]

Real speech is played into the microphone of a sound server, koe-key begins and ends, and the text
is read in a field of GTK of another program. The engine is the default one; no model corrects.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import machine
from bench.recordings import write_speech
from bench.report import Section, percentile, render
from koe.errors import DesktopError
from koe.linux.x11 import Display
from tests.linux.looking import focus
from tests.linux.screen import GtkField, missing, running, screen
from tests.linux.serving import daemon, press, status_of, until_idle
from tests.linux.sound import missing_sound, sound

TAKES = 100
LENGTHS_S = (2, 4, 6, 8, 10, 12, 15)
PERCENTILES = (50, 95, 99)
OPENINGS = 10
IDLE_S = 10.0

# Seconds for a text; a machine in trouble is no reason to hang.
PATIENCE = 60.0
# The field records when its text changed, so it is enough to look seldom.
_LOOK_S = 0.02


@dataclass(frozen=True)
class Take:
    """One dictation.

    Attributes:
        speech_s: How long the speech was.
        key_s: From the start of ``koe-key begin`` until the daemon had accepted.
        text_s: From the start of ``koe-key end`` until the text was in the field.
        is_whole: Whether the field has exactly what the daemon says that it delivered.
    """

    speech_s: float
    key_s: float
    text_s: float
    is_whole: bool


def measure(takes: int) -> list[Section]:
    """Dictate so often, and idle before."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="koe-")))
        desk = stack.enter_context(screen())
        server = stack.enter_context(sound(folder))
        environ = server.environ | {
            name: desk.environ[name] for name in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS")
        }
        field = stack.enter_context(desk.field(folder))
        asyncio.run(_focus(desk.environ["DISPLAY"]))
        openings = [_first_sample(environ) for _ in range(OPENINGS)]
        process = stack.enter_context(daemon(environ))
        idle = _idle(process)
        found = []
        for number in range(takes + 1):
            speech = LENGTHS_S[number % len(LENGTHS_S)]
            print(f"bench: take {number} of {takes}: {speech} s", file=sys.stderr, flush=True)
            with server.playing(write_speech(folder, speech)) as player:
                found.append(_dictate(environ, field, player, speech))
        after = _memory_mb(process)
    return [_takes(found[1:]), _idling(openings, idle, after)]


async def _focus(name: str) -> None:
    display = Display(name)
    await focus(display, "gtk_field.py")
    display.close()


def _dictate(
    environ: Mapping[str, str], field: GtkField, player: subprocess.Popen[str], speech: float
) -> Take:
    before = field.text
    began = time.perf_counter()
    press("begin", environ)
    key = time.perf_counter() - began
    player.wait(PATIENCE)
    ended = time.monotonic()
    press("end", environ)
    while field.text == before:
        if time.monotonic() - ended > PATIENCE:
            raise DesktopError(f"no text came: {status_of(environ)}")
        time.sleep(_LOOK_S)
    delivered = str(until_idle(environ)["text"])
    taken = field.changed_at - ended
    # Between two texts there is a space.
    return Take(speech, key, taken, field.text.removeprefix(before).lstrip() == delivered)


def _first_sample(environ: dict[str, str]) -> float:
    """Seconds from the moment that a microphone is to be opened until its first sample is there."""
    code = (
        "import asyncio, time; from koe.microphone import Microphone, describe_microphone\n"
        "describe_microphone()\n"  # the daemon has loaded PortAudio too
        "async def main():\n"
        "    began = time.perf_counter()\n"
        "    async with Microphone() as microphone:\n"
        "        async for pcm in microphone:\n"
        "            return time.perf_counter() - began\n"
        "print(asyncio.run(main()))"
    )
    with running([sys.executable, "-c", code], environ) as process:
        assert process.stdout is not None
        return float(process.stdout.readline())


def _idle(process: int) -> tuple[float, float]:
    """The memory of a daemon before its first dictation, in MB, and its wake-ups a second."""
    time.sleep(IDLE_S)  # it looks after its files a moment after the start
    before = _wake_ups(process)
    time.sleep(IDLE_S)
    return _memory_mb(process), (_wake_ups(process) - before) / IDLE_S


def _memory_mb(process: int) -> float:
    """What it has for itself, and its part of what it shares (PSS)."""
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    line = next(it for it in rollup.splitlines() if it.startswith("Pss:"))
    return int(line.split()[1]) / 1000


def _wake_ups(process: int) -> int:
    statuses = [it.read_text() for it in Path(f"/proc/{process}/task").glob("*/status")]
    lines = [line for status in statuses for line in status.splitlines()]
    return sum(int(it.split()[1]) for it in lines if it.startswith("voluntary_ctxt_switches"))


def _takes(found: list[Take]) -> Section:
    rows = []
    for name, lengths in {
        **{f"{it} s": (it,) for it in LENGTHS_S},
        "all": LENGTHS_S,
    }.items():
        taken = [it.text_s for it in found if it.speech_s in lengths]
        if taken:
            shown = (f"{percentile(taken, it) * 1e3:.0f}" for it in PERCENTILES)
            rows.append((name, str(len(taken)), *shown))
    wrong = sum(not it.is_whole for it in found)
    keys = [it.key_s for it in found]
    return Section(
        title="From the release of the key to the text in the field",
        method=(
            "Xvfb, a field of GTK 3, AT-SPI, PulseAudio; speech as it is spoken; from the start of "
            "koe-key end to the text in the field, with the tail of the recording. Milliseconds."
        ),
        columns=("speech", "takes", *(f"p{it}" for it in PERCENTILES)),
        rows=rows,
        raw=[vars(it) for it in found],
        notes=[
            f"Texts that were not whole in the field: {wrong} of {len(found)}.",
            f"koe-key, until the daemon has accepted: p50 {percentile(keys, 50) * 1e3:.1f} ms, "
            f"p99 {percentile(keys, 99) * 1e3:.1f} ms.",
        ],
    )


def _idling(openings: list[float], idle: tuple[float, float], after: float) -> Section:
    memory, wake_ups = idle
    rows = [
        ("from the press to the first sample, ms, p50", f"{percentile(openings, 50) * 1e3:.0f}"),
        ("memory before the first dictation, PSS, MB", f"{memory:.0f}"),
        ("memory after the last one, PSS, MB", f"{after:.0f}"),
        ("wake-ups a second, idle", f"{wake_ups:.1f}"),
    ]
    return Section(
        title="The daemon",
        method=f"The microphone was opened {OPENINGS} times, each time in another process.",
        columns=("", ""),
        rows=rows,
        raw={"openings_s": openings, "idle": idle, "after_mb": after},
    )


def main() -> int:
    """Measure and print."""
    if reason := missing() or missing_sound():
        print(f"bench: {reason}", file=sys.stderr)
        return 1
    takes = int(sys.argv[1]) if len(sys.argv) > 1 else TAKES
    load = os.getloadavg()[0]
    sections = [machine.measure(), *measure(takes)]
    print(render(sections, []))
    print(f"\nLoad average before: {load:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
