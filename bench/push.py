"""How long sp_core_push_audio takes while Python code keeps the GIL."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from bench.hosts import BenchError, compile_host, environment
from bench.report import Section, percentile

FRAMES = 1000  # no more than fit the ring: push_audio.c says why
INTERVAL_MS = 8
LIMIT_S = 120

_THREAD = """
import threading
def hog():
    while True:
        {work}
threading.Thread(target=hog, daemon=True).start()
"""
# What runs in the core's interpreter: code that starts it.
LOADS = {
    "nothing": "pass",
    # Gives the GIL away when it is asked to, every 5 ms.
    "a loop in Python": _THREAD.format(work="sum = 1 + 1"),
    # Each call keeps the GIL for some tenths of a second.
    "long calls in C": _THREAD.format(work="sum(range(20_000_000))"),
}


def measure(home: Path) -> Section:
    """Push frames under each load, with the control call in the same run."""
    raw = {}
    for load, code in LOADS.items():
        print(f"bench: push: {load}", file=sys.stderr, flush=True)
        raw[load] = _run(home, code)
    columns = [_column(figures) for figures in raw.values()]
    return Section(
        title="Pushing audio",
        method=(
            f"{FRAMES} frames of 6400 bytes, one every {INTERVAL_MS} ms, pushed into a recording "
            "session while a thread in the core's interpreter does what the head says. The "
            "control call, on another thread of the same run, is sp_core_accept_asr_result, which "
            "needs the GIL."
        ),
        columns=("while Python runs", *LOADS),
        rows=[(name, *(column[name] for column in columns)) for name in columns[0]],
        raw=raw,
    )


def _column(figures: dict[str, list[float]]) -> dict[str, str]:
    pushes, controls = figures["push_s"], figures["control_s"]
    cells = {
        "push, median µs": f"{median(pushes) * 1e6:.1f}",
        "push, p99 µs": f"{percentile(pushes, 99) * 1e6:.1f}",
        "push, worst µs": f"{max(pushes) * 1e6:.1f}",
    }
    if "push_waits" in figures:
        preempted = figures["push_preemptions"]
        alone = [push for push, times in zip(pushes, preempted, strict=True) if times == 0]
        cells |= {
            "pushes that the system interrupted": str(len(pushes) - len(alone)),
            "... worst of the others, µs": f"{max(alone) * 1e6:.1f}",
            "pushes that waited for something": str(sum(w > 0 for w in figures["push_waits"])),
        }
    return cells | {
        "control call, median µs": f"{median(controls) * 1e6:.0f}",
        "control call, worst µs": f"{max(controls) * 1e6:.0f}",
        "control / push, medians": f"{median(controls) / median(pushes):.0f}",
        "control / push, worst": f"{max(controls) / max(pushes):.0f}",
    }


def _run(home: Path, code: str) -> dict[str, list[float]]:
    try:
        ended = subprocess.run(
            [compile_host("push_audio"), str(FRAMES), str(INTERVAL_MS), code],
            stdout=subprocess.PIPE,
            env=environment(home),
            timeout=LIMIT_S,
            check=True,
        )
    except subprocess.SubprocessError as exc:
        raise BenchError(f"push_audio did not run: {exc}") from exc
    figures: dict[str, list[float]] = json.loads(ended.stdout)
    return figures
