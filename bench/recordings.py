"""The recordings, what is said in them, and how to count the words that were misheard.

They come with the speech engine's package, so nothing is fetched.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000

TWO_CITIES = "two_cities"
BECKETT = "beckett"

# The reader is taken to say the standard text of the books.
SPOKEN = {
    # Dickens, A Tale of Two Cities, the first sentence (1859)
    TWO_CITIES: (
        "It was the best of times, it was the worst of times, it was the age of wisdom, it was the "
        "age of foolishness, it was the epoch of belief, it was the epoch of incredulity, it was "
        "the season of Light, it was the season of Darkness, it was the spring of hope, it was the "
        "winter of despair, we had everything before us, we had nothing before us, we were all "
        "going direct to Heaven, we were all going direct the other way - in short, the period was "
        "so far like the present period, that some of its noisiest authorities insisted on its "
        "being received, for good or for evil, in the superlative degree of comparison only."
    ),
    # Beckett, Worstward Ho (1983)
    BECKETT: "Ever tried. Ever failed. No matter. Try again. Fail again. Fail better.",
}


def pcm(recording: str) -> bytes:
    """Return a recording as the core hears it: 16 kHz mono s16le."""
    package = find_spec("moonshine_voice")
    if package is None or package.origin is None:
        raise FileNotFoundError("the package moonshine-voice, which has the recordings")
    path = Path(package.origin).parent / "assets" / f"{recording}.wav"
    samples: NDArray[np.float64]
    samples, rate_hz = soundfile.read(path, always_2d=True)
    mono: NDArray[np.float64] = soxr.resample(samples.mean(axis=1), rate_hz, SAMPLE_RATE_HZ)
    return np.clip(np.rint(mono * 32768), -32768, 32767).astype("<i2").tobytes()


def write_speech(directory: Path, seconds: float) -> Path:
    """Write the first seconds of speech to a file of raw PCM."""
    return _write(directory / f"speech_{seconds:g}s.pcm", _cut(pcm(TWO_CITIES), seconds))


def write_recording(directory: Path, recording: str) -> Path:
    """Write a whole recording to a file of raw PCM."""
    return _write(directory / f"{recording}.pcm", pcm(recording))


def word_errors(said: str, heard: str) -> tuple[int, int]:
    """Return the words to insert, delete or replace to get from one to the other, and those said.

    Case and punctuation do not count.
    """
    wanted, got = _words(said), _words(heard)
    # Levenshtein's distances from the words so far to each beginning of what was heard.
    distances = list(range(len(got) + 1))
    for row, word in enumerate(wanted, 1):
        diagonal, distances[0] = distances[0], row
        for column, other in enumerate(got, 1):
            replaced = diagonal + (word != other)
            diagonal = distances[column]
            distances[column] = min(replaced, diagonal + 1, distances[column - 1] + 1)
    return distances[-1], len(wanted)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", re.sub(r"['’]", "", text.lower()))


def _cut(audio: bytes, seconds: float) -> bytes:
    return audio[: 2 * round(seconds * SAMPLE_RATE_HZ)]


def _write(path: Path, audio: bytes) -> Path:
    path.write_bytes(audio)
    return path
