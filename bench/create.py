"""How long the core takes to start."""

from __future__ import annotations

from pathlib import Path

from bench.hosts import Host
from bench.report import Section, spread

PROCESSES = 15
FIRST_RUNS = 5
CREATE_AIM_MS = 60


def measure(home: Path) -> Section:
    """Start the core in fresh processes, with and without settings of before."""
    users = home / "user"
    users.mkdir()
    with Host(users) as host:  # so that the settings exist, and everything is compiled and cached
        host.start()
    starts = []
    for _ in range(PROCESSES):
        with Host(users) as host:
            starts.append(host.start())
    first_runs = []
    for number in range(FIRST_RUNS):
        fresh = home / f"new-user-{number}"
        fresh.mkdir()
        with Host(fresh) as host:
            first_runs.append(host.start()["create_s"])

    times = {key: [start[key] for start in starts] for key in starts[0]}
    rows = [
        ("sp_core_create", spread(times["create_s"], 1e3), f"< {CREATE_AIM_MS}"),
        ("... and sp_core_session_begin returned", spread(times["begun_s"], 1e3), ""),
        ("... and on_session_ready", spread(times["ready_s"], 1e3), ""),
        ("sp_core_create, a user's first", spread(first_runs, 1e3), ""),
    ]
    return Section(
        title="Starting",
        method=(
            f"The first three, each from the call of sp_core_create: {PROCESSES} fresh processes, "
            f"everything cached. A user's first, which writes the default files: {FIRST_RUNS} "
            "fresh processes. Milliseconds."
        ),
        columns=("until", "ms", "aim"),
        rows=rows,
        raw={**times, "first_create_s": first_runs},
    )
