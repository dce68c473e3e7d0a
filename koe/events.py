"""What can happen to a session, and what can be done about it: the vocabulary. Pure.

Events say what happened, in the past; ``koe.session`` takes them. Effects are imperative; it gives
them back, and ``koe.runner`` performs them. Those that the host performs are notices.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

# The only audio there is: one channel of 16-bit samples (spec abi §5.1).
SAMPLE_RATE_HZ = 16_000
BYTES_PER_SECOND = SAMPLE_RATE_HZ * 2


class State(StrEnum):
    """Where a session is, and the strings that shells are shown."""

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
        lost_bytes: Audio that was dropped because its buffer was full; 0 in all but ill health.
        samples: How long the recording is.
    """

    lost_bytes: int = 0
    samples: int = 0


@dataclass(frozen=True, slots=True)
class Cancelled(Event):
    """The user wants nothing of this session any more."""


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
        upto: Where it ends, in samples; None: not known. Engines count from the first that they
            got, sessions from the first of the recording.
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
    """The engine will say no more; after the end of input that is its normal end.

    Attributes:
        reason: Why, if it said so.
        is_early: It did not take all the audio, though the session may wait for its text already.
        is_cut: It ended without its own end mark, so the end of the text may be missing.
    """

    reason: str = ""
    is_early: bool = False
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class RestWasSilent(Event):
    """No engine was opened, because the recording has no sound where it was to begin."""


@dataclass(frozen=True, slots=True)
class WaitExpired(Event):
    """The final result did not come in time."""


@dataclass(frozen=True, slots=True)
class Accepted(Event):
    """The user is content with the text as it was recognised."""


@dataclass(frozen=True, slots=True)
class Corrected(Event):
    """The model answered.

    Attributes:
        text: What is to be delivered: the answer, or what was heard.
        remark: Why the answer is not used, as a sentence; empty when it is.
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
    """Open an engine in the place of the one before, and hand it the audio, also what follows.

    The answer is EngineConnected, EngineFailed or RestWasSilent. What the engine before has to say
    does not matter any more.

    Attributes:
        engine: Its name.
        upto: The sample up to which the text is known. The engine gets some seconds before it, too.
        delay: Seconds to wait first, while the input lasts.
        is_again: It is the engine that was lost.
    """

    engine: str
    upto: int = 0
    delay: float = 0.0
    is_again: bool = False


@dataclass(frozen=True, slots=True)
class StartFinalWait(Effect):
    """Send WaitExpired after so many seconds; a second one replaces the first.

    Time in which the engine could not be listened to does not count.

    Attributes:
        seconds: None: send none at all.
    """

    seconds: float | None


@dataclass(frozen=True, slots=True)
class Pause(Effect):
    """Receive first what has happened up to now, a cancel above all; then send Resumed."""


@dataclass(frozen=True, slots=True)
class Correct(Effect):
    """Have the text corrected; the answer is Corrected or CorrectionFailed. The engine is done.

    Attributes:
        heard: What was recognised, with its terms and cleaned up.
        history: Interim revisions of it, oldest first.
    """

    heard: str
    history: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice(Effect):
    """An effect that the host performs: something to tell or to hand over."""


@dataclass(frozen=True, slots=True)
class ShowState(Notice):
    """Show a state."""

    state: State


@dataclass(frozen=True, slots=True)
class AnnounceReady(Notice):
    """Tell that the user may speak."""


@dataclass(frozen=True, slots=True)
class ShowInterim(Notice):
    """Show everything heard so far; it replaces what was shown before, and may be empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ReportHeard(Notice):
    """Tell what was recognised, with its terms and cleaned up, before a model is asked."""

    text: str


@dataclass(frozen=True, slots=True)
class Warn(Notice):
    """Tell of trouble that the session survives."""

    message: str


@dataclass(frozen=True, slots=True)
class ReportError(Notice):
    """Tell why the session fails."""

    message: str


@dataclass(frozen=True, slots=True)
class Deliver(Notice):
    """Hand over the text: at most once in a session.

    Attributes:
        text: What to paste.
        heard: What was recognised, with its terms and cleaned up, as in `ReportHeard`.
        engine: Which engine recognised it, at least the end of it.
        corrected: Whether ``text`` is a correction of ``heard`` that was asked for and accepted.
        remark: Why a correction that was asked for is not used, where that was worth no warning.
        is_whole: False: something that was said is missing, as a warning said.
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
