"""YAML texts: as a tree of values for the settings, and as a tree of places for editing.

The only importer of PyYAML, of which it uses the parser alone: events with positions. What a
scalar means is decided elsewhere, by `koe.config.schema` for settings and by
`koe.yamltext.scalars` for reading and writing single values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

import yaml
from yaml.reader import ReaderError

from koe.errors import ConfigError
from koe.text import is_unicode
from koe.yamltext.tree import Mapping, Node, Scalar, Sequence

try:
    from yaml import CBaseLoader as _Loader
except ImportError:  # PyYAML was built without libyaml
    from yaml import BaseLoader as _Loader  # type: ignore[assignment]

T = TypeVar("T")

DEEPEST_NESTING = 128  # spec config §1.9

_NO_ANCHOR = "write out what it means, or put a text that begins with * in quotes"

SCALAR, SEQUENCE, MAPPING, ALIAS = "scalar", "sequence", "mapping", "alias"


class Environment(Protocol):
    """Environment variables, such as ``os.environ``."""

    def get(self, name: str, /) -> str | None:
        """The value; None when it is not set."""


# --- values ------------------------------------------------------------------------------


def compose(text: str, path: str, environ: Environment) -> Node | None:
    """The tree of the only document in ``text``; None when there is none.

    Environment variables are substituted in values that have been parsed, not in the text, so
    that nothing in a variable can be taken for YAML.

    Raises:
        ConfigError: With line and column.
    """

    def make(event: yaml.NodeEvent, anchors: dict[str, Node]) -> tuple[Node, list[Node]]:
        node = _node(event, anchors, environ)
        return node, [] if isinstance(node, Scalar) else node.items

    return _read(text, path, make, lambda _node, _event: None)


def _node(event: yaml.NodeEvent, anchors: dict[str, Node], environ: Environment) -> Node:
    assert event.start_mark
    line = event.start_mark.line + 1
    if isinstance(event, yaml.MappingStartEvent):
        return Mapping(line)
    if isinstance(event, yaml.SequenceStartEvent):
        return Sequence(line)
    if isinstance(event, yaml.ScalarEvent):
        text, unset = _substitute(event.value, environ)
        return Scalar(text, event.value, line, is_plain=not event.style, unset=unset)
    return anchors[event.anchor or ""]


def _substitute(text: str, environ: Environment) -> tuple[str, tuple[str, ...]]:
    """Replace each ``${NAME}`` by that environment variable (spec config §7.1).

    One pass: what a variable contains is not scanned again. A ``${`` without a ``}`` stays.

    Returns:
        The text, and the names that are not set (or not UTF-8), which give nothing.
    """
    pieces: list[str] = []
    unset: list[str] = []
    position = 0
    while True:
        start = text.find("${", position)
        end = text.find("}", start) if start >= 0 else -1
        if end < 0:
            break
        name = text[start + 2 : end]
        value = environ.get(name)
        if value is None or not is_unicode(value):
            unset.append(name)
            value = ""
        pieces += text[position:start], value
        position = end + 1
    return "".join([*pieces, text[position:]]), tuple(dict.fromkeys(unset))


# --- places ------------------------------------------------------------------------------


# No dataclasses, as in koe.yamltext.tree.


class Part:
    """One node of a text, with its place there.

    Attributes:
        kind: `SCALAR`, `SEQUENCE`, `MAPPING` or `ALIAS`.
        start: Offset of its first character, which may be that of its anchor or tag.
        end: Offset after its last character. Blank lines and comments that follow a block are
            not part of it, except the blank lines that a ``|+`` keeps.
        line: Line of its start, from 1.
        text: Of a scalar, its value; ``${NAME}`` stays.
        style: Of a scalar, ``'``, ``"``, ``|``, ``>``, or nothing when it is plain.
        tag: As written, with ``!!`` resolved; None when there is none.
        anchor: Its name, or the name that an alias refers to; None when there is none.
        is_flow: True for a collection in brackets or braces.
        items: Of a sequence its items; of a mapping keys and values in turn.
        target: What an alias stands for.
    """

    __slots__ = (
        "anchor", "end", "is_flow", "items", "kind", "line", "start", "style", "tag", "target",
        "text",
    )  # fmt: skip

    def __init__(self, kind: str, start: int, end: int, line: int, anchor: str | None) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.line = line
        self.anchor = anchor
        self.text = ""
        self.style = ""
        self.tag: str | None = None
        self.is_flow = False
        self.items: list[Part] = []
        self.target: Part | None = None

    def pairs(self) -> list[tuple[Part, Part]]:
        """Of a mapping, each key with its value, duplicates included."""
        return list(zip(self.items[::2], self.items[1::2], strict=True))

    @property
    def resolved(self) -> Part:
        """Itself, or what it is an alias of."""
        return self.target or self


class Document:
    """A YAML text and the places of everything in it; never changed.

    Attributes:
        path: The file, for messages.
        text: The text, without a byte order mark.
        root: None when there is nothing but comments.
        aliased: The anchors that some alias refers to.
    """

    __slots__ = ("aliased", "path", "root", "text")

    def __init__(self, path: str, text: str, root: Part | None, aliased: frozenset[str]) -> None:
        self.path = path
        self.text = text
        self.root = root
        self.aliased = aliased

    @classmethod
    def parse(cls, text: str, path: str) -> Document:
        """Raises ConfigError as `compose`."""
        aliased: set[str] = set()

        def make(event: yaml.NodeEvent, anchors: dict[str, Part]) -> tuple[Part, list[Part]]:
            part = _part(event, text)
            if part.kind == ALIAS:
                assert part.anchor
                aliased.add(part.anchor)
                part.target = anchors[part.anchor].resolved
            return part, part.items

        root = _read(text, path, make, _close)
        return cls(path, text, root, frozenset(aliased))

    def error(self, part: Part, problem: str) -> ConfigError:
        """To be raised: ``problem`` at the line of ``part``."""
        return ConfigError(self.path, f"line {part.line}: {problem}")


def _part(event: yaml.NodeEvent, text: str) -> Part:
    assert event.start_mark and event.end_mark
    start, end = event.start_mark.index, event.end_mark.index
    part = Part(SCALAR, start, end, event.start_mark.line + 1, event.anchor)
    if isinstance(event, yaml.ScalarEvent):
        part.text = event.value
        part.style = event.style or ""
        part.tag = event.tag
        if part.style in {"|", ">"} and "+" not in text[start:end].partition("\n")[0]:
            part.end = start + len(text[start:end].rstrip())
    elif isinstance(event, yaml.CollectionStartEvent):
        part.kind = MAPPING if isinstance(event, yaml.MappingStartEvent) else SEQUENCE
        part.tag = event.tag
        part.is_flow = bool(event.flow_style)
    else:
        part.kind = ALIAS
    return part


def _close(part: Part, event: yaml.Event) -> None:
    # The parser ends a block where the next thing starts, behind comments that follow it.
    assert event.end_mark
    part.end = event.end_mark.index if part.is_flow else part.items[-1].end


# --- both --------------------------------------------------------------------------------


def _read(
    text: str,
    path: str,
    make: Callable[[yaml.NodeEvent, dict[str, T]], tuple[T, list[T]]],
    close: Callable[[T, yaml.Event], None],
) -> T | None:
    """Parse, and map what PyYAML raises."""
    try:
        return _build_tree(yaml.parse(text, Loader=_Loader), make, close)
    except ReaderError as exc:
        # Its position counts characters or bytes, depending on the loader.
        before = text[: text.find(chr(exc.character))]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = "this control character is not allowed; delete it and save the file"
        raise ConfigError(path, f"line {line}, column {column}: {problem}") from exc
    except yaml.MarkedYAMLError as exc:
        raise ConfigError(path, _syntax_reason(exc, text)) from exc
    except (ValueError, OverflowError) as exc:  # from the loader in pure Python, without a place
        problem = "an escape such as \\U00110000, or a version, is too large"
        raise ConfigError(path, f"not valid YAML: {problem}; correct it and save the file") from exc


def _syntax_reason(exc: yaml.MarkedYAMLError, text: str) -> str:
    mark, start = exc.problem_mark, exc.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    if exc.note:  # our own
        return f"{where}{exc.problem}; {exc.note} and save the file"
    # Only a mistake needs it.
    from koe.yamltext.slips import find_slip

    if mark and (slip := find_slip(text, mark.line + 1)):
        where = where if slip.line == mark.line + 1 else f"line {slip.line}: "
        return f"{where}not valid YAML: {slip.message}, and save the file"
    context = f" ({exc.context}, from line {start.line + 1})" if start else ""
    remedy = "check quotes and indentation there (spaces only, no tabs) and save the file"
    return f"{where}not valid YAML: {exc.problem}{context}; {remedy}"


def _build_tree(
    events: Iterator[yaml.Event],
    make: Callable[[yaml.NodeEvent, dict[str, T]], tuple[T, list[T]]],
    close: Callable[[T, yaml.Event], None],
) -> T | None:
    """Done here because yaml.compose() recurses in C: deep nesting crashes the process.

    Args:
        events: What the parser found.
        make: Gives the node of an event, and the list that takes the nodes below it. Its
            second argument has what the anchors so far stand for.
        close: Called when everything below a collection has been added.
    """
    root: T | None = None
    anchors: dict[str, T] = {}
    parents: list[tuple[T, list[T]]] = []  # still open, outermost first
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            close(parents.pop()[0], event)
        elif isinstance(event, yaml.DocumentStartEvent):
            if root is not None:
                raise _error_at(event, "a second document starts here", "delete the line ---")
        elif isinstance(event, yaml.NodeEvent):
            if isinstance(event, yaml.AliasEvent) and event.anchor not in anchors:
                raise _error_at(event, "this alias has no anchor", _NO_ANCHOR)
            if isinstance(event, yaml.ScalarEvent) and not is_unicode(event.value):
                problem = "this escape is not a Unicode character"
                raise _error_at(event, problem, "correct it")
            node, items = make(event, anchors)
            if event.anchor and not isinstance(event, yaml.AliasEvent):
                anchors[event.anchor] = node
            if parents:
                parents[-1][1].append(node)
            else:
                root = node
            if isinstance(event, yaml.CollectionStartEvent):
                parents.append((node, items))
                if len(parents) > DEEPEST_NESTING:
                    problem = f"nested deeper than {DEEPEST_NESTING} levels"
                    raise _error_at(event, problem, "take some away")
    return root


def _error_at(event: yaml.Event, problem: str, remedy: str) -> yaml.MarkedYAMLError:
    # The stubs leave out that libyaml's marks are accepted too.
    mark: Any = event.start_mark
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark, note=remedy)
