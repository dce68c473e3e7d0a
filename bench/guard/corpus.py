"""Read the corpus of answers: transcripts, each with the answer of a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HALVES = ("tune", "held-out")
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Pair:
    """One line of the corpus.

    Attributes:
        kind: The kind of answer: the heading above the line.
        terms: The terms of the user's dictionary.
        heard: The transcript that the model was given.
        answer: What the model answered.
        text: The text that should be delivered.
    """

    kind: str
    terms: tuple[str, ...]
    heard: str
    answer: str
    text: str


def read(half: str, name: str) -> Iterator[Pair]:
    """Read the file ``good``, ``bad`` or ``wrapped`` of one half of the corpus."""
    return parse(_FOLDER / half / f"{name}.txt", is_used=name != "bad")


def parse(path: Path, *, is_used: bool = True) -> Iterator[Pair]:
    """Read any file of this format (README.md).

    Args:
        path: The file.
        is_used: What should be delivered for a line without a third column: True for the answer,
            False for the transcript.
    """
    kind = ""
    lines = path.read_text(encoding="utf-8").splitlines()
    for line in filter(None, lines):
        if line.startswith("# "):
            kind = line[2:]
            continue
        heard, answer, *text = line.replace("\\n", "\n").split(" ⇒ ")
        terms: tuple[str, ...] = ()
        if heard.startswith("["):
            listed, _, heard = heard[1:].partition("] ")
            terms = tuple(listed.split(", "))
        wanted = text[0] if text else answer if is_used else heard
        yield Pair(kind, terms, heard, answer, wanted)
