"""How long the end of a process waits for threads that compute.

Loading a model or recognising a piece of speech can't be interrupted, and a thread that goes on
computing while its libraries are torn down crashes. But a thread that hangs must not keep the
process from ending.

The clock alone can't distinguish the two: on a busy machine, five seconds on the clock may be half
a second of processor time. So both count.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from threading import Thread

# The names of threads that compute, for which the end of the process waits, begin with this.
COMPUTING = "engine-"

# Seconds that a process waits at its end for an engine: several times as long as the longest call.
ENGINE_SECONDS = 5.0

# The longest wait, in seconds on the clock.
LONGEST = 60.0

# A process that uses less than this share of a processor is only waiting.
_IDLE_SHARE = 0.01

# Seconds between two checks of a thread.
_POLL_SECONDS = 0.02


class Patience:
    """Decides when to stop waiting; the wait begins when this object is made.

    It ends after ``seconds`` in which the process hardly computed, or when ``seconds`` have passed
    both on the clock and in processor time, or after `LONGEST`.

    Args:
        seconds: How long to wait.
        clock: Seconds since some moment in the past.
        processor: Processor time of all threads of the process, in seconds.
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
        # Clock and processor time, in seconds, when this object was made.
        self._began = (clock(), processor())
        # The same when the process was last seen to compute.
        self._busy = self._began

    def is_over(self) -> bool:
        """Whether to stop waiting."""
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
                thread.join(_POLL_SECONDS)
        return True
