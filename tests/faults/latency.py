"""What a fault costs the user who waits for the text: at the pace of speech, by the clock."""

from __future__ import annotations

import asyncio
from statistics import median

from koe.events import BYTES_PER_SECOND
from tests.faults.cells import Cell, Fault, Phase
from tests.faults.dictating import Outcome, Script, dictate, script_of
from tests.faults.finding import Finding
from tests.faults.matrix import laboratory
from tests.faults.verdict import new_directory
from tests.faults.words import speech

RUNS = 5

# A fault so long before the release shall cost so little; one at the release, with so much that is
# unknown, no more than the fall-back on this machine takes.
_EARLY_SECONDS = 5.0
_EARLY_MS = 50.0
_RELEASED_MS = 800.0


def measure_latency() -> list[Finding]:
    """Dictate with and without faults, at the pace of speech."""
    with laboratory() as place:
        return asyncio.run(_measure(place.folder))


async def _measure(folder: str) -> list[Finding]:
    said = speech((5, 5, 5, 5))
    stop = len(said.pcm) - round(_EARLY_SECONDS * BYTES_PER_SECOND) - BYTES_PER_SECOND // 5
    script = Script(said.pcm, (0, 0), (stop, 0))

    async def run(cell: Cell | None, script: Script, engine: str = "doubao") -> Outcome:
        return await dictate(cell, engine, new_directory(folder), script, pace=1.0)

    clean = [await run(None, script) for _ in range(RUNS)]
    findings = []
    for fault in (Fault.RESET, Fault.CLOSE_1011, Fault.HTTP_500):
        cell = Cell("doubao", Phase.LATE, fault)
        failed = [await run(cell, script) for _ in range(RUNS)]
        wrong = sum(outcome.delivered != said.text for outcome in failed)
        findings.append(
            Finding(
                f"{fault}, {_EARLY_SECONDS:g} s before the release: more to wait",
                _ms(failed) - _ms(clean),
                _EARLY_MS,
                "ms",
                f"{_ms(clean):.1f} ms without; {wrong} of {RUNS} texts are wrong",
            )
        )
    released = Cell("doubao", Phase.RELEASED, Fault.RESET, is_lasting=True, fallback="moonshine")
    speech_of = script_of(released)
    await run(None, speech_of, "moonshine")  # loads the model
    # All of it at once, so what it waits for is the engine.
    alone = [
        await dictate(None, "moonshine", new_directory(folder), speech_of, pace=1e6)
        for _ in range(RUNS)
    ]
    outcomes = [await run(released, speech_of) for _ in range(RUNS)]
    missing = sum(outcome.delivered is None for outcome in outcomes)
    seconds = len(speech_of.pcm) / BYTES_PER_SECOND
    note = (
        f"{seconds:.1f} s of speech unknown, for which the engine alone takes {_ms(alone):.0f} ms; "
        f"{missing} of {RUNS} texts are missing"
    )
    findings.append(Finding("lost at the release, moonshine: to wait", _ms(outcomes), _RELEASED_MS,
                            "ms", note))  # fmt: skip
    return findings


def _ms(outcomes: list[Outcome]) -> float:
    return 1000 * median(outcome.wait for outcome in outcomes)
