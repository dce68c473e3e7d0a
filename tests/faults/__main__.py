"""The fault matrix: ``python -m tests.faults [--only TEXT] [--jobs N]``.

Every cell is a dictation in which one thing goes wrong, once or from then on. It fails, and so does
the program, where a word that was said is lost: `tests.faults.verdict`.

``--latency`` measures instead what a fault costs when the key is released, and ``--sessions N``
whether so many sessions in which nothing goes wrong leave something behind. ``--c`` runs some cells
in a C program, through the library.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict

from tests.faults.cells import ENGINES, Cell, Fault, Phase, every_cell
from tests.faults.latency import measure_latency
from tests.faults.matrix import Result, run_all
from tests.faults.soak import soak
from tests.faults.through_c import run_through_c


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="TEXT",
        help="only cells whose name has this in it, such as doubao/late; all of several",
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument("--list", action="store_true", help="only print the names of the cells")
    parser.add_argument("--latency", action="store_true", help="measure what a fault costs")
    parser.add_argument("--sessions", type=int, metavar="N", help="look for what sessions leave")
    parser.add_argument("--c", action="store_true", help="through the library (make lib)")
    chosen = parser.parse_args()
    if chosen.latency or chosen.sessions:
        findings = measure_latency() if chosen.latency else soak(chosen.sessions)
        for finding in findings:
            print(finding)
        return 0 if all(finding.is_fine for finding in findings) else 1
    cells = [cell for cell in every_cell() if all(part in f"{cell}/" for part in chosen.only)]
    if chosen.list:
        print(*cells, sep="\n")
        return 0
    results = []
    for result in run_through_c() if chosen.c else run_all(cells, min(chosen.jobs, len(cells))):
        results.append(result)
        if result.complaint:
            print(f"{result.cell} ({result.seconds:.1f} s): {result.complaint}", flush=True)
    print_table(results)
    failed = [result for result in results if result.complaint]
    print(f"{len(results) - len(failed)} of {len(results)} cells pass")
    return 1 if failed or not results else 0


def print_table(results: list[Result]) -> None:
    """Print a line for each engine and phase: what passes, of once and of lasting."""
    passes: dict[tuple[str, Phase, Fault], list[tuple[Cell, bool]]] = defaultdict(list)
    for result in results:
        cell = result.cell
        passes[cell.engine, cell.phase, cell.fault].append((cell, not result.complaint))
    print(f"{'once, lasting, fall-back':24}", *(f"{fault[:6]:>6}" for fault in Fault), " passed")
    for engine in ENGINES:
        for phase in Phase:
            rows = [passes.get((engine, phase, fault), []) for fault in Fault]
            outcomes = [passed for row in rows for _, passed in row]
            if outcomes:
                marks = (f"{_marks(row):>6}" for row in rows)
                count = f"{sum(outcomes)}/{len(outcomes)}"
                print(f"{f'{engine} {phase}':24}", *marks, f"{count:>7}")


def _marks(outcomes: list[tuple[Cell, bool]]) -> str:
    """A letter for each: a point passes, and the initial of what does not."""
    marks = ""
    for cell, passed in outcomes:
        kind = "f" if cell.fallback else "l" if cell.is_lasting else "o"
        marks += "." if passed else kind
    return marks


if __name__ == "__main__":
    sys.exit(main())
