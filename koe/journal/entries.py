"""An entry of the history: the facts about a finished session. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from koe.events import SAMPLE_RATE_HZ, State
from koe.journal.format import End, Header

# The message of the contract for a session without speech (spec abi §4.14).
_NO_SPEECH = "no speech recognized"


class Why(StrEnum):
    """How a session ended."""

    COMPLETE = "complete"  # the whole text was delivered
    INCOMPLETE = "incomplete"  # a text was delivered; its end may be missing, or it did not arrive
    SILENT = "silent"  # nothing was recognised
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # the program ended before the session


@dataclass(frozen=True, slots=True)
class Entry:
    """The facts that are kept about a session.

    Attributes:
        id: Its ID; IDs sort by time.
        began: UTC, as ISO 8601 with milliseconds.
        engine: The engine that recognised it, or was meant to.
        profile: The ID of the profile that was meant to correct it; empty: none.
        seconds: Length of the recording, also after its removal.
        state: The last state, by the name that shells get; empty: not known.
        text: The delivered text; empty: there was none, or it is not kept.
        heard: The recognised text; empty: there was none, or it is not kept.
        is_corrected: Whether ``text`` is a correction of ``heard``.
        is_whole: False: the end of what was said may be missing.
        reason: Why the session failed or the text did not arrive; empty: neither.
        audio_bytes: The size of the recording's file; 0: there is none.
        is_pinned: True: it stays until it is removed by hand.
        why: How the session ended.
    """

    id: str
    began: str
    engine: str = ""
    profile: str = ""
    seconds: float = 0.0
    state: str = ""
    text: str = ""
    heard: str = ""
    is_corrected: bool = False
    is_whole: bool = True
    reason: str = ""
    audio_bytes: int = 0
    is_pinned: bool = False
    why: Why = Why.COMPLETE

    @property
    def best_text(self) -> str:
        """The delivered text, or else the recognised one."""
        return self.text or self.heard

    @property
    def has_audio(self) -> bool:
        """Whether there is a recording."""
        return self.audio_bytes > 0


def entry_of(
    entry_id: str, header: Header, end: End | None, heard: str, samples: int, audio_bytes: int
) -> Entry:
    """Make the entry of a session.

    Args:
        entry_id: Its ID.
        header: The facts at the beginning of the session.
        end: The facts at its end; None: the program ended before.
        heard: What was recognised, as far as it is known.
        samples: The length of the recording.
        audio_bytes: The size of its file; 0: there is none.
    """
    known = end or End(is_whole=False)
    return Entry(
        id=entry_id,
        began=header.began,
        engine=known.engine or header.engine,
        profile=header.profile,
        seconds=samples / SAMPLE_RATE_HZ,
        state=known.state,
        text=known.text,
        heard=heard,
        is_corrected=known.is_corrected,
        is_whole=known.is_whole,
        reason=known.reason,
        audio_bytes=audio_bytes,
        why=why_of(end),
    )


def why_of(end: End | None) -> Why:
    """Return how a session ended, given its end; None: the program ended before."""
    if end is None:
        return Why.INTERRUPTED
    if end.state == State.CANCELLED:
        return Why.CANCELLED
    if end.state == State.FAILED:
        return Why.SILENT if end.reason == _NO_SPEECH and not end.heard else Why.FAILED
    if end.state != State.COMPLETED:
        return Why.INTERRUPTED
    if not end.text:
        return Why.SILENT
    return Why.COMPLETE if end.is_whole and not end.reason else Why.INCOMPLETE


def entry_json(entry: Entry) -> dict[str, object]:
    """Return an entry as a JSON object, for programs."""
    return {
        "id": entry.id,
        "began": entry.began,
        "seconds": round(entry.seconds, 3),
        "engine": entry.engine,
        "profile": entry.profile,
        "why": str(entry.why),
        "state": entry.state,
        "text": entry.text,
        "heard": entry.heard,
        "corrected": entry.is_corrected,
        "whole": entry.is_whole,
        "reason": entry.reason,
        "audio": entry.has_audio,
        "audio_bytes": entry.audio_bytes,
        "pinned": entry.is_pinned,
    }
