from __future__ import annotations

import pytest

from koe.errors import ConfigError
from koe.yamltext.parser import parse_values
from koe.yamltext.tree import DEEPEST_NESTING, Mapping, Node, Scalar, Sequence


def values(text: str) -> Node | None:
    return parse_values(text, "config.yaml", lambda text, *about: Scalar(text, text, *about))


def test_values() -> None:
    root = values("a: &b [x, 'y']\nc: *b\n")
    assert isinstance(root, Mapping)
    a, b, c, d = root.items
    assert isinstance(a, Scalar)
    assert isinstance(b, Sequence)
    assert isinstance(c, Scalar)
    assert d is b
    assert [
        (it.text, it.line, it.is_plain) for it in (a, *b.items, c) if isinstance(it, Scalar)
    ] == [
        ("a", 1, True),
        ("x", 1, True),
        ("y", 1, False),
        ("c", 2, True),
    ]
    assert (root.line, b.line) == (1, 1)
    assert values("# nothing") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\n--- b", "line 2, column 1: a second document starts here; delete the line ---"),
        ("a: *b", "line 1, column 4: this alias has no anchor; put quotes around"),
        ("[" * (DEEPEST_NESTING + 1), "line 1, column 129: nested deeper than 128 levels"),
        ("a: b\n\x1b", "line 2, column 1: this control character is not allowed"),
        ("- a\nb", "line 2: not valid YAML: a colon is missing in this line"),
    ],
)
def test_mistakes(text: str, reason: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        values(text)
    assert refusal.value.reason.startswith(reason)
