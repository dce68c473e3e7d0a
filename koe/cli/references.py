"""Recordings of which is known what is said, and how much of that a text gets wrong.

A text is compared by its words, and Chinese by its characters. Case, punctuation, and whether a
number is written in words or digits make no difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from koe.answers.numbers import write_digits
from koe.errors import AudioError
from koe.tokens import tokens

TABLE = "references.tsv"
"""In a folder: on each line a recording without its ending, a tab, and what is said in it."""

_ENDINGS = (".wav", ".flac")

# Words that are written in short, as they are said.
_ABBREVIATIONS = {"mr": "mister", "mrs": "missus", "ms": "miss", "dr": "doctor"}


@dataclass(frozen=True, slots=True)
class ReferenceRecording:
    """A recording with its reference.

    Attributes:
        name: Its path in the folder.
        said: What is said in it.
    """

    name: str
    path: Path
    said: str


@dataclass(frozen=True, slots=True)
class Score:
    """How right a text is.

    Attributes:
        wrong: Words or characters that were left out, inserted, or replaced.
        said: How many there are in the reference.
    """

    wrong: int
    said: int

    @property
    def rate(self) -> float:
        """The part of them that is wrong; more than 1 where much was inserted."""
        return self.wrong / self.said if self.said else float(self.wrong > 0)

    def __add__(self, other: Score) -> Score:
        return Score(self.wrong + other.wrong, self.said + other.said)


def find_recordings(folder: Path) -> list[ReferenceRecording]:
    """Find the recordings of a folder that have a reference, in `TABLE` or in a .txt beside them.

    Raises:
        AudioError: There are none, or a file can't be read.
    """
    if not folder.is_dir():
        raise AudioError(f"{folder} is no folder; name one with recordings")
    table = dict(_read_table(folder / TABLE))
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in _ENDINGS:
            continue
        name = path.relative_to(folder).with_suffix("").as_posix()
        beside = path.with_suffix(".txt")
        said = table.get(name) or (_read(beside) if beside.is_file() else "")
        if said.strip():
            found.append(ReferenceRecording(name, path, said.strip()))
    if not found:
        raise AudioError(
            f"{folder} has no recordings with references; put a .txt with what is said beside "
            f"each .wav or .flac, or a {TABLE} in the folder"
        )
    return found


def score(said: str, text: str) -> Score:
    """Compare a text with what is said."""
    reference, heard = _units(said), _units(text)
    return Score(Levenshtein.distance(reference, heard), len(reference))


def _units(text: str) -> list[str]:
    keys = (token.key for token in tokens(write_digits(text.lower())))
    return [_ABBREVIATIONS.get(key, key) for key in keys]


def _read_table(path: Path) -> Iterator[tuple[str, str]]:
    if not path.is_file():
        return
    for number, line in enumerate(_read(path).splitlines(), 1):
        name, tab, said = line.partition("\t")
        if line.strip() and not tab:
            raise AudioError(
                f"{path}, line {number} has no tab; write a recording without its ending, a tab, "
                "and what is said"
            )
        yield name.strip(), said


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise AudioError(f"{path} can't be read as UTF-8 text: {exc}") from exc
