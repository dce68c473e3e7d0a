"""The events and effects of a session. Pure.

Events say what happened, in the past tense; ``koe.session`` receives them. Effects say what to do;
the session returns them, and ``koe.runner`` performs them. Effects that the host performs are
called notices.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

# The only audio format: one channel of 16-bit samples (spec abi §5.1).
SAMPLE_RATE_HZ = 16_000
BYTES_PER_SECOND = SAMPLE_RATE_HZ * 2


class State(StrEnum):
    """The states of a session; the values are the strings that shells get."""

    IDLE = "idle"
    CONNECTING_ASR = "connecting_asr"
    RECORDING_HOLD = "recording_hold"
    RECORDING_TOGGLE = "recording_toggle"
    FINALIZING_ASR = "finalizing_asr"
    CORRECTING = "correcting"
    PREPARING_PASTE = "preparing_paste"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Mode(IntEnum):
    """How the key was used; it only selects which recording state is shown."""

    HOLD = 0
    TOGGLE = 1


# --- events: what happened ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a session."""


@dataclass(frozen=True, slots=True)
class Began(Event):
    """The session was begun: the key is down."""


@dataclass(frozen=True, slots=True)
class InputEnded(Event):
    """No more audio will come: the key is up.

    Attributes:
        lost_bytes: Bytes of audio that were dropped because the buffer was full; normally 0.
        samples: How long the recording is.
        flaw: Why other audio is missing, as a sentence; empty if none is known to be missing.
    """

    lost_bytes: int = 0
    samples: int = 0
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class Cancelled(Event):
    """The user cancelled the session."""


@dataclass(frozen=True, slots=True)
class EngineConnected(Event):
    """The engine takes audio.

    Attributes:
        start: The first sample that it gets, counted from the first of the recording.
    """

    start: int = 0


@dataclass(frozen=True, slots=True)
class InterimHeard(Event):
    """A hypothesis, which replaces the previous one."""

    text: str


@dataclass(frozen=True, slots=True)
class DefiniteHeard(Event):
    """A stable result, which replaces the previous one.

    Attributes:
        text: Everything that is stable.
        upto: Where the text ends, in samples; None: not known. Engines count from the first sample
            that they got, sessions from the first of the recording.
    """

    text: str
    upto: int | None = None


@dataclass(frozen=True, slots=True)
class FinalHeard(Event):
    """A final result.

    Attributes:
        text: What was recognised.
        upto: As in `DefiniteHeard`.
    """

    text: str
    upto: int | None = None


@dataclass(frozen=True, slots=True)
class EngineWorking(Event):
    """The engine is alive and still busy with audio that it was given."""


@dataclass(frozen=True, slots=True)
class EngineErred(Event):
    """The engine reported an error, and may go on."""

    message: str


@dataclass(frozen=True, slots=True)
class SpeechMissed(Event):
    """The engine could not recognise a piece of the speech, and goes on after it.

    It comes before the text of what follows that piece. Another try would fail in the same way.
    """

    message: str


@dataclass(frozen=True, slots=True)
class EngineFailed(Event):
    """The engine is lost: it could not be opened, fed, finished or read.

    Attributes:
        message: Why.
        is_permanent: Another try would fail in the same way: a refused key, a missing package.
    """

    message: str
    is_permanent: bool = False


@dataclass(frozen=True, slots=True)
class EngineClosed(Event):
    """The engine has ended; after the end of the input that is its normal end.

    Attributes:
        reason: Why, if the engine gave a reason; else empty.
        is_early: The engine did not take all the audio, although the input may have ended.
        is_cut: It ended without its own end mark, so the end of the text may be missing.
    """

    reason: str = ""
    is_early: bool = False
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class RestWasSilent(Event):
    """No engine was opened, because the rest of the recording has no sound."""


@dataclass(frozen=True, slots=True)
class WaitExpired(Event):
    """The final result did not come in time."""


@dataclass(frozen=True, slots=True)
class Accepted(Event):
    """The user accepts the text as it was recognised, without a correction."""


@dataclass(frozen=True, slots=True)
class Corrected(Event):
    """The model answered.

    Attributes:
        text: The text to deliver: the answer, or what was heard.
        remark: Why the answer is not used, as a sentence; empty if it is used.
    """

    text: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class CorrectionFailed(Event):
    """The model could not be asked, or did not answer."""

    message: str


@dataclass(frozen=True, slots=True)
class Resumed(Event):
    """All events from before the Pause were received."""


# --- effects: what to do -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that the runner or the host is to do."""


@dataclass(frozen=True, slots=True)
class OpenEngine(Effect):
    """Open an engine in place of the previous one, and feed it the audio, past and future.

    The answer is EngineConnected, EngineFailed or RestWasSilent. Events of the previous engine are
    ignored from then on.

    Attributes:
        engine: Its name.
        upto: The sample up to which the text is known. The engine gets some seconds before it, too.
        delay: Seconds to wait first; the end of the input ends the wait.
        is_again: It is the same engine that was lost.
    """

    engine: str
    upto: int = 0
    delay: float = 0.0
    is_again: bool = False


@dataclass(frozen=True, slots=True)
class StartFinalWait(Effect):
    """Send WaitExpired after some seconds; a second wait replaces the first.

    Time in which the loop was blocked, so that no result could be received, does not count.

    Attributes:
        seconds: How long to wait; None: stop waiting, and send no WaitExpired.
    """

    seconds: float | None


@dataclass(frozen=True, slots=True)
class Pause(Effect):
    """Receive all earlier events first, in particular a cancel; then send Resumed."""


@dataclass(frozen=True, slots=True)
class Correct(Effect):
    """Have the text corrected; the answer is Corrected or CorrectionFailed. The engine is done.

    Attributes:
        heard: What was recognised, with terms replaced and cleaned up.
        history: Interim revisions of it, oldest first.
    """

    heard: str
    history: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice(Effect):
    """An effect that the host performs: something to show or to hand over."""


@dataclass(frozen=True, slots=True)
class ShowState(Notice):
    """Show a state."""

    state: State


@dataclass(frozen=True, slots=True)
class AnnounceReady(Notice):
    """Announce that the user may speak."""


@dataclass(frozen=True, slots=True)
class ShowInterim(Notice):
    """Show everything heard so far; it replaces what was shown before, and may be empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ReportHeard(Notice):
    """Report the recognised text, with terms replaced and cleaned up, before a model is asked."""

    text: str


@dataclass(frozen=True, slots=True)
class Warn(Notice):
    """Warn about a problem that the session survives."""

    message: str


@dataclass(frozen=True, slots=True)
class ReportError(Notice):
    """Report why the session fails."""

    message: str


@dataclass(frozen=True, slots=True)
class Deliver(Notice):
    """Hand over the text: at most once in a session.

    Attributes:
        text: What to paste.
        heard: What was recognised, with terms replaced and cleaned up, as in `ReportHeard`.
        engine: Which engine recognised it, at least the end of it.
        corrected: Whether ``text`` is the model's correction of ``heard``.
        remark: Why the model's answer is not used, if there was no warning about it; else empty.
        is_whole: False: a part of what was said is missing, as a warning said.
    """

    text: str
    heard: str
    engine: str
    corrected: bool
    remark: str = ""
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class HandOverRewritten(Notice):
    """Hand over a text that was rewritten by a template; it belongs to no session."""

    text: str
