"""How much computing recognition takes, and how many words it gets wrong."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from bench.hosts import Dictation, Host
from bench.recordings import BECKETT, SPOKEN, TWO_CITIES, word_errors, write_recording
from bench.report import Section, spread
from koe.asr.moonshine_package import VOICE_THRESHOLD

PACKAGE_THRESHOLD = 0.5  # the package's own; VOICE_THRESHOLD says why ours differs
RUNS = 3


def measure(home: Path) -> Section:
    """Dictate both recordings with our voice threshold and with the package's."""
    audio = {name: write_recording(home, name) for name in (TWO_CITIES, BECKETT)}
    rows, raw = [], {}
    for threshold in (VOICE_THRESHOLD, PACKAGE_THRESHOLD):
        with Host(home) as host:
            host.create()
            # The engine reads it when it loads, in the first session.
            host.run_python(f"import koe.asr.moonshine_whole as m; m.VOICE_THRESHOLD = {threshold}")
            host.dictate(audio[BECKETT], real_time=False)
            for name, path in audio.items():
                runs = [host.dictate(path, real_time=False) for _ in range(RUNS)]
                rows.append(_row(name, threshold, runs))
                raw[f"{name}, {threshold}"] = [asdict(run) for run in runs]
    return Section(
        title="Computing and word errors",
        method=(
            "Whole recordings, pushed at once, with the engine loaded. Seconds of all processors "
            f"and of the clock for each second of audio, {RUNS} runs; words wrongly inserted, "
            "left out or replaced, of those said, case and punctuation aside. The voice threshold "
            f"is ours ({VOICE_THRESHOLD}) or the package's ({PACKAGE_THRESHOLD})."
        ),
        columns=(
            *("recording", "length, s", "voice threshold"),
            *("CPU s per s", "wall s per s", "wrong words", "said", "word error rate, worst run"),
        ),
        rows=rows,
        raw=raw,
        notes=[f'Taken to be said in {name}: "{said}"' for name, said in SPOKEN.items()],
    )


def _row(name: str, threshold: float, runs: list[Dictation]) -> tuple[str, ...]:
    errors = [word_errors(SPOKEN[name], run.text) for run in runs]
    _, said = errors[0]
    wrong = sorted({wrong for wrong, _ in errors})
    return (
        name,
        f"{runs[0].audio_s:.1f}",
        str(threshold),
        spread([run.cpu_s / run.audio_s for run in runs], digits=3),
        spread([run.wall_s / run.audio_s for run in runs], digits=3),
        "–".join(map(str, dict.fromkeys((wrong[0], wrong[-1])))),
        str(said),
        f"{max(wrong) / said:.1%}",
    )
