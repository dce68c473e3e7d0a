"""Whatever is read line by line has the tree that PyYAML's parser makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.config.store import DEFAULTS
from koe.errors import ConfigError
from koe.yamltext.lines import read_lines
from koe.yamltext.parser import parse_values
from koe.yamltext.tree import DEEPEST_NESTING, Node, Scalar

DEFAULT_TEXT = (DEFAULTS / "config.yaml").read_text(encoding="utf-8")


def scalar(written: str, line: int, is_plain: bool) -> Scalar:
    return Scalar(written, written, line, is_plain)


def shown(node: Node | None) -> object:
    """A tree as tuples, which can be compared."""
    if isinstance(node, Scalar):
        return node.line, node.text, node.is_plain
    if node is None:
        return None
    return type(node), node.line, [shown(it) for it in node.items]


def read(text: str) -> object:
    return shown(read_lines(text, scalar))


def parsed(text: str) -> object:
    try:
        return shown(parse_values(text, "config.yaml", scalar))
    except ConfigError as exc:
        return str(exc)


# --- every text is either read in the same way, or not at all -----------------------------

WORDS = [
    "a", "b-c", "1", "-1", "no", "~", "null", "<<", "<", "词", "“x”", "é", "😀", "/x", "${A}",
    "a b", "a:b", "http://x:1/#y", "a#b", "...", "---", "-", "?", "%", "@", "*a", "&a", "!t", "|",
    ">-", "'", '"', '"x"', "'x'", "'x''y'", '"a # b"', '"\\n"', '""', "''", "[]", "{}", "[a]",
    "[a,]", "[a, b-c]", "[a: b]", "{a: b}", "[", "]", ",", ".", "=", "(x)", "a\tb", "\xa0", "\x85",
    "\u2028", "\ufeff",
]  # fmt: skip
KEYS = ["a", "b_c", "d-e.f", "1", "null", "'a'", "a b", "词", "<<", "-a", "[a]", "k" * 1100]
PIECES = st.one_of(
    st.sampled_from(["", " ", "  ", "    ", "- ", "-  ", "-", "\t", "#", " #", " # c", ":", ": "]),
    st.sampled_from(KEYS).map(lambda key: f"{key}: "),
    st.sampled_from(KEYS).map(lambda key: f"{key}:"),
    st.sampled_from(WORDS),
)
LINES = st.tuples(
    st.sampled_from(["", "", "  ", "  ", "    ", " "]), st.lists(PIECES, max_size=4)
).map(lambda line: line[0] + "".join(line[1]))
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])
SOUPS = st.lists(st.tuples(LINES, ENDS).map("".join), max_size=8).map("".join)


@given(SOUPS)
def test_any_lines(text: str) -> None:
    found = read(text)
    assert found is None or found == parsed(text)


VALUES = [
    "x",
    "x y ",
    "'x'",
    '""',
    "[]",
    "[x, y]",
    "{}",
    "${X}",
    "x # c",
    "a#b:c",
    "词",
    "|",
    "a: b",
]


@st.composite
def outlines(draw: st.DrawFn) -> str:
    """Lines that are mostly at the indentation of one above, or below a key."""
    columns, lines = [0], list[str]()
    for _ in range(draw(st.integers(1, 8))):
        indent = draw(st.sampled_from([columns[-1], columns[-1], *columns]))
        dash = draw(st.sampled_from(["", "", "", "- ", "-   "]))
        key = draw(st.sampled_from(["a:", "b-c:", "d: ", *([""] if dash else [])]))
        value = draw(st.sampled_from(["", "", *VALUES])) if key else draw(st.sampled_from(VALUES))
        lines.append(f"{' ' * indent}{dash}{key}{' ' if key and value else ''}{value}")
        columns = [*(it for it in columns if it < indent), indent]
        if dash and key:
            columns.append(indent + len(dash))
        if key and not value:
            columns.append(columns[-1] + draw(st.integers(0, 3)))
        lines += draw(st.sampled_from([[], [], [], ["  # c"], [""]]))
    return "\n".join(lines)


@given(outlines())
def test_settings(text: str) -> None:
    found = read(text)
    assert found is None or found == parsed(text)


DEFAULT_LINES = DEFAULT_TEXT.split("\n")


@given(
    st.integers(0, len(DEFAULT_LINES)),
    st.integers(0, 2),
    st.lists(st.builds("{}{}".format, st.sampled_from(["", "  ", "  name: "]), LINES), max_size=2),
)
def test_the_default_file_after_a_change(place: int, removed: int, added: list[str]) -> None:
    text = "\n".join([*DEFAULT_LINES[:place], *added, *DEFAULT_LINES[place + removed :]])
    found = read(text)
    assert found is None or found == parsed(text)


# --- what is read -------------------------------------------------------------------------

READ = {
    "what a new user gets": DEFAULT_TEXT,
    "lines as on Windows": "a: 1\r\nb:\r\n  c: d\r\n",
    "nothing behind keys": "a:\n  b:\nc: # d\n- x\n- y: z\n  e:",
    "quotes": """a: "b: # c" # d\nb: 'x'\nc: ''""",
    "a list in a list of groups": "a:\n  - b:\n    - x\n    c: z\n  -   d: [e, f]\n      g: {}",
    "signs in a value": "a: http://x:1/#y # z\nb: C++ #\nc: 你好，世界:。#\nd: ${X} [1]",
    "an indented file": "  a: 1\n  b:\n     c: 2\n",
    "a list": "- 1\n- a: []",
}


@pytest.mark.parametrize("text", READ.values(), ids=READ)
def test_what_is_read(text: str) -> None:
    assert read(text) == parsed(text) is not None


LEFT = {
    "nothing": "# a\n\n",
    "a value alone": "a",
    "an anchor": "a: &b c",
    "an alias": "a: *b",
    "a tag": "a: !b c",
    "a block": "a: |\n  b",
    "a value on two lines": "a: b\n  c",
    "a value below its key": "a:\n  b",
    "an escape": 'a: "\\n"',
    "a doubled quote": "a: 'b''c'",
    "a group in braces": "a: {b: c}",
    "a key in quotes": "'a': b",
    "a document": "---\na: b",
    "a tab": "a:\tb",
    "a line break that few know": "a: b\u2028",
    "a lone carriage return": "a: b\rc: d",
    "a list in a list": "- - a",
    "an empty item": "- a\n-\n",
    "a wrong indentation": "a:\n    b: c\n  d: e",
    "deep nesting": "\n".join(f"{' ' * depth}a:" for depth in range(DEEPEST_NESTING + 2)),
}


@pytest.mark.parametrize("text", LEFT.values(), ids=LEFT)
def test_what_is_left_to_the_parser(text: str) -> None:
    assert read(text) is None


def test_time_does_not_grow_with_the_square() -> None:
    assert read(f"a: b{' ' * 1_000_000}: c") is None
