"""Engines on this machine that fail: the real ones, with real speech, behind a fault."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from koe.asr.local import LocalEngine, Opener, Recogniser
from koe.errors import AsrConnectionError, AsrProtocolError
from koe.events import EngineClosed, Event
from tests.faults.cells import SLOW, Fault

# Longer than a session waits for an engine of which it hears nothing.
_STALL_SECONDS = 6.5
_SLOW_SECONDS = 0.3


class Trouble:
    """What goes wrong with the engines of one cell, on any thread.

    Args:
        fault: What.
        is_lasting: With every engine from then on.
    """

    def __init__(self, fault: Fault, *, is_lasting: bool) -> None:
        self._fault = fault
        self._is_lasting = is_lasting
        # It goes wrong when an engine is opened; and when one is at work.
        self.in_opening = False
        self.at_work = False
        # It went wrong.
        self.struck = threading.Event()

    def open(self) -> None:
        """Do what happens when an engine is opened."""
        if self.in_opening and self._take():
            match self._fault:
                case Fault.REFUSED:
                    raise AsrConnectionError("the model could not be loaded")
                case Fault.GARBAGE:
                    raise RuntimeError("a bug")
                case _:
                    time.sleep(_STALL_SECONDS)

    def work(self) -> list[Event]:
        """Do what happens when an engine has something to do; what it says."""
        if not self.at_work or not self._take():
            return []
        match self._fault:
            case Fault.ERROR:
                raise AsrProtocolError("the model failed")
            case Fault.GARBAGE:
                raise RuntimeError("a bug")
            case Fault.CLOSE:
                return [EngineClosed("the recogniser ended")]
            case Fault.STALL:
                time.sleep(_STALL_SECONDS)
            case _:
                time.sleep(_SLOW_SECONDS)
        return []

    def _take(self) -> bool:
        if self.struck.is_set() and not self._is_lasting and self._fault not in SLOW:
            return False
        self.struck.set()
        return True


trouble: ContextVar[Trouble | None] = ContextVar("trouble", default=None)
"""What goes wrong with the engines that are made in this context."""


class _FaultyRecogniser(Recogniser):
    """A recogniser with a fault before each piece of its work."""

    def __init__(self, real: Recogniser, trouble: Trouble) -> None:
        self._real = real
        self._trouble = trouble

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def feed(self, *args: Any, **options: Any) -> list[Event]:
        return self._trouble.work() or self._real.feed(*args, **options)

    def recognise_so_far(self) -> list[Event]:
        return self._real.recognise_so_far()

    def finish(self, *args: Any, **options: Any) -> list[Event]:
        return self._trouble.work() or self._real.finish(*args, **options)


def _faulty(opener: Opener, trouble: Trouble) -> Opener:
    @contextmanager
    def opened(closed: Callable[[], bool]) -> Iterator[Recogniser]:
        trouble.open()
        with opener(closed) as real:
            yield _FaultyRecogniser(real, trouble)

    return opened


@contextmanager
def troubled_engines() -> Iterator[None]:
    """Have all local engines heed `trouble`."""
    make = LocalEngine.__init__

    def __init__(self: LocalEngine, name: str, opener: Opener, *args: Any, **options: Any) -> None:  # noqa: N807
        if (mine := trouble.get()) is not None:
            opener = _faulty(opener, mine)
        make(self, name, opener, *args, **options)

    LocalEngine.__init__ = __init__  # type: ignore[method-assign]
    try:
        yield
    finally:
        LocalEngine.__init__ = make  # type: ignore[method-assign]
