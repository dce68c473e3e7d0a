"""Places in lines; `test_edit` has what is done with them."""

from __future__ import annotations

import pytest

from koe.yamltext.document import Document
from koe.yamltext.places import (
    at_end,
    column_below,
    column_of,
    comments_above,
    extent,
    line_end,
    line_stop,
    pair_of,
    shifted,
)

TEXT = "# top\na:\n  # about b\n  b: 1 # c\n  # last\n\n# of d\nd: |+\n  x\n\n"


def test_lines() -> None:
    document = Document.parse(TEXT, "p")
    assert document.root
    a, d = document.root.pairs()
    b = a[1].pairs()[0]

    assert (column_of(document, a[0]), column_of(document, b[0])) == (0, 2)
    assert (column_below(document, a), column_below(document, b)) == (2, 4)
    assert TEXT[slice(*extent(document, b))] == "  b: 1 # c\n"
    assert TEXT[slice(*extent(document, d))] == "d: |+\n  x\n\n"
    start = extent(document, b)[0]
    assert TEXT[comments_above(document, start, 2) : start] == "  # about b\n"
    assert comments_above(document, start, 0) == start


def test_the_end_of_a_section() -> None:
    document = Document.parse(TEXT, "p")
    assert document.root
    section = document.root.items[1]

    after_comment = TEXT.index("# last") + len("# last")
    assert at_end(document, section, ["  e: 1"]) == (after_comment, after_comment, "\n  e: 1")
    assert at_end(document, document.root, ["e: 1"]) == (len(TEXT), len(TEXT), "e: 1\n")


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [("a: 1\na: 2", "a", "2"), ("5: x\n'5': y", "5", "y"), ("5: x", "5", None), ("[a]", "a", None),
     ("? [a]\n: x\n'': y", "", "y"), ("~: x", "", None)],
)  # fmt: skip
def test_keys_are_text(text: str, key: str, value: str | None) -> None:
    root = Document.parse(text, "p").root
    assert root
    pair = pair_of(root, key)
    assert (pair and pair[1].text) == value


@pytest.mark.parametrize(("text", "end"), [("", "\n"), ("a\r\nb\n", "\r\n"), ("a\rb", "\r")])
def test_line_ends(text: str, end: str) -> None:
    assert line_end(Document("p", text, None, frozenset())) == end
    assert line_stop(text, 0) == len(text.partition(end)[0])


def test_shifting() -> None:
    assert shifted("  a", 2) == "    a"
    assert shifted("  a", -1) == " a"
    assert shifted(" a", -4) == "a"
    assert shifted("", 2) == ""
