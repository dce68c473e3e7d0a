"""Parses any YAML text, into a tree of nodes that the caller makes.

The only module that imports PyYAML, and only its parser: events with positions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import yaml
from yaml import CollectionStartEvent, Event, MappingStartEvent, NodeEvent, ScalarEvent
from yaml.reader import ReaderError

from koe.errors import ConfigError
from koe.text import is_unicode
from koe.yamltext.tree import DEEPEST_NESTING, Mapping, Node, Scalar, Sequence

try:
    from yaml import CBaseLoader as _Loader
except ImportError:  # PyYAML was built without libyaml
    from yaml import BaseLoader as _Loader  # type: ignore[assignment]

__all__ = [
    "CollectionStartEvent",
    "Event",
    "MappingStartEvent",
    "NodeEvent",
    "ScalarEvent",
    "parse",
    "parse_values",
]

T = TypeVar("T")

_NO_ANCHOR = "put quotes around a text that begins with *, or replace the alias by its value"


def parse_values(text: str, path: str, scalar: Callable[[str, int, bool], Scalar]) -> Node | None:
    """The tree of values of the only document in a text; None if there is none.

    Args:
        text: The text.
        path: The file, for messages.
        scalar: Makes a scalar of its text, its line, and whether it is plain.

    Raises:
        ConfigError: See `parse`.
    """

    def make(event: NodeEvent, anchors: dict[str, Node]) -> tuple[Node, list[Node]]:
        node = _value(event, anchors, scalar)
        return node, [] if isinstance(node, Scalar) else node.items

    return parse(text, path, make, lambda _node, _event: None)


def _value(
    event: NodeEvent, anchors: dict[str, Node], scalar: Callable[[str, int, bool], Scalar]
) -> Node:
    assert event.start_mark
    line = event.start_mark.line + 1
    if isinstance(event, MappingStartEvent):
        return Mapping(line)
    if isinstance(event, yaml.SequenceStartEvent):
        return Sequence(line)
    if isinstance(event, ScalarEvent):
        return scalar(event.value, line, not event.style)
    return anchors[event.anchor or ""]


def parse(
    text: str,
    path: str,
    make: Callable[[NodeEvent, dict[str, T]], tuple[T, list[T]]],
    close: Callable[[T, Event], None],
) -> T | None:
    """Make a tree of the only document in a text.

    Args:
        text: The text.
        path: The file, for messages.
        make: See `_build_tree`.
        close: See `_build_tree`.

    Returns:
        Its root; None if it has only comments.

    Raises:
        ConfigError: It is not YAML, or not one document; the message has line and column.
    """
    try:
        return _build_tree(yaml.parse(text, Loader=_Loader), make, close)
    except ReaderError as exc:
        # Its position counts characters or bytes, depending on the loader, so it is not used.
        before = text[: text.find(chr(exc.character))]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = "this control character is not allowed; delete it and save the file"
        raise ConfigError(path, f"line {line}, column {column}: {problem}") from exc
    except yaml.MarkedYAMLError as exc:
        raise ConfigError(path, _syntax_reason(exc, text)) from exc
    except (ValueError, OverflowError) as exc:  # from the pure Python loader, without a position
        problem = "an escape such as \\U00110000, or the version after %YAML, is too large"
        raise ConfigError(path, f"not valid YAML: {problem}; correct it and save the file") from exc


def _syntax_reason(exc: yaml.MarkedYAMLError, text: str) -> str:
    mark, start = exc.problem_mark, exc.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    if exc.note:  # raised by _error_at
        return f"{where}{exc.problem}; {exc.note} and save the file"
    # Imported only after a mistake.
    from koe.yamltext.slips import find_slip

    if mark and (slip := find_slip(text, mark.line + 1)):
        where = where if slip.line == mark.line + 1 else f"line {slip.line}: "
        return f"{where}not valid YAML: {slip.message}, and save the file"
    context = f" ({exc.context}, from line {start.line + 1})" if start else ""
    remedy = "check quotes and indentation there (spaces only, no tabs) and save the file"
    return f"{where}not valid YAML: {exc.problem}{context}; {remedy}"


def _build_tree(
    events: Iterator[Event],
    make: Callable[[NodeEvent, dict[str, T]], tuple[T, list[T]]],
    close: Callable[[T, Event], None],
) -> T | None:
    """Build the tree here, because yaml.compose() recurses in C: deep nesting crashes the process.

    Args:
        events: The events of the parser.
        make: Returns the node for an event, and the list that receives the nodes below it. Its
            second argument has the nodes of the anchors so far.
        close: Called when all nodes below a collection were added.
    """
    root: T | None = None
    anchors: dict[str, T] = {}
    parents: list[tuple[T, list[T]]] = []  # the open collections, outermost first
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            close(parents.pop()[0], event)
        elif isinstance(event, yaml.DocumentStartEvent):
            if root is not None:
                raise _error_at(event, "a second document starts here", "delete the line ---")
        elif isinstance(event, NodeEvent):
            if isinstance(event, yaml.AliasEvent) and event.anchor not in anchors:
                raise _error_at(event, "this alias has no anchor", _NO_ANCHOR)
            if isinstance(event, ScalarEvent) and not is_unicode(event.value):
                problem = "this escape is not a Unicode character"
                raise _error_at(event, problem, "correct it")
            node, items = make(event, anchors)
            if event.anchor and not isinstance(event, yaml.AliasEvent):
                anchors[event.anchor] = node
            if parents:
                parents[-1][1].append(node)
            else:
                root = node
            if isinstance(event, CollectionStartEvent):
                parents.append((node, items))
                if len(parents) > DEEPEST_NESTING:
                    problem = f"nested deeper than {DEEPEST_NESTING} levels"
                    raise _error_at(event, problem, "reduce the nesting")
    return root


def _error_at(event: Event, problem: str, remedy: str) -> yaml.MarkedYAMLError:
    # The type stubs do not mention that libyaml's marks are accepted too.
    mark: Any = event.start_mark
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark, note=remedy)
