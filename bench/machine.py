"""The machine, and how evenly it runs: the noise in everything else."""

from __future__ import annotations

import os
import platform
import time

from bench.report import Section, spread

RUNS = 20
TURNS = 1_000_000


def measure() -> Section:
    """Time a loop that depends on nothing but the processor."""
    durations = []
    for _ in range(RUNS):
        start = time.perf_counter()
        for _ in range(TURNS):
            pass
        durations.append(time.perf_counter() - start)
    facts = {
        "processors": str(os.cpu_count()),
        "load average of the last minute": f"{os.getloadavg()[0]:.2f}",
        "platform": platform.platform(),
        "Python": platform.python_version(),
    }
    rows = [*facts.items(), (f"fixed loop, {RUNS} times, ms", spread(durations, 1e3))]
    return Section(
        title="Machine",
        method="The loop's spread is the noise that every figure below has at least.",
        columns=("", ""),
        rows=rows,
        raw={**facts, "loop_s": durations},
    )
