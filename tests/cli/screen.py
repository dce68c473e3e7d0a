"""A minimal terminal emulator: it understands what progress bars write."""

from __future__ import annotations

import io
import re


class Screen(io.StringIO):
    """A terminal of endless width and height."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """The rows, without spaces at their ends and without empty rows at the bottom."""
        rows = [""]
        row = column = 0
        for sent in re.split(r"(\x1b\[A|[\r\n])", self.getvalue()):
            match sent:
                case "\x1b[A":
                    row = max(0, row - 1)
                case "\r":
                    column = 0
                case "\n":
                    row, column = row + 1, 0
                    rows += [""] * (row + 1 - len(rows))
                case _:
                    old = rows[row].ljust(column)
                    rows[row] = old[:column] + sent + old[column + len(sent) :]
                    column += len(sent)
        return "\n".join(line.rstrip() for line in rows).rstrip().split("\n")
