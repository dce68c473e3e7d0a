"""What the user's settings cost: looking at them before each session, and changing one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.hosts import Host
from bench.recordings import write_speech
from bench.report import Section, spread
from koe.config.store import CONFIG_NAME, Store
from koe.config.windows.access import get_text, set_text

SESSIONS = 300
CHANGED_SESSIONS = 30
BEGIN_AIM_MS = 0.5
CHANGES = 100
FIRST_CHANGES = 10
FILE_BYTES = 10_000
# In the middle of the file, with a value that is text.
KEY = "llm.model"

# As in the core, where the settings have been loaded long before one is changed.
_FIRST_CHANGE = """
import json, sys, time
from pathlib import Path
from koe.config.settings import Settings
from koe.config.store import Store
store = Store(Path(sys.argv[1]), {})
Settings(store)
start = time.perf_counter()
from koe.config.windows.access import set_text
set_text(store, sys.argv[2], sys.argv[3])
print(json.dumps(time.perf_counter() - start))
"""


def measure(home: Path) -> Section:
    """Begin sessions with settings that are as before, and changed; then change some."""
    unchanged, changed = _begin(home)
    folder = home / "large"
    folder.mkdir()
    store = Store(folder, {})
    _write_large(store, folder / CONFIG_NAME)
    first = [_change_first(folder, number) for number in range(FIRST_CHANGES)]
    changes, computing = [], []
    for number in range(CHANGES):
        computed = time.process_time()
        changes.append(_seconds(partial(set_text, store, KEY, f"model-{number}")))
        computing.append(time.process_time() - computed)
    reads = [_seconds(partial(get_text, store, KEY)) for _ in range(CHANGES)]
    return Section(
        title="Settings",
        method=(
            f"Sessions in a process whose engine is loaded: {SESSIONS} with a config.yaml of the "
            f"defaults as it was, and {CHANGED_SESSIONS} for each of which one setting in it was "
            f"changed. Single settings: in Python, in a config.yaml of {FILE_BYTES / 1000:.0f} kB, "
            f"{CHANGES} times, and {FIRST_CHANGES} fresh processes that have loaded the settings. "
            "A change waits until it is on the disk. Milliseconds."
        ),
        columns=("", "ms", "aim"),
        rows=[
            ("sp_core_session_begin, as before", spread(unchanged, 1e3, 3), f"< {BEGIN_AIM_MS}"),
            ("sp_core_session_begin, changed", spread(changed, 1e3, 3), ""),
            ("changing a setting, the first of a process", spread(first, 1e3), ""),
            ("changing a setting", spread(changes, 1e3), ""),
            ("... of which the processor's time", spread(computing, 1e3), ""),
            ("reading a setting", spread(reads, 1e3), ""),
        ],
        raw={
            "begin_unchanged_s": unchanged,
            "begin_changed_s": changed,
            "first_change_s": first,
            "change_s": changes,
            "change_cpu_s": computing,
            "read_s": reads,
        },
    )


def _begin(home: Path) -> tuple[list[float], list[float]]:
    with Host(home) as host:
        host.create()
        host.dictate(write_speech(home, 2), real_time=False)  # loads the engine
        unchanged = host.begin(SESSIONS)
        store = Store(home / ".koe", {})
        changed = []
        for number in range(CHANGED_SESSIONS):
            set_text(store, "llm.timeout_ms", str(1000 + number))
            changed += host.begin(1)
    return unchanged, changed


def _write_large(store: Store, path: Path) -> None:
    """The file of a new user, with a user's notes in it."""
    store.create_missing_files()
    text = path.read_text(encoding="utf-8")
    note = "# A line that the user wrote to remember what the setting below is for.\n"
    head, key, tail = text.partition("\nllm:\n")
    missing = FILE_BYTES - len(text.encode())
    path.write_text(f"{head}\n{note * (missing // len(note))}{key[1:]}{tail}", encoding="utf-8")


def _change_first(folder: Path, number: int) -> float:
    command = [sys.executable, "-c", _FIRST_CHANGE, str(folder), KEY, f"first-{number}"]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    seconds: float = json.loads(done.stdout)
    return seconds


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
