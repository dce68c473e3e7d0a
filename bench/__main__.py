"""Measure, and print one report."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import traceback
from pathlib import Path

from bench import accuracy, create, journal, latency, machine, memory, push, settings, streaming
from bench.hosts import OUT, BenchError, bad_ends
from bench.report import Section, render

PARTS = {
    "push": push.measure,
    "create": create.measure,
    "settings": settings.measure,
    "journal": journal.measure,
    "memory": memory.measure,
    "latency": latency.measure,
    "streaming": streaming.measure,
    "accuracy": accuracy.measure,
}


def measure(name: str) -> Section | None:
    """Measure one part, with a home directory of its own; None if it failed."""
    start = time.perf_counter()
    print(f"bench: {name}", file=sys.stderr, flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix="koe-bench-") as home:
            return PARTS[name](Path(home))
    except BenchError as exc:
        print(f"bench: {name} failed: {exc}", file=sys.stderr, flush=True)
    except Exception:  # noqa: BLE001 - whatever it is, the other figures are still worth having
        traceback.print_exc()
    finally:
        print(f"bench: {name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return None


def main() -> int:
    """Run the named parts, or all; 1 if something failed."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure what the core costs.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    names: list[str] = parser.parse_args().parts or list(PARTS)
    if unknown := [name for name in names if name not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")

    sections = {"machine": machine.measure()}
    failed = []
    for name in names:
        if section := measure(name):
            sections[name] = section
        else:
            failed.append(name)
    if bad_ends:
        failed.append(f"hosts that ended with {', '.join(map(str, bad_ends))} after their figures")
    report = render(list(sections.values()), failed)
    print(report)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "core.md").write_text(report + "\n", encoding="utf-8")
    raw = {name: section.raw for name, section in sections.items()}
    (OUT / "core.json").write_text(json.dumps(raw, indent=1) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
