"""Finds out which modules of koe a piece of work passes."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

import koe

_PACKAGE = Path(koe.__file__).parent


def trace_modules() -> set[str]:
    """Collect the modules whose functions this thread calls, until `end_trace`."""
    passed: set[str] = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(_PACKAGE):
            passed.add(".".join(path.relative_to(_PACKAGE).with_suffix("").parts))

    sys.setprofile(note)
    return passed


def end_trace() -> None:
    """Collect no more modules."""
    sys.setprofile(None)
