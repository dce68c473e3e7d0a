"""How long the end of a process waits for threads that compute.

A model that is being loaded, or a piece of speech that is being recognised, can't be interrupted;
and a thread that computes on, while the libraries that it computes with are torn down, crashes.
One that hangs, on the other hand, must not keep the process from ending.

The clock can't tell these apart: on a machine that is busy with other things, five seconds on the
clock may be half a second of a processor. So both count.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from threading import Thread

# How long a process waits at its end for an engine: several times what the longest call takes.
ENGINE_SECONDS = 5.0

# The longest that it waits, in seconds on the clock.
LONGEST = 60.0

# A process that gets less of a processor than this share does nothing but wait.
_IDLE_SHARE = 0.01

# How often to look, in seconds.
_LOOK = 0.02


class Patience:
    """Says when to wait no longer, counted from when it is made.

    That is after ``seconds`` in which the process hardly computed, or when it has used up
    ``seconds`` both of the clock and of a processor, or after `LONGEST`.

    Args:
        seconds: How long to wait.
        clock: Seconds since some moment in the past.
        processor: Seconds of a processor that the process has used, on all its threads.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        processor: Callable[[], float] = time.process_time,
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._processor = processor
        # When it was made: seconds on the clock, and of the processor.
        self._began = (clock(), processor())
        # When the process was last seen to have computed, likewise.
        self._busy = self._began

    def is_over(self) -> bool:
        """Whether to wait no longer."""
        now, used = self._clock(), self._processor()
        waited = now - self._began[0]
        if used - self._busy[1] >= _IDLE_SHARE * self._seconds:
            self._busy = (now, used)
        computed_all = used - self._began[1] >= self._seconds
        idled = now - self._busy[0] >= self._seconds
        return waited >= LONGEST or (waited >= self._seconds and (computed_all or idled))

    def join(self, threads: Iterable[Thread]) -> bool:
        """Wait for threads to end; return whether all of them have."""
        for thread in threads:
            while thread.is_alive():
                if self.is_over():
                    return False
                thread.join(_LOOK)
        return True
