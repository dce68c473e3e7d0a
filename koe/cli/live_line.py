"""One line of a terminal that is rewritten in place."""

from __future__ import annotations

import os
import unicodedata
from typing import TextIO

# Where the terminal does not tell.
_USUAL_COLUMNS = 80

_WIDE = frozenset("WFA")  # East Asian Ambiguous too: some fonts draw it wide, and shorter is safe
_INVISIBLE = frozenset(("Mn", "Me", "Cf"))


class LiveLine:
    """Text that is there while it is being spoken, and gone afterwards.

    Carriage returns and spaces do it, because not every terminal knows escape sequences.

    Args:
        terminal: Where to write. When it is no terminal, nothing is written.
    """

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        # Whether anything is shown at all.
        self._enabled = terminal.isatty()
        # The columns that are written now; 0 when the line is empty.
        self._width = 0

    def show(self, head: str, text: str) -> None:
        """Replace the line with ``head`` and as much of the end of ``text`` as has room."""
        if not self._enabled:
            return
        # The last column stays free: writing there moves some terminals to the next line.
        room = columns_of(self._terminal) - 1
        line = keep_end(head, room)
        line += keep_end(printable(text), room - display_width(line))
        width = display_width(line)
        # What the old line has more; but in a window that was made narrower it must not wrap.
        if excess := " " * (min(self._width, room) - width):
            self._write(f"\r{line}{excess}")
        self._write(f"\r{line}")
        self._width = width

    def clear(self) -> None:
        """Make the line empty, so that something else can be written there."""
        if self._width:
            # Of Ctrl-C the terminal itself shows ^C.
            width = min(self._width + len("^C"), columns_of(self._terminal) - 1)
            self._write(f"\r{' ' * width}\r")
            self._width = 0

    def _write(self, text: str) -> None:
        self._terminal.write(text)
        self._terminal.flush()


def display_width(text: str) -> int:
    """Count the columns that a text takes; CJK characters take two."""
    return sum(_character_width(character) for character in text)


def keep_end(text: str, columns: int) -> str:
    """Shorten a text from its beginning to so many columns, with an ellipsis when it is too long.

    The end is what was said last, and that is what a speaker looks at.
    """
    if display_width(text) <= columns:
        return text
    room = columns - display_width("…")
    if room < 0:
        return ""
    start = len(text)
    while (room := room - _character_width(text[start - 1])) >= 0:
        start -= 1
    # A mark without its character would attach itself to the ellipsis.
    while start < len(text) and unicodedata.category(text[start]) in _INVISIBLE:
        start += 1
    return "…" + text[start:]


def keep_start(text: str, columns: int) -> str:
    """Shorten a text from its end to so many columns, with an ellipsis when it is too long."""
    if display_width(text) <= columns:
        return text
    room = columns - display_width("…")
    if room < 0:
        return ""
    end = 0
    while (room := room - _character_width(text[end])) >= 0:
        end += 1
    return text[:end] + "…"


def _character_width(character: str) -> int:
    if unicodedata.category(character) in _INVISIBLE:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def printable(text: str) -> str:
    """One line without control characters, which would move the cursor."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)


def columns_of(terminal: TextIO) -> int:
    """Return the width of a terminal."""
    try:
        # Not shutil.get_terminal_size: it looks at stdout, which may be a file.
        return os.get_terminal_size(terminal.fileno()).columns or _USUAL_COLUMNS
    except OSError:
        return _USUAL_COLUMNS
