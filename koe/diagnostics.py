"""One line to whoever reads stderr: for what a user can mend and no callback can tell."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import cache

_CONTROLS = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {*b"\n\t"}, " ")


def report(message: object) -> None:
    """Write one line to stderr, if the process has one that takes it; never raises.

    A Windows program may have none, and that of any program may be closed, or a pipe that nobody
    reads, or a file on a full disk. What was to be told must not cost what was to be done.
    """
    if sys.stderr is not None:
        with suppress(OSError, ValueError):  # ValueError: it is closed
            sys.stderr.write(f"koe: {harmless(str(message))}\n")
            sys.stderr.flush()


@cache
def report_once(message: str) -> None:
    """As `report`, but once in the life of the process."""
    report(message)


def harmless(text: str) -> str:
    """Without what moves the cursor of a terminal: much of a text is from servers and files."""
    return text.translate(_CONTROLS)
