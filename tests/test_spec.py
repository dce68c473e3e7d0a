"""Every citation of docs/spec leads to a section, and every section is cited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

PROJECT = Path(__file__).parent.parent
PAGES = PROJECT / "docs" / "spec"

CITING = ("koe", "include", "examples", "tests", "bench", "docs", "README.md")
SUFFIXES = {".py", ".c", ".h", ".md", ".yaml"}

# A reader who follows a citation is to find the fact at once.
LONGEST_SECTION = 30

_NAMES = "abi|asr|config|llm|models"
_ITEM = r"\d+(?:\.\d+)*(?:-\d+(?:\.\d+)*)?"
_CITATION = re.compile(rf"\b[Ss]pec ({_NAMES}) (§§?)({_ITEM}(?:, {_ITEM})*)")
_HEADING = re.compile(r"^(#+) §(\d+(?:\.\d+)*) .+$", re.M)
_RFC = re.compile(rf"RFC \d+ §§?{_ITEM}(?:, {_ITEM})*")
# What looks like a citation and is none: a number without its page, a page without its number, or
# both on two lines.
_STRAY = re.compile(rf"§[§\s]*\d|\b[Ss]pec\b[\s#*]+(?:{_NAMES})\b")


class Section(NamedTuple):
    """A section, by its page and its number."""

    page: str
    number: str

    def __str__(self) -> str:
        return f"spec {self.page} §{self.number}"


class Citation(NamedTuple):
    """One citation in a text.

    Attributes:
        text: The whole of it.
        sections: What it cites.
        is_well_formed: One sign for one section, two signs for several.
    """

    text: str
    sections: tuple[Section, ...]
    is_well_formed: bool


def citations(text: str) -> Iterator[Citation]:
    for found in _CITATION.finditer(text):
        page, sign, items = found.groups()
        numbers = [number for item in items.split(", ") for number in expanded(item)]
        is_one = "," not in items and "-" not in items
        cited = tuple(Section(page, number) for number in numbers)
        yield Citation(found[0], cited, is_one == (sign == "§"))


def expanded(item: str) -> list[str]:
    """The numbers that ``4.8-4.11`` stands for; what is no such range comes back as it is."""
    first, _, last = item.partition("-")
    prefix, _, start = first.rpartition(".")
    other_prefix, _, end = last.rpartition(".")
    if not end or other_prefix != prefix or int(end) <= int(start):
        return [item]
    return [f"{prefix}.{n}".lstrip(".") for n in range(int(start), int(end) + 1)]


def misspelled(text: str) -> list[str]:
    """What is meant as a citation and is not in the one form."""
    wrong = [it.text for it in citations(text) if not it.is_well_formed]
    rest = _RFC.sub("", _CITATION.sub("", _HEADING.sub("", text)))
    return wrong + [rest[max(0, it.start() - 20) : it.end() + 20] for it in _STRAY.finditer(rest)]


def lines_of(page: str) -> dict[str, list[str]]:
    """The lines of each section that are not blank, without those of the sections in it."""
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    _, *parts = re.split(r"^(?=#+ §)", text, flags=re.M)
    found_lines: dict[str, list[str]] = {}
    for part in parts:
        heading, *lines = part.splitlines()
        found = _HEADING.fullmatch(heading)
        assert found, f"{page}: {heading}"
        number = found[2]
        assert len(found[1]) == number.count(".") + 2, f"{page} §{number} is at another depth"
        assert number not in found_lines, f"{page} §{number} is there twice"
        found_lines[number] = [line for line in lines if line.strip()]
    return found_lines


@cache
def sources() -> dict[Path, str]:
    """All texts that may cite, by their paths in the project."""
    files: dict[Path, str] = {}
    for name in CITING:
        path = PROJECT / name
        for file in path.rglob("*") if path.is_dir() else [path]:
            if file.suffix in SUFFIXES and file != Path(__file__):
                files[file.relative_to(PROJECT)] = file.read_text(encoding="utf-8")
    return files


@cache
def sections() -> dict[Section, list[str]]:
    """All sections with their own lines."""
    return {
        Section(page, number): lines
        for page in _NAMES.split("|")
        for number, lines in lines_of(page).items()
    }


def test_every_citation_is_in_the_one_form() -> None:
    assert [f"{file}: {it}" for file, text in sources().items() for it in misspelled(text)] == []


def test_every_citation_leads_to_a_section() -> None:
    assert [
        f"{file}: {section}"
        for file, text in sources().items()
        for citation in citations(text)
        for section in citation.sections
        if section not in sections()
    ] == []


def test_every_section_is_cited() -> None:
    """Or one of the sections in it is. What these pages say of each other does not count."""
    cited = {
        Section(section.page, ".".join(section.number.split(".")[:depth]))
        for file, text in sources().items()
        if PAGES.relative_to(PROJECT) not in file.parents
        for citation in citations(text)
        for section in citation.sections
        for depth in range(1, section.number.count(".") + 2)
    }
    assert sorted(map(str, sections().keys() - cited)) == []


@pytest.mark.parametrize("page", _NAMES.split("|"))
def test_sections_are_in_order(page: str) -> None:
    numbers = [[*map(int, it.number.split("."))] for it in sections() if it.page == page]
    assert numbers == sorted(numbers)


def test_sections_are_short() -> None:
    lengths = {str(section): len(lines) for section, lines in sections().items()}
    assert {it: length for it, length in lengths.items() if length > LONGEST_SECTION} == {}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("spec abi §4.3", ["4.3"]),
        ("# Spec abi §4 (see below)", ["4"]),
        ("spec abi §§4.3, 4.8-4.11.", ["4.3", "4.8", "4.9", "4.10", "4.11"]),
        ("spec abi §§1-3", ["1", "2", "3"]),
        ("spec abi §§4.8-5.1, 4.2-4.1", ["4.8-5.1", "4.2-4.1"]),
        ("spec abi §1, spec abi §§2.1.1, 2.2", ["1", "2.1.1", "2.2"]),
        ("RFC 9110 §5.6.2 and RFC 9110 §§15.5.1, 15.5.21", []),
    ],
)
def test_the_form(text: str, numbers: list[str]) -> None:
    assert misspelled(text) == []
    assert [section for it in citations(text) for section in it.sections] == [
        Section("abi", number) for number in numbers
    ]


@pytest.mark.parametrize(
    "text",
    [
        "§4.3",
        "spec abi 4.3",
        "spec abi, the fourth",
        "spec abi §§4.3",
        "spec abi §4.3, 4.4",
        "spec abi §4.3 and §4.4",
        "spec abi §4.3, llm §2",
        "(spec\n# abi §4.3)",
        "(spec abi\n * §4.3)",
    ],
)
def test_other_forms(text: str) -> None:
    assert misspelled(text)
