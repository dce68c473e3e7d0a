"""The status of the daemon, as a value, and its presentation. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape

from koe.events import State

RECORDING = frozenset((State.CONNECTING_ASR, State.RECORDING_HOLD, State.RECORDING_TOGGLE))
WORKING = frozenset((State.FINALIZING_ASR, State.CORRECTING, State.PREPARING_PASTE))

# The number of characters, from the end of the live text, that notifications and status bars show.
_VISIBLE = 160


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """The status at one moment.

    Attributes:
        state: The state of the newest dictation.
        text: What was heard so far, or the text that was delivered last.
        way: How the last text was delivered; empty: none was, or it is still to come.
        message: A problem, or what the user has to do; empty: nothing.
        hotkey: The key that is listened to, or why there is none.
    """

    state: State = State.IDLE
    text: str = ""
    way: str = ""
    message: str = ""
    hotkey: str = ""

    @property
    def is_recording(self) -> bool:
        """Whether the microphone is on."""
        return self.state in RECORDING

    def as_json(self) -> dict[str, object]:
        """The status as a JSON object for clients."""
        return asdict(self) | {"recording": self.is_recording}


@dataclass(frozen=True, slots=True)
class MicrophoneLevel:
    """The level of a recording.

    Attributes:
        loudness: The root mean square of the loudest frame since the last report, from 0 to 1.
        seconds: How long the recording is.
    """

    loudness: float
    seconds: float

    def as_json(self) -> dict[str, object]:
        """The level as a JSON object for clients."""
        return {"level": round(self.loudness, 4), "seconds": round(self.seconds, 2)}


def read_answer(answer: Mapping[str, object]) -> DaemonStatus | MicrophoneLevel:
    """Read a status or level of the daemon; missing and unknown members have their defaults."""
    if "level" in answer:
        return MicrophoneLevel(_number(answer["level"]), _number(answer.get("seconds")))
    texts = {name: str(answer.get(name, "")) for name in ("text", "way", "message", "hotkey")}
    try:
        state = State(str(answer.get("state")))
    except ValueError:
        state = State.IDLE
    return DaemonStatus(state=state, **texts)


def _number(said: object) -> float:
    return float(said) if isinstance(said, int | float) else 0.0


@dataclass(frozen=True, slots=True)
class Announcement:
    """The content of a notification.

    Attributes:
        summary: Its first line.
        body: The rest.
        lasts: Whether it stays until it is replaced or closed; else it disappears after a while.
        is_grave: Whether it reports a problem.
    """

    summary: str
    body: str
    lasts: bool = False
    is_grave: bool = False


def announcement(status: DaemonStatus) -> Announcement | None:
    """The notification for a status; None: there is none, and the last one can be closed."""
    if status.is_recording:
        return Announcement("Listening", newest(status.text), lasts=True)
    if status.state in WORKING:
        return Announcement("Recognising", newest(status.text), lasts=True)
    if status.message:
        return Announcement("Koe", status.message, is_grave=True)
    return None


def newest(text: str) -> str:
    """The end of a text that is too long to be shown whole."""
    return text if len(text) <= _VISIBLE else f"…{text[1 - _VISIBLE :]}"


def waybar(status: DaemonStatus) -> str:
    """A line for a custom module of Waybar, whose ``return-type`` is ``json``.

    Waybar parses the texts as markup, and shows nothing if the markup is invalid.
    """
    if status.is_recording:
        text, kind = f"● {newest(status.text)}".rstrip(), "recording"
    elif status.state in WORKING:
        text, kind = "…", "working"
    elif status.message:
        text, kind = "!", "error"
    else:
        text, kind = "", "idle"
    tooltip = status.message or status.text or "koe"
    shown = {"text": escape(text, quote=False), "class": kind}
    shown["tooltip"] = escape(tooltip, quote=False)
    return json.dumps(shown, ensure_ascii=False)
