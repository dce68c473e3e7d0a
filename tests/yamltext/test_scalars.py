"""Single scalars: the tables of spec config §§3.1, 9.3, and that what is written is read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.text import is_unicode
from koe.yamltext.document import Document
from koe.yamltext.scalars import (
    atom_text,
    block_lines,
    flow_text,
    foreign_tag,
    number_text,
    resolve,
    resolve_plain,
)


@pytest.mark.parametrize(
    ("texts", "value"),
    [
        ("true True TRUE", True),
        ("false False FALSE", False),
        ("~ null Null NULL", None),
        ("12 +12 0xC 0o14 0b1100 +0xC", 12),
        ("-0 0 +0", 0),
        ("-0x1F", -31),
        ("18446744073709551615", 2**64 - 1),
        ("-9223372036854775808", -(2**63)),
        ("1.5 +1.5 15e-1 1.50 0.15E+1", 1.5),
        (".5 0.5", 0.5),
        ("1. 1e0", 1.0),
        (".inf .Inf .INF +.inf", math.inf),
        ("-.inf", -math.inf),
    ],
)
def test_what_has_a_type(texts: str, value: object) -> None:
    for text in texts.split():
        found = resolve_plain(text)
        assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number(text: str) -> None:
    found = resolve_plain(text)
    assert isinstance(found, float) and math.isnan(found)


TEXTS = """
    yes No on OFF y n 0X1F 017 007 -017 09 1_000 12:30 nan inf 1e400 2024-01-01 << = tRue nUll
    18446744073709551616 -9223372036854775809 0b2 0o8 1.2.3 ١٢ .Nan - + . e1 1e
"""


@pytest.mark.parametrize("text", [*TEXTS.split(), "9" * 5000, "0x" + "F" * 5000])
def test_what_is_text(text: str) -> None:
    assert resolve_plain(text) == text


@pytest.mark.parametrize(
    ("yaml_text", "value", "tag"),
    [
        ("'5'", "5", None),
        ('"true"', "true", None),
        ("!!str 5", "5", None),
        ("! 5", "5", None),
        ("!!int 5", 5, None),
        ("|\n  5", "5", None),
        ("!foo 9", 9, "!foo"),
        ("''", "", None),
    ],
)
def test_quotes_and_tags(yaml_text: str, value: object, tag: str | None) -> None:
    part = Document.parse(yaml_text, "p").root
    assert part
    assert (resolve(part), foreign_tag(part)) == (value, tag)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.5, "1.5"),
        (1.0, "1.0"),
        (1000.0, "1000.0"),
        (-0.0, "-0.0"),
        (1e15, "1000000000000000.0"),
        (1e16, "1e16"),
        (-1.5e300, "-1.5e300"),
        (1e-5, "0.00001"),
        (-1.25e-5, "-0.0000125"),
        (1e-6, "1e-6"),
        (math.inf, ".inf"),
        (-math.inf, "-.inf"),
        (math.nan, ".nan"),
    ],
)
def test_numbers_as_text(number: float, text: str) -> None:
    assert number_text(number) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (7, "7"),
        (None, "null"),
        ("", '""'),
        ("true", '"true"'),
        ("122", '"122"'),
        ("007", "007"),
        ("yes", "yes"),
        ("${KEY}", "${KEY}"),
        ("https://h/v1", "https://h/v1"),
        ("命令 词", "命令 词"),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("a#b:c", "a#b:c"),
        ("a ", '"a "'),
        (" a", '" a"'),
        ("- a", '"- a"'),
        ("*a", '"*a"'),
        ("&a", '"&a"'),
        ('say "hi"', 'say "hi"'),
        ('"hi"', "'\"hi\"'"),
        ("'", '"\'"'),
        ("# \\d '", "'# \\d '''"),
        ("a\nb\t", '"a\\nb\\t"'),
        ("\x00\x7f\x85\u2028\ufeff", '"\\0\\u007f\\u0085\\u2028\\ufeff"'),
    ],
)
def test_scalars_as_yaml(value: str | int | None, text: str) -> None:
    assert atom_text(value) == text


def test_quotes_that_were_there_stay() -> None:
    assert atom_text("a", quote="'") == "'a'"
    assert atom_text("a", quote='"') == '"a"'
    assert atom_text("a\nb", quote="'") == '"a\\nb"'
    assert atom_text(5, quote='"') == "5"


def test_braces_need_more_quotes() -> None:
    assert atom_text("${KEY}", in_flow=True) == '"${KEY}"'
    assert flow_text({"a": ["x, y", 1], "b": {}}) == '{a: ["x, y", 1], b: {}}'


def test_what_cannot_be_stored() -> None:
    with pytest.raises(ValueError, match="Unicode"):
        atom_text("\ud800")


def test_blocks() -> None:
    lines = block_lines({"a": {"b c": [1, [2, 3], {"d": 4, "e": []}]}, "5": "x"}, 1)
    assert lines == [
        " a:",
        "   b c:",
        "     - 1",
        "     - - 2",
        "       - 3",
        "     - d: 4",
        "       e: []",
        ' "5": x',
    ]


texts = st.text() | st.text(alphabet="a:#-'\"\\ {}[],&*!|>%@`?~.0\t\n\r\x85\u2028")


@given(texts.filter(is_unicode), st.sampled_from(["", "'", '"']))
def test_text_that_is_written_is_read_again(text: str, quote: str) -> None:
    for yaml_text in (f"k: {atom_text(text, quote=quote)}", f"{{k: {flow_text(text)}}}"):
        root = Document.parse(yaml_text, "p").root
        assert root
        assert resolve(root.items[1]) == text


@given(st.floats(allow_nan=False) | st.integers(-(2**63), 2**64 - 1))
def test_numbers_that_are_written_are_read_again(number: float) -> None:
    found = resolve_plain(atom_text(number))
    assert (type(found), found) == (type(number), number)
