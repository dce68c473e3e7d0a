"""The tree of values that a YAML text stands for, in which values have no types yet.

A scalar is text until the setting that reads it converts it, so ``0012``, ``1.10`` and ``no`` stay
as the user typed them. For editing, `koe.yamltext.document` has a tree of places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

DEEPEST_NESTING = 128  # spec config §1.9

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


class Environment(Protocol):
    """Environment variables, such as ``os.environ``."""

    def get(self, name: str, /) -> str | None:
        """The value; None if it is not set."""
