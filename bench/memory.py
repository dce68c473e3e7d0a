"""How much memory a shell has once the core is in it."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

from bench.hosts import Host
from bench.recordings import write_speech
from bench.report import Section

SESSIONS = 10
SPEECH_S = 10
CREATE_AIM_MB = 35
MB = 1e6


def measure(home: Path) -> Section:
    """Look at one process again and again."""
    speech = write_speech(home, SPEECH_S)
    found: dict[str, dict[str, float]] = {}
    with Host(home) as host:
        found["before sp_core_create"] = resident(host.pid)
        host.create()
        found["after sp_core_create"] = resident(host.pid)
        time.sleep(1)  # the imports go on after the call has returned
        found["1 s later"] = resident(host.pid)
        host.dictate(speech, real_time=False)
        found["after one session"] = resident(host.pid)
        for _ in range(SESSIONS - 1):
            host.dictate(speech, real_time=False)
        found[f"after {SESSIONS} sessions"] = resident(host.pid)
    aims = dict.fromkeys(("after sp_core_create", "1 s later"), f"< {CREATE_AIM_MB}")
    return Section(
        title="Memory",
        method=(
            f"A small C program; each session is {SPEECH_S} s of speech, pushed at once. Resident "
            "megabytes (of a million bytes), and how many of them are backed by no file."
        ),
        columns=("when", "resident MB", "of these anonymous", "aim, resident"),
        rows=[
            (
                name,
                f"{sizes['resident'] / MB:.1f}",
                f"{sizes['anonymous'] / MB:.1f}" if "anonymous" in sizes else "",
                aims.get(name, ""),
            )
            for name, sizes in found.items()
        ],
        raw=found,
    )


def resident(pid: int) -> dict[str, float]:
    """Return the resident bytes of a process; on Linux, those of anonymous memory only."""
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        shown = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], stdout=subprocess.PIPE, text=True, check=True
        )
        return {"resident": int(shown.stdout) * 1024.0}
    kilobytes = dict(re.findall(r"^(\w+):\s*(\d+) kB$", status.read_text(), re.MULTILINE))
    return {
        "resident": int(kilobytes["VmRSS"]) * 1024.0,
        "anonymous": int(kilobytes["RssAnon"]) * 1024.0,
    }
