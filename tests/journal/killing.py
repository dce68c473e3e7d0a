"""Kills a process that records, at any moment, and sees how much of what was said is lost.

python -m tests.journal.killing [KILLS [SEED]]
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from koe.errors import JournalError
from koe.journal.folder import files
from koe.journal.reader import audio_of, is_being_written, read_session
from tests.cli.command import PROJECT

# As the runner hands audio over.
PIECE_MS = 20
PIECE_SAMPLES = 320

# What a process that is killed may lose.
LARGEST_LOSS_MS = 40

# Each piece says its number. The number is printed before the piece is handed over.
CHILD = f"""
import os, sys, time
from pathlib import Path
from koe.events import InterimHeard, ShowInterim
from koe.journal.format import Header
from koe.journal.writer import Journal
session = Journal(Path(sys.argv[1]), print, print).begin(Header())
text = ""
for number in range(1_000_000):
    os.write(1, b".")
    session.audio(number.to_bytes(4, "little") * {PIECE_SAMPLES // 2})
    if number % 5 == 0:
        text += f"word{{number}} "
        session.event(InterimHeard(text))
        session.event(ShowInterim(text))
    time.sleep({PIECE_MS} / 1000)
"""


def kill_once(folder: Path, pieces: int, seconds: float) -> int:
    """Kill a process so long after it has said so many pieces.

    Returns:
        How many milliseconds of what was said are not in its file.
    """
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder)], stdout=subprocess.PIPE, cwd=PROJECT
    ) as child:
        assert child.stdout is not None
        said = len(child.stdout.read(pieces))
        time.sleep(seconds)
        child.kill()
        said += len(child.stdout.read())
        assert child.wait() == (1 if sys.platform == "win32" else -9)
    paths = files(folder)
    if not paths:
        return said * PIECE_MS
    (path,) = paths
    assert not is_being_written(path)
    try:
        recorded = read_session(path)
    except JournalError:  # not even the header had been written
        return said * PIECE_MS
    assert recorded.end is None
    assert recorded.samples % PIECE_SAMPLES == 0
    kept = recorded.samples // PIECE_SAMPLES
    for number, piece in enumerate(audio_of(path)):
        assert piece == number.to_bytes(4, "little") * (PIECE_SAMPLES // 2)
    return (said - kept) * PIECE_MS


def main(kills: int = 300, seed: int = 1) -> None:
    """Kill so many processes."""
    chance = random.Random(seed)
    losses: Counter[int] = Counter()
    for _ in range(kills):
        with tempfile.TemporaryDirectory() as folder:
            pieces, seconds = chance.randrange(1, 60), chance.random() * PIECE_MS / 1000
            losses[kill_once(Path(folder), pieces, seconds)] += 1
    for loss, count in sorted(losses.items()):
        print(f"{loss:3} ms lost: {count} of {kills}")
    sys.exit(max(losses) > LARGEST_LOSS_MS)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
