"""How long the core takes to start, and a session to begin."""

from __future__ import annotations

import os
from pathlib import Path

from bench.hosts import Host
from bench.recordings import write_speech
from bench.report import Section, spread

PROCESSES = 15
FIRST_RUNS = 5
SESSIONS = 300
CHANGED_SESSIONS = 20
CREATE_AIM_MS = 60


def measure(home: Path) -> Section:
    """Start the core in fresh processes, then begin sessions in one."""
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

    with Host(users) as host:
        host.create()
        host.dictate(write_speech(home, 2), real_time=False)  # loads the engine
        unchanged = host.begin(SESSIONS)
        changed = []
        for _ in range(CHANGED_SESSIONS):
            os.utime(users / ".koe" / "config.yaml")
            changed += host.begin(1)

    times = {key: [start[key] for start in starts] for key in starts[0]}
    rows = [
        ("sp_core_create", spread(times["create_s"], 1e3), f"< {CREATE_AIM_MS}"),
        ("... and sp_core_session_begin returned", spread(times["begun_s"], 1e3), ""),
        ("... and on_session_ready", spread(times["ready_s"], 1e3), ""),
        ("sp_core_create, a user's first", spread(first_runs, 1e3), ""),
        ("sp_core_session_begin, settings unchanged", spread(unchanged, 1e3, 3), ""),
        ("sp_core_session_begin, config.yaml changed", spread(changed, 1e3, 3), ""),
    ]
    return Section(
        title="Starting",
        method=(
            f"The first three, each from the call of sp_core_create: {PROCESSES} fresh processes, "
            f"everything cached. A user's first, which writes the default files: {FIRST_RUNS} "
            f"fresh processes. Sessions in a process whose engine is loaded: {SESSIONS} and "
            f"{CHANGED_SESSIONS}. Milliseconds."
        ),
        columns=("until", "ms", "aim"),
        rows=rows,
        raw={
            **times,
            "first_create_s": first_runs,
            "begin_unchanged_s": unchanged,
            "begin_changed_s": changed,
        },
    )
