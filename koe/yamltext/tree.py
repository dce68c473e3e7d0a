"""The tree of a YAML file, before anything in it has a type.

A scalar is text until the setting that reads it converts it, so ``0012``, ``1.10`` and ``no``
stay what the user typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# No dataclasses: importing what makes them takes longer than loading a file, and loading needs
# none. The shell waits for both.

# What a scalar without quotes may be besides text, in YAML 1.2 (spec config §3.1).
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
        text: The value with environment variables substituted. It may hold a secret, so it
            is in no ``repr`` and no message.
        written: The value as it stands in the file, which may be a secret too.
        line: Line in the file, from 1.
        is_plain: True when it is not quoted and not a block scalar.
        unset: Names of the environment variables that it refers to and that do not exist.
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
        """Nothing after the colon, or an explicit null (spec config §3.1)."""
        return self.is_plain and self.text in NULLS

    @property
    def is_boolean(self) -> bool:
        """One of the words that YAML has for true and false."""
        return self.text in BOOLEANS

    @property
    def is_refusal(self) -> bool:
        """A word for no, quoted or not."""
        return self.text.strip().lower() in _REFUSALS


class Sequence:
    """A list; ``items`` may contain the sequence itself when the file has such an alias."""

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
