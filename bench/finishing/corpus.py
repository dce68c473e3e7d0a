"""Pairs of a text that was heard and the one that is wanted, by kind, and the dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent
HALVES = ("tune", "held-out")

_ARROW = " => "


def lines(path: Path) -> list[str]:
    """The lines that are no comments."""
    return [
        line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("# ")
    ]


def pairs(half: str, name: str) -> list[tuple[str, str]]:
    """What was heard, and what is wanted."""
    found = []
    for line in lines(FOLDER / half / f"{name}.txt"):
        heard, arrow, wanted = line.partition(_ARROW)
        assert arrow, f"{half}/{name}.txt: no{_ARROW}in {line!r}"
        found.append((heard, wanted))
    return found


def kinds(half: str) -> Iterator[tuple[str, str, str]]:
    """The examples of clean-up: the kind, which is a rule's name or "default", and a pair."""
    kind = ""
    for line in lines(FOLDER / half / "cleanup.txt"):
        if line.startswith("## "):
            kind = line.removeprefix("## ")
            continue
        heard, arrow, wanted = line.partition(_ARROW)
        assert arrow, f"{half}/cleanup.txt: no{_ARROW}in {line!r}"
        yield kind, heard.replace("\\n", "\n"), wanted.replace("\\n", "\n")


def terms(count: int) -> list[str]:
    """So many terms: those of terms.txt, then names of persons that are made of common parts."""
    found = lines(FOLDER / "terms.txt")
    return [*found, *_persons()][:count]


def _persons() -> Iterator[str]:
    for given in _GIVEN:
        for surname in "王李张刘陈杨黄赵周吴徐孙马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯":
            yield surname + given
    for surname in _SURNAMES.split():
        for first in _FIRST.split():
            yield f"{first} {surname}"


_GIVEN = [
    first + second
    for first in "晓文志建国海明永春雪思宇子佳欣"
    for second in "伟芳娜敏静磊军洋艳勇"
]
_FIRST = (
    "Aditya Beatriz Callum Dmitri Eleanor Fatima Gareth Henrietta Isolde Jürgen Kwame Lachlan "
    "Marguerite Nadezhda Octavia Philippa Quentin Rosalind Svetlana Thaddeus"
)
_SURNAMES = (
    "Abernathy Bhattacharya Castellanos Dubois Eisenhower Fitzgerald Gutierrez Holloway Ivanova "
    "Jankowski Kowalczyk Lindqvist Montgomery Nakamura Oyelaran Papadopoulos Rosenberg Sorensen "
    "Takahashi Vandenberg"
)
