"""Places: every part is where its text is. `test_store` has what settings are read from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from koe.errors import ConfigError
from koe.yamltext import parser
from koe.yamltext.document import ALIAS, Document, Part


@pytest.fixture(params=["CBaseLoader", "BaseLoader"], autouse=True)
def _each_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With libyaml, if it is there, and with the parser in pure Python."""
    if not hasattr(yaml, request.param):
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(parser, "_Loader", getattr(yaml, request.param))


def parts(part: Part | None) -> Iterator[Part]:
    if part is not None:
        yield part
        for item in part.items:
            yield from parts(item)


def places(text: str) -> list[str]:
    return [text[part.start : part.end] for part in parts(Document.parse(text, "p").root)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# c\n", []),
        ("a: 1 # c\n\n# d\n", ["a: 1", "a", "1"]),
        ("é𐀀: 界\r\nb: x\r\n", ["é𐀀: 界\r\nb: x", "é𐀀", "界", "b", "x"]),
        ("a:\nb: ''", ["a:\nb: ''", "a", "", "b", "''"]),
        ("a: {b: [1, 2 ]} # c", ["a: {b: [1, 2 ]}", "a", "{b: [1, 2 ]}", "b", "[1, 2 ]", "1", "2"]),
        ("a:\n- x\n\n# c\n", ["a:\n- x", "a", "- x", "x"]),
        ("a: &x !t v\nb: *x", ["a: &x !t v\nb: *x", "a", "&x !t v", "b", "*x"]),
        ("a: |\n  x\n\n# c\n", ["a: |\n  x", "a", "|\n  x"]),
        ("a: |+ # c\n  x\n\nb:", ["a: |+ # c\n  x\n\nb:", "a", "|+ # c\n  x\n\n", "b", ""]),
        ("a: x\n  y\n", ["a: x\n  y", "a", "x\n  y"]),
    ],
)
def test_places(text: str, expected: list[str]) -> None:
    assert places(text) == expected


def test_what_a_part_knows() -> None:
    text = "a: &x !t 'v'\nb: *x\nc: {}\nd: ! ${E}\n"
    document = Document.parse(text, "p")
    assert document.root
    (_, tagged), (_, alias), (_, flow), (_, plain) = document.root.pairs()

    assert (tagged.text, tagged.style, tagged.tag, tagged.anchor) == ("v", "'", "!t", "x")
    assert (alias.kind, alias.resolved, document.aliased) == (ALIAS, tagged, frozenset("x"))
    assert (flow.is_flow, flow.items, flow.line) == (True, [], 3)
    assert (plain.text, plain.style, plain.tag) == ("${E}", "", "!")


def test_a_secret_is_in_no_repr() -> None:
    document = Document.parse("api_key: sk-1", "p")

    assert "sk-1" not in repr(document)
    assert "sk-1" not in repr(document.root)


@pytest.mark.parametrize("text", ["a: *b", "a: 1\n---\nb: 1", "[" * 129, "a: \x07"])
def test_what_is_not_yaml(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^config error: p: line \d+, column \d+: "):
        Document.parse(text, "p")


def test_the_line_of_a_mistake_is_named_where_the_parser_stopped_in_the_next_one() -> None:
    message = r"^config error: p: line 1(, column \d+)?: not valid YAML: the \[ here is not closed"
    with pytest.raises(ConfigError, match=message):
        Document.parse("a: [", "p")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n---\nb: 1", "line 2, column 1: a second document starts here; delete the line ---"),
        (
            "a: *b",
            "line 1, column 4: this alias has no anchor; put quotes around a text that begins "
            "with *, or replace the alias by its value",
        ),
        (
            "a: " + "[" * 128,
            "line 1, column 131: nested deeper than 128 levels; reduce the nesting",
        ),
    ],
)
def test_what_is_yaml_and_no_configuration(text: str, message: str) -> None:
    """Quotes and indentation are not what is wrong."""
    with pytest.raises(ConfigError) as raised:
        Document.parse(text, "p")
    assert raised.value.reason == f"{message} and save the file"
