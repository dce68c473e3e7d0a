"""Pauses in speech, found by loudness. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

# The number of frames that are compared to find the quietest place for a cut without a pause.
_CUT_WIDTH = 10


def quietest(powers: Sequence[float], first: int) -> int:
    """Return the frame, not before ``first``, around which it is quietest."""
    windows = range(first, len(powers) - _CUT_WIDTH)
    return min(windows, key=lambda at: sum(powers[at : at + _CUT_WIDTH])) + _CUT_WIDTH // 2


def pauses(loud: Sequence[bool], shortest: int) -> list[int]:
    """Return the middle frame of each pause, except for pauses at the ends.

    Args:
        loud: Which frames are loud.
        shortest: The fewest quiet frames of a pause.
    """
    middles, at = list[int](), 0
    for is_loud, run in groupby(loud):
        size = sum(1 for _ in run)
        if not is_loud and size >= shortest and 0 < at < len(loud) - size:
            middles.append(at + size // 2)
        at += size
    return middles
