from __future__ import annotations

import random
from pathlib import Path
from statistics import median

from tests.journal.killing import LARGEST_LOSS_MS, PIECE_MS, kill_once

KILLS = 15


def test_a_process_that_is_killed_loses_next_to_nothing(tmp_path: Path) -> None:
    """And what is kept is right, always. A busy machine can hold the writer up in one of them."""
    chance = random.Random(1)
    losses = [
        kill_once(tmp_path / str(number), number + 1, chance.random() * PIECE_MS / 1000)
        for number in range(KILLS)
    ]
    assert median(losses) <= LARGEST_LOSS_MS
