"""From the end of the audio to the final text: what a user waits for."""

from __future__ import annotations

import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Protocol

from bench.hosts import Dictation, Host
from bench.recordings import write_speech
from bench.report import Section, spread

LENGTHS_S = (2, 10, 40)
COLD_LENGTH_S = 2
# A real-time run takes as long as the speech; these are most of the benchmark's time.
RUNS = {"real": 3, "fast": 5}
HEADS = {"real": "as it is spoken", "fast": "at once"}


class Dictate(Protocol):
    """One dictation of some speech, at either pace."""

    def __call__(self, *, real_time: bool) -> Dictation: ...


def measure(home: Path) -> Section:
    """Dictate speech of several lengths at both paces, with the engine loaded and without."""
    speech = {seconds: write_speech(home, seconds) for seconds in LENGTHS_S}
    found: dict[str, dict[str, list[Dictation]]] = {}
    found[f"{COLD_LENGTH_S} s, the first of a process"] = _repeat(
        partial(_dictate_cold, home, speech[COLD_LENGTH_S])
    )
    with Host(home) as host:
        host.create()
        host.dictate(speech[COLD_LENGTH_S], real_time=False)  # loads the engine
        for seconds, audio in speech.items():
            print(f"bench: latency: {seconds} s", file=sys.stderr, flush=True)
            found[f"{seconds} s"] = _repeat(partial(host.dictate, audio))

    texts = {
        name: {run.text for runs in paces.values() for run in runs} for name, paces in found.items()
    }
    varied = [name for name, heard in texts.items() if len(heard) > 1]
    return Section(
        title="From the end of the audio to the text",
        method=(
            "From the call of sp_core_session_end to on_final_text_ready. Frames of 200 ms, each "
            f"pushed when it would have been spoken ({RUNS['real']} runs), or all at once "
            f"({RUNS['fast']} runs), which is then all of the recognition. No correction. The "
            "first session of a process loads the engine. Milliseconds. And what computing takes "
            "while it is spoken, with all interim texts."
        ),
        columns=("speech", *(f"pushed {head}" for head in HEADS.values()), "CPU s per s, spoken"),
        rows=[
            (
                name,
                *(spread([run.end_to_text_s for run in paces[pace]], 1e3, 0) for pace in HEADS),
                spread([run.cpu_s / run.audio_s for run in paces["real"]], digits=3),
            )
            for name, paces in found.items()
        ],
        raw={
            name: {pace: [asdict(run) for run in runs] for pace, runs in paces.items()}
            for name, paces in found.items()
        },
        notes=[
            f"The text depended on the pace or the run: {', '.join(varied)}."
            if varied
            else "The text was the same in all runs of a length, at both paces."
        ],
    )


def _repeat(dictate: Dictate) -> dict[str, list[Dictation]]:
    return {
        pace: [dictate(real_time=pace == "real") for _ in range(runs)]
        for pace, runs in RUNS.items()
    }


def _dictate_cold(home: Path, speech: Path, *, real_time: bool) -> Dictation:
    with Host(home) as host:
        host.create()
        return host.dictate(speech, real_time=real_time)
