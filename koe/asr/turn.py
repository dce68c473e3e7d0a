"""Turns: what exists once in a process serves one session at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from koe.errors import AsrConnectionError

# How often one that waits looks whether it is still wanted: a small part of what its closing
# waits for it.
_POLL = 0.05


@contextmanager
def taken_turn(turn: threading.Lock, closed: Callable[[], bool]) -> Iterator[None]:
    """Wait for a turn, and have it until the block is left. Blocks.

    Args:
        turn: Held by whose turn it is.
        closed: Returns whether the turn is no longer wanted.

    Raises:
        AsrConnectionError: It is wanted no more.
    """
    taken = False
    while not taken:
        if closed():
            raise AsrConnectionError("the engine was closed before its turn came")
        taken = turn.acquire(timeout=_POLL)
    try:
        yield
    finally:
        turn.release()
