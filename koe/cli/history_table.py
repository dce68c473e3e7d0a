"""Entries of the history as text for users."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from koe.cli.live_line import display_width, keep_start, printable
from koe.journal.entries import Entry, Why

_HEAD = ("ID", "when", "seconds", "engine", "why", "text")
_GAP = "  "
# The index of the column with numbers.
_SECONDS = _HEAD.index("seconds")

# Columns of the text that are shown even on a narrow terminal.
_LEAST_TEXT = 20

ENDS = {
    Why.COMPLETE: "complete: the whole text was delivered",
    Why.INCOMPLETE: "incomplete: the end of the text may be missing",
    Why.SILENT: "silent: nothing was recognised",
    Why.CANCELLED: "cancelled",
    Why.FAILED: "failed",
    Why.INTERRUPTED: "interrupted: the program ended before there was a text",
}


def table(
    entries: Iterable[Entry], short_ids: Mapping[str, str], columns: int | None
) -> Iterator[str]:
    """Yield the lines of a table.

    Args:
        entries: The entries, in order.
        short_ids: The ID to show for each entry, by its full ID.
        columns: The width of a line, to which texts are shortened; None: no limit.
    """
    rows = [_HEAD, *(_row(entry, short_ids.get(entry.id, entry.id)) for entry in entries)]
    widths = [max(map(display_width, column)) for column in list(zip(*rows, strict=True))[:-1]]
    room = None
    if columns is not None:
        room = max(_LEAST_TEXT, columns - 1 - sum(widths) - len(_GAP) * len(widths))
    for row in rows:
        cells = [_padded(cell, width) for cell, width in zip(row[:-1], widths, strict=True)]
        cells[_SECONDS] = row[_SECONDS].rjust(widths[_SECONDS])
        text = row[-1] if room is None else keep_start(row[-1], room)
        yield _GAP.join([*cells, text]).rstrip()


def details(entry: Entry, recording: Path | None) -> Iterator[str]:
    """Yield the lines with all details of an entry.

    Args:
        entry: The entry.
        recording: The file with its recording; None: the entry has none.
    """
    size = f", {entry.audio_bytes / 1e6:.1f} MB" if recording else ""
    facts = {
        "ID": entry.id,
        "when": when(entry, "%Y-%m-%d %H:%M:%S %z"),
        "seconds": f"{entry.seconds:.1f}",
        "engine": entry.engine,
        "profile": entry.profile,
        "why": ENDS[entry.why],
        "reason": entry.reason,
        "recording": f"{recording}{size}" if recording else "none",
        "pinned": "yes" if entry.is_pinned else "",
        "heard": entry.heard,
        "text": entry.text,
    }
    for name, fact in facts.items():
        if fact:
            yield f"{name:<9}{_GAP}{printable(fact)}"


def when(entry: Entry, form: str = "%Y-%m-%d %H:%M") -> str:
    """Return when a session began, in local time."""
    try:
        return datetime.fromisoformat(entry.began).astimezone().strftime(form)
    except (ValueError, OverflowError, OSError):  # the file of the entry is damaged
        return entry.began


def _row(entry: Entry, short_id: str) -> tuple[str, ...]:
    marks = ("*" if entry.is_pinned else "") + ("" if entry.has_audio else " (text)")
    return (
        short_id,
        when(entry),
        f"{entry.seconds:.1f}",
        printable(entry.engine),
        f"{entry.why}{marks}",
        printable(entry.best_text),
    )


def _padded(text: str, width: int) -> str:
    return text + " " * (width - display_width(text))
