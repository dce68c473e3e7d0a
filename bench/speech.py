"""Words that the engine on this device gets wrong, with the second pass and without.

``python -m bench.speech [FOLDER]``: recordings as `koe eval` takes them; without a folder, those of
the speech engine's package.
"""

from __future__ import annotations

import sys
import tempfile
import wave
from pathlib import Path

from bench.recordings import SAMPLE_RATE_HZ, SPOKEN, pcm
from koe.cli import main
from koe.cli.references import TABLE


def write_package_recordings(folder: Path) -> None:
    """Write the recordings of the package with what is said in them."""
    for name in SPOKEN:
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE_HZ)
            file.writeframes(pcm(name))
    lines = (f"{name}\t{said}\n" for name, said in SPOKEN.items())
    (folder / TABLE).write_text("".join(lines), encoding="utf-8")


def run(folder: Path) -> int:
    """Print a table for each setting, with default settings; return the exit status."""
    with tempfile.TemporaryDirectory() as home:
        for second_pass in ("auto", "off"):
            print(f"asr.second_pass: {second_pass}", flush=True)
            words = ["eval", str(folder), "--config", home, "--second-pass", second_pass]
            if status := main([*words, "--texts"]):
                return status
    return 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(run(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory() as made:
        write_package_recordings(Path(made))
        sys.exit(run(Path(made)))
