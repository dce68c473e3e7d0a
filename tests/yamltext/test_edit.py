"""Editing: what changes, and above all what does not.

Every text here is compared byte for byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from koe.errors import ConfigError
from koe.yamltext.document import MAPPING, Document
from koe.yamltext.edit import find, move, remove, set_value
from koe.yamltext.outline import Outline, outline_of, value_outline
from koe.yamltext.places import line_stop, pair_of
from koe.yamltext.scalars import atom_text, flow_text

if TYPE_CHECKING:
    from koe.yamltext.scalars import YamlValue


def edited(text: str, key: str, value: YamlValue) -> str:
    return set_value(Document.parse(text, "p"), tuple(key.split(".")), value).text


@pytest.mark.parametrize(
    ("text", "key", "value", "result"),
    [
        # the table of spec config §9.4
        ("", "a", 1, "a: 1\n"),
        ("", "a.b.c", True, "a:\n  b:\n    c: true\n"),
        ("a: 1", "a.b", 2, "a:\n  b: 2"),
        ("a: [1]", "a.b", 2, "a:\n  b: 2"),
        ("a: {b: 1}", "a", "", 'a: ""'),
        ("z: 1\nllm:\n  enabled: true\n", "llm.new", 5, "z: 1\nllm:\n  enabled: true\n  new: 5\n"),
        # nothing but comments
        ("# c", "a", 1, "# c\na: 1\n"),
        ("---\n# c\n", "a", 1, "---\n# c\na: 1\n"),
        ("{} # c\n", "a.b", 1, "a:\n  b: 1 # c\n"),
        # scalars in the place of scalars
        ("a: 1 # c\nb: 2", "a", "x y", "a: x y # c\nb: 2"),
        ("a:   'x'\n", "a", "it's", "a:   'it''s'\n"),
        ('a: "x"\n', "a", "y", 'a: "y"\n'),
        ('a: "x"\n', "a", 5, "a: 5\n"),
        ("a: # c\nb: 1", "a", 2, "a: 2 # c\nb: 1"),
        ("a: # c\n  x\nb: 1", "a", 2, "a: # c\n  2\nb: 1"),
        ("a:\r\nb:\r\n", "a", 2, "a: 2\r\nb:\r\n"),
        ("a: x\n  y # c\nb: 1", "a", "z", "a: z # c\nb: 1"),
        ("a: |\n  x\n\n  y\n\n# c\nb: 1", "a", "z", "a: z\n\n# c\nb: 1"),
        ("a: |+\n  x\n\nb: 1\n", "a", 2, "a: 2\n\nb: 1\n"),
        ("a: !foo 9 # c\n", "a", 2, "a: 2 # c\n"),
        ("a: &x 9\n", "a", 2, "a: 2\n"),
        ("a: &x {k: 1}\nb: *x\n", "b", 2, "a: &x {k: 1}\nb: 2\n"),
        ("? a\n: 1\n", "a", 2, "? a\n: 2\n"),
        ("a: 1\na: 2\n", "a", 3, "a: 1\na: 3\n"),
        # what means the same stays as it is written
        ("a: 0x1F", "a", 31, "a: 0x1F"),
        ("a: 'x'", "a", "x", "a: 'x'"),
        ("a: True", "a", True, "a: True"),
        ("a: '1'", "a", 1, "a: 1"),
        ("a: 1.50", "a", 1.5, "a: 1.50"),
        # sections in the place of something, and something in the place of sections
        ("a: 1 # c\nb: 2\n", "a.b", 3, "a: # c\n  b: 3\nb: 2\n"),
        ("a: |\n  x\nb: 2\n", "a.b", 3, "a:\n  b: 3\nb: 2\n"),
        ("a: # c\n  b: 1 # d\n  c:\n  - 1\n# e\nz: 1\n", "a", 2, "a: 2 # c\n# e\nz: 1\n"),
        ("a: &x # c\n  b: 1\n", "a", 2, "a: 2\n"),
        ("a:\n- 1\n- 2\nb: 1", "a", ["x"], "a:\n  - x\nb: 1"),
        ("a:\n    b: 1\n", "a", {"c": {"d": 1}}, "a:\n    c:\n      d: 1\n"),
        ("a:\n  b: 1\n", "a", {}, "a: {}\n"),
        # new keys
        ("a:\n    b: 1\n\n# z\nz: 1", "a.c", 2, "a:\n    b: 1\n    c: 2\n\n# z\nz: 1"),
        (
            "a:\n  b: 1\n  # d: 2\n\n  # e: 3\n\n# z\nz: 1",
            "a.c",
            2,
            "a:\n  b: 1\n  # d: 2\n\n  # e: 3\n  c: 2\n\n# z\nz: 1",
        ),
        ("a:\n  b:\n    c: 1\n  # d\n", "a.b.e", 2, "a:\n  b:\n    c: 1\n    e: 2\n  # d\n"),
        ("a:\r\n  b: 1\r\n", "a.c", 2, "a:\r\n  b: 1\r\n  c: 2\r\n"),
        ("a:\n  b:\n", "a.c", 2, "a:\n  b:\n  c: 2\n"),
        ("a:\n  b: |+\n    x\n\nz: 1\n", "a.c", 2, "a:\n  b: |+\n    x\n\n  c: 2\nz: 1\n"),
        ("a: 1\n\n# end", "b", 2, "a: 1\n\n# end\nb: 2\n"),
        ("a: 1\n...\n", "b", 2, "a: 1\nb: 2\n...\n"),
        ("a: 1\n", "x y.5", "1", 'a: 1\nx y:\n  "5": "1"\n'),
        ("a:\n- 1\n", "b", 2, "a:\n- 1\nb: 2\n"),
        ("a: {} # c\n", "a.b", 2, "a: # c\n  b: 2\n"),
        # braces
        ("a: {b: 1}", "a.b", "x, y", 'a: {b: "x, y"}'),
        ("a: {b: 1} # c", "a.c", True, "a: {b: 1, c: true} # c"),
        ("a: {b: 1,}", "a.c.d", [1, {}], "a: {b: 1, c: {d: [1, {}]},}"),
        ("{a: }", "b", 2, "{a: , b: 2}"),
        ("{a}", "a", 2, "{a: 2}"),
        ("{a}", "b", 2, "{a, b: 2}"),
        ("{\n  a: 1 # c\n}\n", "b", 2, "{\n  a: 1, b: 2 # c\n}\n"),
        ('{"a":1}', "a", 2, '{"a": 2}'),
    ],
)  # fmt: skip
def test_set(text: str, key: str, value: YamlValue, result: str) -> None:
    assert edited(text, key, value) == result


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("a: &x {k: 1}\nb: *x\n", "a.k", r"line 1: the alias \*x refers to this"),
        ("a: &x {k: 1}\nb: *x\n", "a", r"line 1: the alias \*x refers to this"),
        ("a:\n  k: &x 1\nb: *x\n", "a", r"line 2: the alias \*x refers to this"),
        ("a: &x {k: 1}\nb: *x\n", "b.k", r"line 2: this section is the alias \*x"),
        ("- a", "b", "line 1: expected settings"),
        ("text", "b", "line 1: expected settings"),
        ("[]", "b", "line 1: expected settings"),
        ("--- {}", "b", "line 1: koe can't change this"),
        ("? a\n: 1\n", "b", "line 2: koe can't change this"),
        ("a: |\n  x", "b", "line 1: koe can't change this"),
        ("a: 1", ".".join("b" * 128), "nested deeper than 128 levels"),
        ("a: 1", ".".join("b" * 5000), "nested deeper than 128 levels"),
    ],
)
def test_what_is_refused(text: str, key: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=f"^config error: p: {reason}"):
        edited(text, key, 2)


def test_find() -> None:
    document = Document.parse("a: &x {k: 1, k: 2}\nb: *x\n'': {'': 3}\nc: [1]\n5: 6", "p")

    def text(*path: str) -> str | None:
        part = find(document, path)
        return None if part is None else part.text

    assert text("b", "k") == "2"
    assert text("", "") == "3"
    assert text("c", "0") is text("5") is text("a", "k", "x") is text("d", "e") is None


@pytest.mark.parametrize(
    ("text", "key", "result"),
    [
        ("# k\na: 1 # x\n# l\nb: 2\n", "a", "# k\n# l\nb: 2\n"),
        ("a: 1\nb: |\n  x\n\n  y\n", "b", "a: 1\n"),
        ("a: 1\nb:\n  c: 1\nd: 2", "b", "a: 1\nd: 2"),
        ("a:\n  b: 1\n", "a.b", "a: {}\n"),
        ("a: {b: 1, c: 2, d: 3}", "a.b", "a: {c: 2, d: 3}"),
        ("a: {b: 1, c: 2, d: 3}", "a.c", "a: {b: 1, d: 3}"),
        ("a: {b: 1, c: 2}", "a.c", "a: {b: 1}"),
        ("a: 1\nb: 2\na: 3\n", "a", "b: 2\n"),
        ("a: 1\n", "b", "a: 1\n"),
        ("a: 1\n", "b.c", "a: 1\n"),
    ],
)
def test_remove(text: str, key: str, result: str) -> None:
    assert remove(Document.parse(text, "p"), tuple(key.split("."))).text == result


def test_what_is_not_removed() -> None:
    for text in ("a: 1\n", "a: &x 1\nb: *x\n"):
        with pytest.raises(ConfigError):
            remove(Document.parse(text, "p"), ("a",))


@pytest.mark.parametrize(
    ("text", "old", "new", "result"),
    [
        (
            "a:\n  # k1\n  # k2\n  k: 'x' # k3\n  l: 1\n",
            "a.k",
            "a.b.c",
            "a:\n  l: 1\n  b:\n    # k1\n    # k2\n    c: 'x' # k3\n",
        ),
        (
            "a:\n    k: |\n        x\n\n         y\n    l: 1\nb:\n  c: 1",
            "a.k",
            "b.k",
            "a:\n    l: 1\nb:\n  c: 1\n  k: |\n      x\n\n       y\n",
        ),
        ("a: 1\nb: 2\n", "b", "c", "a: 1\nc: 2\n"),
        ("a: 1\nb: 2", "b", "c.d", "a: 1\nc:\n  d: 2\n"),
        ("a: {k: 0x1, l: 2}\n", "a.k", "b.c", "a: {l: 2}\nb:\n  c: 1\n"),
        ("a:\n  k: 1\n", "a.k", "b", "a: {}\nb: 1\n"),
        ("a: 1\nb: 2\n", "a", "b", "b: 1\n"),
        ("a: 1\n", "b", "c", "a: 1\n"),
    ],
)
def test_move(text: str, old: str, new: str, result: str) -> None:
    document = Document.parse(text, "p")
    assert move(document, tuple(old.split(".")), tuple(new.split("."))).text == result


# --- any document ------------------------------------------------------------------------

keys = st.sampled_from(["a", "b", "c", "asr", "x y", "5", "é"])
atoms = (
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.none() | st.floats(allow_nan=False)
    | st.sampled_from(["", "x", "it's", 'a "b"', "${KEY}", "a: b", "x\ny\n", " s ", "#", "007"])
)  # fmt: skip
values = st.recursive(
    atoms,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[str, YamlValue], list[str]]:
    """A text as people write them, what it means, and its comments."""
    comments: list[str] = []

    def comment() -> str:
        comments.append(f"# comment {len(comments):03}")
        return comments[-1]

    def scalar(value: YamlValue) -> str:
        if isinstance(value, list | dict):
            return flow_text(value)
        if isinstance(value, str) and draw(st.booleans()):
            return atom_text(value, quote=draw(st.sampled_from(["'", '"'])))
        return "" if value is None else atom_text(value)

    def block(value: dict[str, YamlValue], indent: int) -> list[str]:
        lines = []
        for key, item in value.items():
            prefix = " " * indent
            if draw(st.integers(0, 4)) == 0:
                above = draw(st.sampled_from(["", prefix, "no"]))
                lines.append("" if above == "no" else above + comment())
            head = f"{prefix}{atom_text(key)}:"
            end = f" {comment()}" if draw(st.integers(0, 4)) == 0 else ""
            if isinstance(item, dict) and item and draw(st.integers(0, 3)):
                step = draw(st.integers(1, 4))
                lines += [head + end, *block(item, indent + step)]
            elif isinstance(item, list) and item and draw(st.booleans()):
                lines += [head + end, *(f"{prefix}- {flow_text(it)}" for it in item)]
            elif item == "x\ny\n" and draw(st.booleans()):
                lines += [f"{head} |{end}", f"{prefix}  x", f"{prefix}  y"]
            else:
                lines.append(f"{head} {scalar(item)}".rstrip(" ") + end)
        return lines

    meaning = draw(st.dictionaries(keys, values, max_size=5))
    lines = [*block(meaning, 0), *draw(st.sampled_from([[], [""], ["# the end"]]))]
    if "# the end" in lines:
        comments.append("# the end")
    ends = draw(st.sampled_from(["\n", "\r\n"]))
    return ends.join(lines) + draw(st.sampled_from(["", ends])), meaning, comments


def put(meaning: dict[str, YamlValue], path: list[str], value: YamlValue) -> dict[str, YamlValue]:
    key, *rest = path
    below = meaning.get(key)
    inner = put(below if isinstance(below, dict) else {}, rest, value) if rest else value
    return {**meaning, key: inner}


def outline(document: Document) -> Outline:
    return outline_of(document.root) if document.root else value_outline({})


@given(documents(), st.lists(keys, min_size=1, max_size=4), values)
def test_any_set(
    generated: tuple[str, dict[str, YamlValue], list[str]], path: list[str], value: YamlValue
) -> None:
    text, meaning, comments = generated
    document = Document.parse(text, "p")
    assert outline(document) == value_outline(meaning)

    result = set_value(document, tuple(path), value)

    assert outline(result) == value_outline(put(meaning, path, value))
    given_up = giving_way(document, path)
    for kept in comments:
        assert kept in result.text or kept in given_up
    if "\r\n" in text:
        assert result.text.count("\n") == result.text.count("\r\n")


def giving_way(document: Document, path: list[str]) -> str:
    """What stands behind the key whose value is replaced, or has to become a section."""
    section = document.root
    for depth, key in enumerate(path, start=1):
        pair = pair_of(section, key) if section else None
        if pair is None:
            return ""
        section = pair[1]
        if depth == len(path) or section.kind != MAPPING or not section.items:
            return document.text[pair[0].end : line_stop(document.text, section.end)]
    raise AssertionError


@given(documents(), st.data())
def test_any_scalar_in_the_place_of_another(
    generated: tuple[str, dict[str, YamlValue], list[str]], data: st.DataObject
) -> None:
    text, meaning, _ = generated
    single = [key for key, value in meaning.items() if not isinstance(value, list | dict)]
    assume(single)
    key = data.draw(st.sampled_from(single))
    document = Document.parse(text, "p")
    place = find(document, (key,))
    assert place

    result = set_value(document, (key,), data.draw(atoms)).text

    after = text[place.end :]
    assert result.startswith(text[: place.start])
    assert result.endswith(after if text[place.start : place.end].strip() else after.lstrip(" "))
