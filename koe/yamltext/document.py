"""The places of all nodes in a YAML text, for editing.

`koe.yamltext.scalars` decides what a scalar means on its own.
"""

from __future__ import annotations

from koe.errors import ConfigError
from koe.yamltext.parser import (
    CollectionStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    parse,
)

SCALAR, SEQUENCE, MAPPING, ALIAS = "scalar", "sequence", "mapping", "alias"


# Not dataclasses, for the reason given in koe.yamltext.tree.


class Part:
    """One node of a text, with its place in the text.

    Attributes:
        kind: `SCALAR`, `SEQUENCE`, `MAPPING` or `ALIAS`.
        start: Offset of its first character, which may be that of its anchor or tag.
        end: Offset after its last character. Blank lines and comments that follow a block are
            not part of it, except the blank lines that a ``|+`` keeps.
        line: Line of its start, from 1.
        text: The value of a scalar; ``${NAME}`` is not substituted.
        style: The style of a scalar: ``'``, ``"``, ``|``, ``>``, or empty if it is plain.
        tag: As written, with ``!!`` resolved; None if there is none.
        anchor: Its name, or the name that an alias refers to; None if there is none.
        is_flow: True for a collection in brackets or braces.
        items: The items of a sequence; the keys and values of a mapping in turn.
        target: The node that an alias stands for.
    """

    __slots__ = (
        "_by_key", "anchor", "end", "is_flow", "items", "kind", "line", "start", "style", "tag",
        "target", "text",
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
        # The pairs of a mapping by the text of their key; None: not needed yet.
        self._by_key: dict[str, list[tuple[Part, Part]]] | None = None

    def pairs(self) -> list[tuple[Part, Part]]:
        """The pairs of a mapping, each key with its value, duplicates included."""
        return list(zip(self.items[::2], self.items[1::2], strict=True))

    def pairs_of(self, key: str) -> list[tuple[Part, Part]]:
        """The pairs of a complete mapping whose key is a scalar with this text."""
        if self._by_key is None:
            self._by_key = {}
            for name, value in self.pairs():
                part = name.resolved
                if part.kind == SCALAR:
                    self._by_key.setdefault(part.text, []).append((name, value))
        return self._by_key.get(key, [])

    @property
    def resolved(self) -> Part:
        """The node itself, or the target of an alias."""
        return self.target or self


class Document:
    """A YAML text and the places of all its nodes; immutable.

    Attributes:
        path: The file, for messages.
        text: The text, without a byte order mark.
        root: The top node; None if the text has only comments.
        aliased: The anchors to which aliases refer.
    """

    __slots__ = ("aliased", "path", "root", "text")

    def __init__(self, path: str, text: str, root: Part | None, aliased: frozenset[str]) -> None:
        self.path = path
        self.text = text
        self.root = root
        self.aliased = aliased

    @classmethod
    def parse(cls, text: str, path: str) -> Document:
        """Parse a text; raises the errors of `koe.yamltext.parser.parse`."""
        aliased: set[str] = set()

        def make(event: NodeEvent, anchors: dict[str, Part]) -> tuple[Part, list[Part]]:
            part = _part(event, text)
            if part.kind == ALIAS:
                assert part.anchor
                aliased.add(part.anchor)
                part.target = anchors[part.anchor].resolved
            return part, part.items

        root = parse(text, path, make, _close)
        return cls(path, text, root, frozenset(aliased))

    def error(self, part: Part, problem: str) -> ConfigError:
        """The error ``problem`` at the line of ``part``, to be raised by the caller."""
        return ConfigError(self.path, f"line {part.line}: {problem}")


def _part(event: NodeEvent, text: str) -> Part:
    assert event.start_mark and event.end_mark
    start, end = event.start_mark.index, event.end_mark.index
    part = Part(SCALAR, start, end, event.start_mark.line + 1, event.anchor)
    if isinstance(event, ScalarEvent):
        part.text = event.value
        part.style = event.style or ""
        part.tag = event.tag
        if part.style in {"|", ">"} and "+" not in text[start:end].partition("\n")[0]:
            part.end = start + len(text[start:end].rstrip())
    elif isinstance(event, CollectionStartEvent):
        part.kind = MAPPING if isinstance(event, MappingStartEvent) else SEQUENCE
        part.tag = event.tag
        part.is_flow = bool(event.flow_style)
    else:
        part.kind = ALIAS
    return part


def _close(part: Part, event: Event) -> None:
    # The parser ends a block where the next node starts, after the comments between them.
    assert event.end_mark
    part.end = event.end_mark.index if part.is_flow else part.items[-1].end
