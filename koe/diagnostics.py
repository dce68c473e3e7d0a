"""Reports problems that a user can solve, outside of sessions: to stderr, and to the shell."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from functools import cache

_CONTROLS = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {*b"\n\t"}, " ")


class Level(IntEnum):
    """The severity of a report, in the numbers of ``on_log_event`` (spec abi §3.1)."""

    ERROR = 0  # what was asked for did not happen
    WARNING = 1


_listener: Callable[[Level, str], None] | None = None


def set_listener(listener: Callable[[Level, str], None]) -> None:
    """Set the function that gets every report, on the reporting thread. It must not raise."""
    global _listener
    _listener = listener


def report(message: object, level: Level = Level.WARNING) -> None:
    """Write one line to stderr, if the process has a usable stderr; never raises.

    A Windows program may have no stderr; in any program it may be closed, a pipe without a reader,
    or a file on a full disk. A failed report must not stop the work.
    """
    sentence = harmless(str(message))
    if sys.stderr is not None:
        with suppress(OSError, ValueError):  # ValueError: it is closed
            sys.stderr.write(f"koe: {sentence}\n")
            sys.stderr.flush()
    if _listener is not None:
        _listener(level, sentence)


@cache
def report_once(message: str) -> None:
    """Report as `report` does, but the same sentence only once per process."""
    report(message)


def harmless(text: str) -> str:
    """Replace control characters by spaces: texts of servers could move the cursor with them."""
    return text.translate(_CONTROLS)
