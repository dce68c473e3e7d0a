"""Read the word lists of phrases.txt, which cleaning and the guard use. Pure."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def _sections() -> dict[str, list[str]]:
    text = files("koe.answers").joinpath("phrases.txt").read_text(encoding="utf-8")
    sections = {}
    for section in text.split("\n## ")[1:]:
        head, *lines = section.splitlines()
        sections[head.partition(":")[0]] = [line for line in lines if line]
    return sections


def lines(section: str) -> list[str]:
    """The lines of a section, unchanged."""
    return _sections()[section]


def phrases(section: str) -> list[str]:
    """The phrases of a section."""
    return [phrase for line in lines(section) for phrase in line.split(", ")]
