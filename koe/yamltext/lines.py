"""Reads YAML texts with one setting on each line. Nearly all settings files are such texts.

This module reads a part of YAML: groups and lists by indentation, plain and quoted values that end
on their line, lists of words in brackets, and comments. It leaves a text with anything else, or
with a mistake, to `koe.yamltext.parser`. For the texts that are read here, the parser would make
the same tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from koe.yamltext.tree import DEEPEST_NESTING, Mapping, Node, Scalar, Sequence

# A line without its indentation. A plain value begins with a character that has no other meaning,
# and contains neither ": " nor " #".
_LINE = re.compile(
    r"(?P<dash>- +)?"
    r"(?:(?P<key>[A-Za-z_][A-Za-z0-9_.-]{0,99}):(?: +|$))?"
    r"(?:(?P<plain>[\w./$~+(](?:[^:#]|:(?=[^ ])|(?<! )#)*+)"
    r"|\"(?P<double>[^\"\\]*)\"|'(?P<single>[^']*)'"
    r"|\[(?P<words>\w[\w.-]*(?:, *\w[\w.-]*)*)\]|(?P<empty>\[\]|\{\}))?"
    r" *+(?:(?<= )#.*)?"
)


def read_lines(text: str, scalar: Callable[[str, int, bool], Scalar]) -> Node | None:
    """The tree of values of a text.

    Args:
        text: The text.
        scalar: Makes a scalar of its text, its line, and whether it is plain.

    Returns:
        None if the text has no values, or has something that is not read here.
    """
    reader = _Reader(scalar)
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if not line.isprintable():  # it has tabs, other line ends, or characters that YAML forbids
            return None
        content = line.lstrip(" ")
        if not content or content.startswith("#"):
            continue
        if not reader.take(content, len(line) - len(content), number):
            return None
    return reader.end()


class _Reader:
    def __init__(self, scalar: Callable[[str, int, bool], Scalar]) -> None:
        self._scalar = scalar
        # Gets the root.
        self._top = Sequence(0)
        # The open groups and lists, outermost first, each with its indentation.
        self._open: list[tuple[int, Mapping | Sequence]] = [(-1, self._top)]
        # The line of a key whose value may be below it, 0 at the beginning; None if there is none.
        self._awaited: int | None = 0

    def take(self, content: str, indent: int, number: int) -> bool:
        """Take the next line; return False if it is not read here."""
        found = _LINE.fullmatch(content)
        if found is None or len(self._open) > DEEPEST_NESTING:
            return False
        dash, key, last = found["dash"], found["key"], found.lastgroup
        if not (dash or key) or last == "dash" or not self._find_parent(indent, dash, number):
            return False
        if dash and key:
            self._begin(Mapping(number), indent + len(dash))
        items = self._open[-1][1].items
        if key:
            items.append(self._scalar(key, number, True))
        if last == "key":
            self._awaited = number
        else:
            items.append(self._value(found, number))
        return True

    def end(self) -> Node | None:
        """The root; None if there is none."""
        if self._awaited:
            self._end_without_value(self._awaited)
        return self._top.items[0] if self._top.items else None

    def _find_parent(self, indent: int, dash: str | None, number: int) -> bool:
        """Open or close groups, so that the last open one is that of the next line."""
        column = self._open[-1][0]
        if self._awaited is None:
            if indent > column:
                return False  # the continuation of a value
        elif indent > column or (dash and indent == column):
            self._begin(Sequence(number) if dash else Mapping(number), indent)
        else:
            self._end_without_value(self._awaited)
        self._awaited = None
        column, parent = self._open[-1]
        # A list may have the indentation of the key that it belongs to.
        while column > indent or (column == indent and not dash and isinstance(parent, Sequence)):
            self._open.pop()
            column, parent = self._open[-1]
        return column == indent and isinstance(parent, Sequence) == bool(dash)

    def _begin(self, node: Mapping | Sequence, indent: int) -> None:
        self._open[-1][1].items.append(node)
        self._open.append((indent, node))

    def _end_without_value(self, line: int) -> None:
        self._open[-1][1].items.append(self._scalar("", line, True))

    def _value(self, found: re.Match[str], number: int) -> Node:
        if found["empty"]:
            return Mapping(number) if found["empty"] == "{}" else Sequence(number)
        if found["words"]:
            words = found["words"].split(",")
            return Sequence(number, [self._scalar(it.strip(" "), number, True) for it in words])
        if found["plain"]:
            return self._scalar(found["plain"].rstrip(" "), number, True)
        return self._scalar(found["double"] or found["single"] or "", number, False)
