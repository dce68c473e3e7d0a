"""A computer that is too busy: speech is recognised with little of it, and no word may be lost.

``make slow`` runs each trial twice, undisturbed and then disturbed, and compares the texts. What
disturbs is a busy loop for each processor, beside a process with the lowest priority; and a group
that gets a tenth of one processor, where the system lets us make one (Linux, as root).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from koe.audio import open_recording
from koe.dictation import open_core
from koe.events import BYTES_PER_SECOND, Deliver, ReportError, Warn

# What the trials may take, in seconds; then they have failed.
LIMIT = 3600.0

# What shells push at once: a fifth of a second.
_FRAME_BYTES = BYTES_PER_SECOND // 5

# Ends by itself when the process that started it, whose number it gets, is gone; or after the
# limit.
BUSY = """
import os, sys, time
parent, end = int(sys.argv[1]), time.monotonic() + float(sys.argv[2])
while os.getppid() == parent and time.monotonic() < end:
    for number in range(1_000_000):
        pass
"""

# Where Linux has its groups, and what gives one a tenth of a processor: the newer way, the older.
_GROUPS = (
    (Path("/sys/fs/cgroup"), "cpu.max", "10000 100000"),
    (Path("/sys/fs/cgroup/cpu"), "cpu.cfs_quota_us", "10000"),
)


@dataclass(frozen=True)
class Heard:
    """What came of a dictation.

    Attributes:
        text: What was delivered; empty: nothing.
        reported: Warnings and errors.
        seconds: From the first audio to the end.
    """

    text: str
    reported: list[str]
    seconds: float


@dataclass(frozen=True)
class Trial:
    """One dictation.

    Attributes:
        name: As it is shown.
        seconds: How much speech, of a recording of 44 s that is repeated.
        is_spoken: It is handed over as fast as it is spoken, else at once.
        is_grouped: It gets a tenth of a processor, else it has the lowest priority.
    """

    name: str
    seconds: float
    is_spoken: bool = False
    is_grouped: bool = False


TRIALS = (
    Trial("spoken", 44, is_spoken=True),
    Trial("file", 44),
    Trial("long-file", 400),
    Trial("spoken-in-a-group", 44, is_spoken=True, is_grouped=True),
    Trial("file-in-a-group", 44, is_grouped=True),
)


def main() -> int:
    """Run the trials; return how many failed."""
    parser = argparse.ArgumentParser(prog="make slow", description=__doc__)
    parser.add_argument(
        "trials", nargs="*", metavar="TRIAL", help="; ".join(t.name for t in TRIALS)
    )
    parser.add_argument("--dictate", nargs=2, metavar=("SECONDS", "SPOKEN"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.dictate:
        seconds, spoken = arguments.dictate
        print(json.dumps(asdict(_dictated(float(seconds), spoken == "True"))))
        return 0
    chosen = [trial for trial in TRIALS if trial.name in arguments.trials or not arguments.trials]
    wanted = {seconds: hear(seconds) for seconds in {trial.seconds for trial in chosen}}
    return sum(not _holds(trial, wanted[trial.seconds].text) for trial in chosen)


def _holds(trial: Trial, wanted: str) -> bool:
    """Run a trial and print what comes of it."""
    with _group() if trial.is_grouped else _busy_processors() as prefix:
        if prefix is None:
            print(f"skip {trial.name}: this system lets us make no group")
            return True
        try:
            got = hear(trial.seconds, trial.is_spoken, prefix)
        except subprocess.TimeoutExpired:
            got = Heard("", [f"no end within {LIMIT:.0f} s"], LIMIT)
    is_right = got.text == wanted and not got.reported
    words = f"{len(got.text.split())} of {len(wanted.split())} words"
    print(
        f"{'ok  ' if is_right else 'FAIL'} {trial.name}: {words}, {got.seconds:.0f} s",
        *got.reported, flush=True,
    )  # fmt: skip
    return is_right


def hear(seconds: float, is_spoken: bool = False, prefix: tuple[str, ...] = ()) -> Heard:
    """Dictate in a process of its own."""
    command = [
        *prefix,
        sys.executable,
        "-m",
        __package__,
        "--dictate",
        str(seconds),
        str(is_spoken),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=LIMIT, check=True, text=True)
    return Heard(**json.loads(done.stdout))


@contextmanager
def _busy_processors() -> Iterator[tuple[str, ...]]:
    """Keep every processor busy; gives what a command begins with to have the lowest priority."""
    command = [sys.executable, "-c", BUSY, str(os.getpid()), str(LIMIT)]
    loops = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
    try:
        yield ("nice", "-n", "19")
    finally:
        for loop in loops:
            loop.kill()
        for loop in loops:
            loop.wait()


@contextmanager
def _group() -> Iterator[tuple[str, ...] | None]:
    """Make a group; gives what a command begins with to be in it, None if it can't be made."""
    folder = next(filter(None, map(_made_group, _GROUPS)), None)
    try:
        enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
        yield None if folder is None else ("sh", "-c", enter, str(folder))
    finally:
        if folder is not None:
            folder.rmdir()


def _made_group(place: tuple[Path, str, str]) -> Path | None:
    above, setting, share = place
    folder = above / f"koe-slow-{os.getpid()}"
    if not (above / "cgroup.procs").is_file():
        return None
    try:
        folder.mkdir()
    except OSError:
        return None
    if (folder / setting).is_file():
        (folder / setting).write_text(share)
        return folder
    folder.rmdir()
    return None


def _speech(seconds: float) -> bytes:
    from moonshine_voice.utils import get_assets_path

    with open_recording(Path(get_assets_path()) / "two_cities.wav") as recording:
        pcm = b"".join(recording)
    size = int(seconds * BYTES_PER_SECOND) & ~1
    return (pcm * (size // len(pcm) + 1))[:size]


def _dictated(seconds: float, is_spoken: bool) -> Heard:
    """Dictate in this process, with settings of its own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.yaml").write_text("llm:\n  enabled: false\n", encoding="utf-8")
        return asyncio.run(_dictate(Path(folder), _speech(seconds), is_spoken))


async def _dictate(folder: Path, pcm: bytes, is_spoken: bool) -> Heard:
    clock = asyncio.get_running_loop().time
    text, reported = "", list[str]()
    async with open_core(folder) as core:
        began = clock()
        session = core.begin()
        for start in range(0, len(pcm), _FRAME_BYTES):
            if is_spoken:
                await asyncio.sleep(began + start / BYTES_PER_SECOND - clock())
            await session.feed(pcm[start : start + _FRAME_BYTES])
        session.end()
        async for notice in session:
            match notice:
                case Deliver():
                    text = notice.text
                case Warn(message) | ReportError(message):
                    reported.append(message)
        return Heard(text, reported, clock() - began)


if __name__ == "__main__":
    sys.exit(main())
