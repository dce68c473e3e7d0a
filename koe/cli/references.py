"""Finds recordings with reference texts, and counts the errors of a recognised text.

Texts are compared word by word, and Chinese character by character. Differences in case and
punctuation do not count, nor does writing a number in words or in digits.
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
"""The file with the references of a folder: per line a recording without ending, a tab, a text."""

_ENDINGS = (".wav", ".flac")

# Abbreviations, and the words that are spoken for them.
_ABBREVIATIONS = {"mr": "mister", "mrs": "missus", "ms": "miss", "dr": "doctor"}


@dataclass(frozen=True, slots=True)
class ReferenceRecording:
    """A recording with its reference text.

    Attributes:
        name: Its path relative to the folder, without the ending.
        path: Its file.
        said: The reference text: what is said in it.
    """

    name: str
    path: Path
    said: str


@dataclass(frozen=True, slots=True)
class Score:
    """The errors of a text.

    Attributes:
        wrong: The number of words or characters that were left out, inserted, or replaced.
        said: The number of words or characters in the reference.
    """

    wrong: int
    said: int

    @property
    def rate(self) -> float:
        """The error rate; it exceeds 1 if many words were inserted."""
        return self.wrong / self.said if self.said else float(self.wrong > 0)

    def __add__(self, other: Score) -> Score:
        return Score(self.wrong + other.wrong, self.said + other.said)


def find_recordings(folder: Path) -> list[ReferenceRecording]:
    """Find the recordings of a folder that have a reference in `TABLE` or in a .txt beside them.

    Raises:
        AudioError: There are no such recordings, or a file can't be read.
    """
    if not folder.is_dir():
        raise AudioError(f"{folder} is not a folder; name a folder with recordings")
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
            f"{folder} has no recordings with references; put a .txt with the spoken text beside "
            f"each .wav or .flac, or a {TABLE} into the folder"
        )
    return found


def score(said: str, text: str) -> Score:
    """Compare a recognised text with the reference."""
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
                f"{path}, line {number} has no tab; write the name of a recording without its "
                "ending, a tab, and the spoken text"
            )
        yield name.strip(), said


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise AudioError(f"{path} can't be read as UTF-8 text: {exc}; save it as UTF-8") from exc
