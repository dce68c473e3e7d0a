"""A line of a terminal that is rewritten in place."""

from __future__ import annotations

import os
import unicodedata
from typing import TextIO

# Used if the terminal does not report its width.
_USUAL_COLUMNS = 80

_WIDE = frozenset("WFA")  # A: ambiguous, which some fonts draw wide; a short line is safe
_INVISIBLE = frozenset(("Mn", "Me", "Cf"))


class LiveLine:
    """Shows the text so far while the user speaks, and clears it afterwards.

    It uses carriage returns and spaces, because not every terminal supports escape sequences.

    Args:
        terminal: The stream to write to. If it is closed (None) or not a terminal, nothing is
            written.
    """

    def __init__(self, terminal: TextIO | None) -> None:
        self._terminal = terminal if terminal is not None and terminal.isatty() else None
        # The columns that the line takes at present; 0 if it is empty.
        self._width = 0

    def show(self, head: str, text: str) -> None:
        """Replace the line by ``head`` and as much of the end of ``text`` as fits."""
        if self._terminal is None:
            return
        # The last column stays empty: writing to it moves some terminals to the next line.
        room = columns_of(self._terminal) - 1
        line = keep_end(head, room)
        line += keep_end(printable(text), room - display_width(line))
        width = display_width(line)
        # Spaces for the rest of the old line; they must not wrap if the window has become narrower.
        if excess := " " * (min(self._width, room) - width):
            _write(self._terminal, f"\r{line}{excess}")
        _write(self._terminal, f"\r{line}")
        self._width = width

    def clear(self) -> None:
        """Clear the line, so that other text can be written there."""
        if self._width and self._terminal is not None:
            # After Ctrl-C, the terminal itself shows ^C.
            width = min(self._width + len("^C"), columns_of(self._terminal) - 1)
            _write(self._terminal, f"\r{' ' * width}\r")
            self._width = 0


def _write(terminal: TextIO, text: str) -> None:
    terminal.write(text)
    terminal.flush()


def display_width(text: str) -> int:
    """Count the columns that a text takes; a CJK character takes two."""
    return sum(_character_width(character) for character in text)


def keep_end(text: str, columns: int) -> str:
    """Remove the beginning of a text that is wider than ``columns``, and put an ellipsis there.

    A speaker looks at the newest words, which are at the end.
    """
    if display_width(text) <= columns:
        return text
    room = columns - display_width("…")
    if room < 0:
        return ""
    start = len(text)
    while (room := room - _character_width(text[start - 1])) >= 0:
        start -= 1
    # A combining mark without its character would combine with the ellipsis.
    while start < len(text) and unicodedata.category(text[start]) in _INVISIBLE:
        start += 1
    return "…" + text[start:]


def keep_start(text: str, columns: int) -> str:
    """Remove the end of a text that is wider than ``columns``, and put an ellipsis there."""
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
    """Replace control characters and line separators, which would move the cursor, by spaces."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)


def columns_of(terminal: TextIO) -> int:
    """Return the width of a terminal."""
    try:
        # shutil.get_terminal_size examines stdout, which may be a file.
        return os.get_terminal_size(terminal.fileno()).columns or _USUAL_COLUMNS
    except OSError:
        return _USUAL_COLUMNS
