"""The check on every edit: texts that mean the same, and texts that do not."""

from __future__ import annotations

import pytest

from koe.yamltext.document import Document
from koe.yamltext.outline import Change, Outline, outline_of, value_outline


def outline(text: str) -> Outline:
    root = Document.parse(text, "p").root
    assert root
    return outline_of(root)


@pytest.mark.parametrize(
    "text",
    ["{a: 1, b: [x]}", "a: 0x1\nb:\n- 'x' # c\n", "---\na: 1\nb: [x]\n...", "a: &k 1\nb: [x]"],
)
def test_the_same(text: str) -> None:
    assert outline(text) == value_outline({"a": 1, "b": ["x"]})


@pytest.mark.parametrize(
    "text",
    [
        "a: '1'\nb: [x]",
        "a: 1.0\nb: [x]",
        "a: true\nb: [x]",
        "b: [x]\na: 1",
        "a: 1\nb: x",
        "a: 1\nb: [x, x]",
        "a: !t 1\nb: [x]",
        "a: 1\nb: !t [x]",
        "a: 1\nb: [x]\nb: [x]",
        "a: 1",
    ],
)
def test_not_the_same(text: str) -> None:
    assert outline(text) != value_outline({"a": 1, "b": ["x"]})


def test_not_a_number_is_itself() -> None:
    assert outline(".nan") == value_outline(float("nan"))


def test_changes() -> None:
    root = Document.parse("{a: 1, b: {c: 2}}", "p").root
    assert root
    (a, one), (_, section) = root.pairs()
    change = Change(dropped=a, section=section, added=(value_outline("d"), value_outline(3)))

    assert outline_of(root, change) == value_outline({"b": {"c": 2, "d": 3}})
    replaced = Change(replaced=one, by=value_outline([]))
    assert outline_of(root, replaced) == value_outline({"a": [], "b": {"c": 2}})
