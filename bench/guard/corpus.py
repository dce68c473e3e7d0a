"""The corpus of answers: pairs of what was heard and what a model answered, by kind."""

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
        kind: Of the answer.
        terms: The dictionary.
        heard: What was said.
        answer: What the model answered.
        text: What is to be delivered if all is well.
    """

    kind: str
    terms: tuple[str, ...]
    heard: str
    answer: str
    text: str


def read(half: str, name: str) -> Iterator[Pair]:
    """The pairs of a file, ``good``, ``bad`` or ``wrapped``, of one half of the corpus."""
    return parse(_FOLDER / half / f"{name}.txt", is_used=name != "bad")


def parse(path: Path, *, is_used: bool = True) -> Iterator[Pair]:
    """The pairs of any file of this form.

    Args:
        path: The file.
        is_used: Whether the answers are to be delivered where no third column says what is.
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
