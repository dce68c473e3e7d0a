"""One line to whoever reads stderr: for what a user can mend and no callback can tell."""

from __future__ import annotations

import sys


def report(message: object) -> None:
    """Write one line to stderr, if the process has one (a Windows program may not)."""
    if sys.stderr is not None:
        sys.stderr.write(f"koe: {message}\n")
        sys.stderr.flush()
