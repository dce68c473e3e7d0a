"""What the terminal interface shows, as texts. Pure.

Texts of services and files are made harmless here, so nothing else need think of it.
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

# Decibels below full scale at which the meter begins: the noise of a quiet room.
_FLOOR = -60.0

# From an eighth of a column to seven.
_EIGHTHS = "▏▎▍▌▋▊▉"

_LARGEST_METER = 24

# Columns of a screen in which keys and values are below each other.
_WIDE = 60

_STATES = {
    State.CONNECTING_ASR: "Recording",  # the microphone is on already
    State.RECORDING_HOLD: "Recording",
    State.RECORDING_TOGGLE: "Recording",
    State.FINALIZING_ASR: "Recognising",
    State.CORRECTING: "Correcting",
    State.PREPARING_PASTE: "Handing over",
    State.FAILED: "Failed",
}

_WAYS = {
    "at-spi": "The text is in its field.",
    "paste": "The text was pasted.",
    "clipboard": "The text is on the clipboard.",
}

COPIED = "The terminal was asked to put the text on the clipboard."
"""It does not answer whether it did."""

WITHOUT_DAEMON = "The history and the settings can be used without it."

INVITATION = "Press Space and speak; the text is shown here, and inserted nowhere."
"""In the place of a text, while there is none."""


@dataclass(frozen=True, slots=True)
class Row:
    """Something in a list.

    Attributes:
        key: What it is called: the ID of an entry, the key of a setting.
        line: What the list shows.
        details: What is shown beside the list.
    """

    key: str
    line: str
    details: str


def safe(text: str) -> str:
    """A text as a terminal may get it: without what moves its cursor, in whole characters."""
    whole = text.encode("utf-8", "replace").decode()
    return harmless(whole.replace("\t", " "))


# --- the daemon --------------------------------------------------------------------------


def tone_of(status: DaemonStatus | None) -> str:
    """How a status is meant: ``absent``, ``recording``, ``working``, ``failed`` or ``ready``."""
    if status is None:
        return "absent"
    if status.is_recording:
        return "recording"
    if status.state in WORKING:
        return "working"
    return "failed" if status.state is State.FAILED else "ready"


def headline(status: DaemonStatus | None, level: MicrophoneLevel, columns: int) -> str:
    """The state in one line, with the level of the microphone while it records.

    Args:
        status: None: there is no daemon.
        level: Of this recording.
        columns: How many there are.
    """
    if status is None:
        return "○ koe serve does not run"
    if not status.is_recording:
        return f"○ {_STATES.get(status.state, 'Ready')}"
    minutes, seconds = divmod(int(level.seconds), 60)
    head = f"● {_STATES[status.state]} {minutes}:{seconds:02} "
    meter = min(_LARGEST_METER, columns - display_width(head) - 1)
    return head + level_bar(level.loudness, meter)


def level_bar(loudness: float, columns: int) -> str:
    """A bar for a loudness from 0 to 1, on the scale of decibels."""
    if not loudness > 0:
        return ""
    share = min(1.0, max(0.0, 1 - 20 * math.log10(loudness) / _FLOOR))
    whole, eighths = divmod(round(share * columns * 8), 8)
    return "█" * whole + (_EIGHTHS[eighths - 1] if eighths else "")


def notes(status: DaemonStatus) -> str:
    """What there is to say about a status besides its text."""
    lines = [status.message or _WAYS.get(status.way, "")]
    if status.hotkey:
        lines.append(f"Hotkey: {status.hotkey}")
    return safe("\n".join(filter(None, lines)))


# --- the history -------------------------------------------------------------------------


def entry_rows(entries: Iterable[Entry]) -> Iterator[Row]:
    """The rows of a history."""
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
    """The rows of the settings whose key or value contains a text; case does not matter.

    Args:
        settings: All of them.
        query: The text.
        columns: How many a line may have; where there are enough, values are in one column.
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
        yield f"It takes {setting.accepts}."
    origin = {
        Origin.FILE: f"It stands in line {setting.line} of config.yaml",
        Origin.ENVIRONMENT: f"Line {setting.line} of config.yaml takes it from the environment",
        Origin.DEFAULT: "It is the default",
        Origin.DERIVED: "It follows from other settings",
    }[setting.origin]
    if not setting.is_usable:
        origin = f"Line {setting.line} of config.yaml can't be used, so it is the default"
    yield f"{origin}; a change is used {setting.effect}." if setting.effect else f"{origin}."


def editable(setting: Setting) -> str:
    """What an editor of a setting begins with; empty where the value must not be shown."""
    if setting.is_secret or setting.value is None:
        return ""
    if isinstance(setting.value, list):
        return ", ".join(map(str, setting.value))
    is_text = isinstance(setting.value, str)
    written = setting.written if setting.place else str(setting.value) if is_text else setting.shown
    return printable(safe(written))
