"""Makes the texts that the terminal interface shows. Pure.

The texts that it makes contain no control characters of services and files. For all other texts of
services and files, such as error messages, the other modules call `safe`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from koe.cli.history_table import ENDS, when
from koe.cli.live_line import display_width, printable
from koe.config.people.listing import Origin, Setting
from koe.diagnostics import harmless
from koe.events import State
from koe.journal.entries import Entry, Why
from koe.linux.status import WORKING, DaemonStatus, MicrophoneLevel

# The level at which the meter begins, in decibels relative to full scale: a quiet room.
_FLOOR = -60.0

# Block characters from one to seven eighths of a column.
_EIGHTHS = "▏▎▍▌▋▊▉"

_LARGEST_METER = 24

# On a screen with at least this many columns, the values are aligned in a column.
_WIDE = 60

_STATES = {
    State.CONNECTING_ASR: "Recording",  # the microphone is on already
    State.RECORDING_HOLD: "Recording",
    State.RECORDING_TOGGLE: "Recording",
    State.FINALIZING_ASR: "Recognising",
    State.CORRECTING: "Correcting",
    State.PREPARING_PASTE: "Inserting",
    State.FAILED: "Failed",
}

_WAYS = {
    "at-spi": "The text was inserted.",
    "paste": "The text was pasted.",
    "clipboard": "The text is on the clipboard.",
}

COPIED = "The terminal was asked to put the text on the clipboard."
"""A terminal does not report whether it has put the text on the clipboard."""

WITHOUT_DAEMON = "You can use the history and the settings without koe serve."

INVITATION = "Press Space and speak; the text is shown here and not inserted."
"""Shown as long as there is no text."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list.

    Attributes:
        key: The ID of an entry, or the key of a setting.
        line: The text in the list.
        details: The text below the list while the row is selected.
    """

    key: str
    line: str
    details: str


def safe(text: str) -> str:
    """Replace control characters, which could move the cursor, and unpaired surrogates."""
    whole = text.encode("utf-8", "replace").decode()
    return harmless(whole.replace("\t", " "))


# --- the daemon --------------------------------------------------------------------------


def tone_of(status: DaemonStatus | None) -> str:
    """The kind of a status: ``absent``, ``recording``, ``working``, ``failed`` or ``ready``."""
    if status is None:
        return "absent"
    if status.is_recording:
        return "recording"
    if status.state in WORKING:
        return "working"
    return "failed" if status.state is State.FAILED else "ready"


def headline(status: DaemonStatus | None, level: MicrophoneLevel, columns: int) -> str:
    """The state in one line, with the level of the microphone during a recording.

    Args:
        status: The status of the daemon; None: it is not running.
        level: The level of the microphone in this recording.
        columns: The width of the line.
    """
    if status is None:
        return "○ koe serve is not running"
    if not status.is_recording:
        return f"○ {_STATES.get(status.state, 'Ready')}"
    minutes, seconds = divmod(int(level.seconds), 60)
    head = f"● {_STATES[status.state]} {minutes}:{seconds:02} "
    meter = min(_LARGEST_METER, columns - display_width(head) - 1)
    return head + level_bar(level.loudness, meter)


def level_bar(loudness: float, columns: int) -> str:
    """A bar for a loudness from 0 to 1, on a decibel scale."""
    if not loudness > 0:
        return ""
    share = min(1.0, max(0.0, 1 - 20 * math.log10(loudness) / _FLOOR))
    whole, eighths = divmod(round(share * columns * 8), 8)
    return "█" * whole + (_EIGHTHS[eighths - 1] if eighths else "")


def notes(status: DaemonStatus) -> str:
    """The message or the way of delivery of a status, and the hotkey."""
    lines = [status.message or _WAYS.get(status.way, "")]
    if status.hotkey:
        lines.append(f"Hotkey: {status.hotkey}")
    return safe("\n".join(filter(None, lines)))


# --- the history -------------------------------------------------------------------------


def entry_rows(entries: Iterable[Entry]) -> Iterator[Row]:
    """Yield a row for each entry of the history."""
    for entry in entries:
        marks = "* " if entry.is_pinned else ""
        if entry.why is not Why.COMPLETE:
            marks += f"[{entry.why}] "
        line = f"{when(entry, '%m-%d %H:%M')}  {marks}{entry.best_text or entry.reason}"
        details = "\n".join(filter(None, _about(entry)))
        yield Row(entry.id, printable(safe(line)).rstrip(), safe(details))


def _about(entry: Entry) -> Iterator[str]:
    yield entry.best_text
    if entry.heard and entry.heard != entry.best_text:
        yield f"heard: {entry.heard}"
    yield entry.reason
    recording = f"recording of {entry.audio_bytes / 1e6:.1f} MB" if entry.has_audio else ""
    began = when(entry, "%Y-%m-%d %H:%M:%S")
    about = (began, f"{entry.seconds:.1f} s", entry.engine, recording or "no recording")
    yield "; ".join(filter(None, about))
    yield ENDS[entry.why]


# --- the settings ------------------------------------------------------------------------


def setting_rows(settings: Iterable[Setting], query: str, columns: int) -> Iterator[Row]:
    """Yield a row for each setting whose key or value contains a text, in upper or lower case.

    Args:
        settings: All settings.
        query: The text.
        columns: The width of the screen; if it is large enough, the values are aligned.
    """
    sought = query.casefold()
    found = [it for it in settings if sought in f"{it.key} {it.shown}".casefold()]
    width = max((len(it.key) for it in found), default=0) if columns >= _WIDE else 0
    for it in found:
        head = f"{it.key:<{width}}  " if width else f"{it.key}: "
        line = printable(safe(f"{head}{it.shown}"))
        yield Row(it.key, line.rstrip(), safe("\n".join(_facts(it))))


def _facts(setting: Setting) -> Iterator[str]:
    yield f"{setting.key}: {setting.shown}"
    if setting.accepts:
        yield f"Accepted: {setting.accepts}."
    origin = {
        Origin.FILE: f"The value is in line {setting.line} of config.yaml",
        Origin.ENVIRONMENT: (
            f"Line {setting.line} of config.yaml takes the value from the environment"
        ),
        Origin.DEFAULT: "The value is the default",
        Origin.DERIVED: "The value follows from other settings",
    }[setting.origin]
    if not setting.is_usable:
        origin = f"Line {setting.line} of config.yaml is unusable, so the value is the default"
    yield f"{origin}; a change takes effect {setting.effect}." if setting.effect else f"{origin}."


def editable(setting: Setting) -> str:
    """The initial text in the editor of a setting; empty if the value must not be shown."""
    if setting.is_secret or setting.value is None:
        return ""
    if isinstance(setting.value, list):
        return ", ".join(map(str, setting.value))
    is_text = isinstance(setting.value, str)
    written = setting.written if setting.place else str(setting.value) if is_text else setting.shown
    return printable(safe(written))
