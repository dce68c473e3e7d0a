"""Turns: a resource that exists once per process serves one session at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from koe.errors import AsrConnectionError

# Interval at which a waiting session checks whether it was closed: short against the wait of close.
_POLL = 0.05


@contextmanager
def taken_turn(turn: threading.Lock, closed: Callable[[], bool]) -> Iterator[None]:
    """Wait for the turn, and hold it during the block. Blocks.

    Args:
        turn: The lock that is held during a turn.
        closed: Returns whether the session was closed.

    Raises:
        AsrConnectionError: The session was closed.
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
