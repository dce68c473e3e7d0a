"""What a process pays for the client before the first request."""

from __future__ import annotations

import subprocess
import sys

PROCESSES = 11

PROGRAM = """
import asyncio, re, sys, time
from pathlib import Path

def resident():
    status = Path("/proc/self/status")
    if not status.is_file():
        return 0, 0
    found = dict(re.findall(r"^(Vm|Rss)(?:RSS|Anon):\\s*(\\d+)", status.read_text(), re.M))
    return int(found["Vm"]), int(found["Rss"])

import koe.core
from koe.http.request import HttpSettings
before, start = resident(), time.perf_counter()
from koe.http.client import Client
imported = time.perf_counter()
client = Client(HttpSettings(8.0))
client.open()
built = time.perf_counter()
after = resident()
again = Client(HttpSettings(8.0))
again.open()
twice = time.perf_counter()
print(imported - start, built - imported, twice - built,
      (after[0] - before[0]) / 1e3, (after[1] - before[1]) / 1e3)
"""


def cost() -> list[list[float]]:
    """In fresh processes: seconds to import, to build, to rebuild; MB resident and anonymous."""
    runs = []
    for _ in range(PROCESSES):
        shown = subprocess.run(
            [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True, check=True
        )
        runs.append([float(figure) for figure in shown.stdout.split()])
    return runs[1:]  # the first one may have compiled
