"""Parses YAML texts into a tree of values for the settings, in which values have no types yet.

The only module that imports PyYAML, and only its parser: events with positions. A scalar is text
until the setting that reads it converts it, so ``0012``, ``1.10`` and ``no`` stay as the user
typed them. For editing, `koe.yamltext.document` builds a tree of places from the same events.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

import yaml
from yaml import CollectionStartEvent, Event, MappingStartEvent, NodeEvent, ScalarEvent
from yaml.reader import ReaderError

from koe.errors import ConfigError
from koe.text import is_unicode

try:
    from yaml import CBaseLoader as _Loader
except ImportError:  # PyYAML was built without libyaml
    from yaml import BaseLoader as _Loader  # type: ignore[assignment]

__all__ = [
    "BOOLEANS",
    "DEEPEST_NESTING",
    "INTEGER",
    "NULLS",
    "CollectionStartEvent",
    "Environment",
    "Event",
    "Mapping",
    "MappingStartEvent",
    "Node",
    "NodeEvent",
    "Scalar",
    "ScalarEvent",
    "Sequence",
    "compose",
    "parse",
]

T = TypeVar("T")

DEEPEST_NESTING = 128  # spec config §1.9

_NO_ANCHOR = "write out what it means, or put a text that begins with * in quotes"

# The classes are not dataclasses: importing the module for dataclasses takes longer than loading a
# file, and nothing else here needs it. The shell waits for both.

# The values besides text that a scalar without quotes may have in YAML 1.2 (spec config §3.1).
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
BOOLEANS = {
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]*|0x[0-9A-Fa-f]+|0o[0-7]+|0b[01]+)")

_REFUSALS = frozenset({
    "no", "n", "off", "false", "f", "none", "never", "0", "disabled", "disable",
})  # fmt: skip


class Scalar:
    """One value, or one key, of the file.

    Attributes:
        text: The value with environment variables substituted. It may be a secret, so it
            is in no ``repr`` and no message.
        written: The value as written in the file, which may be a secret too.
        line: Line in the file, from 1.
        is_plain: True if it is neither quoted nor a block scalar.
        unset: Names of the environment variables that it refers to and that are not set.
    """

    __slots__ = ("is_plain", "line", "text", "unset", "written")

    def __init__(
        self,
        text: str,
        written: str,
        line: int,
        is_plain: bool = True,
        unset: tuple[str, ...] = (),
    ) -> None:
        self.text = text
        self.written = written
        self.line = line
        self.is_plain = is_plain
        self.unset = unset

    @property
    def is_null(self) -> bool:
        """Whether nothing follows the colon, or an explicit null (spec config §3.1)."""
        return self.is_plain and self.text in NULLS

    @property
    def is_boolean(self) -> bool:
        """Whether it is one of YAML's words for true and false."""
        return self.text in BOOLEANS

    @property
    def is_refusal(self) -> bool:
        """Whether it is a word for no, quoted or not."""
        return self.text.strip().lower() in _REFUSALS


class Sequence:
    """A list; ``items`` may contain the sequence itself if the file has such an alias."""

    __slots__ = ("items", "line")

    def __init__(self, line: int, items: list[Node] | None = None) -> None:
        self.line = line
        self.items: list[Node] = [] if items is None else items


class Mapping:
    """A group of settings; ``items`` alternates keys and values, in file order."""

    __slots__ = ("items", "line")

    def __init__(self, line: int, items: list[Node] | None = None) -> None:
        self.line = line
        self.items: list[Node] = [] if items is None else items

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Each key with its value, duplicates included."""
        return zip(self.items[::2], self.items[1::2], strict=True)


Node = Scalar | Sequence | Mapping


# --- reading values ----------------------------------------------------------------------


class Environment(Protocol):
    """Environment variables, such as ``os.environ``."""

    def get(self, name: str, /) -> str | None:
        """The value; None if it is not set."""


def compose(text: str, path: str, environ: Environment) -> Node | None:
    """The tree of the only document in ``text``; None if there is none.

    Environment variables are substituted in parsed values, not in the text, so that the content
    of a variable is never parsed as YAML.

    Raises:
        ConfigError: The text is not YAML, or not one document; the message has line and column.
    """

    def make(event: NodeEvent, anchors: dict[str, Node]) -> tuple[Node, list[Node]]:
        node = _node(event, anchors, environ)
        return node, [] if isinstance(node, Scalar) else node.items

    return parse(text, path, make, lambda _node, _event: None)


def _node(event: NodeEvent, anchors: dict[str, Node], environ: Environment) -> Node:
    assert event.start_mark
    line = event.start_mark.line + 1
    if isinstance(event, MappingStartEvent):
        return Mapping(line)
    if isinstance(event, yaml.SequenceStartEvent):
        return Sequence(line)
    if isinstance(event, ScalarEvent):
        text, unset = _substitute(event.value, environ)
        return Scalar(text, event.value, line, is_plain=not event.style, unset=unset)
    return anchors[event.anchor or ""]


def _substitute(text: str, environ: Environment) -> tuple[str, tuple[str, ...]]:
    """Replace each ``${NAME}`` by the environment variable (spec config §7.1).

    There is one pass: values of variables are not scanned again. A ``${`` without a ``}`` stays.

    Returns:
        The text, and the names that are not set (or not UTF-8), which are replaced by nothing.
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


# --- parsing -----------------------------------------------------------------------------


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
        problem = "an escape such as \\U00110000, or a version, is too large"
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
                    raise _error_at(event, problem, "take some away")
    return root


def _error_at(event: Event, problem: str, remedy: str) -> yaml.MarkedYAMLError:
    # The type stubs do not mention that libyaml's marks are accepted too.
    mark: Any = event.start_mark
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark, note=remedy)
