"""One dictation, from key press to text, as a pure state machine.

Two rules. One: every transition, and everything that decides one, lives in this file. Two:
nothing here awaits, reads a clock, opens anything or calls a callback.

``Session.receive`` takes an event (what happened, in the past) and returns effects (what to do,
in order). ``koe.runner`` performs them. Since order is a value, "warn before delivering" and
"raw text when the engine fails" are equality assertions in the tests.

    idle ── Began ──► connecting_asr ── EngineConnected ──► recording_hold | recording_toggle
                                                                  │ InputEnded
       completed ◄── Resumed ── preparing_paste ◄── a text ── finalizing_asr
               ▲                                                  │ a text to be corrected
               └── Corrected, CorrectionFailed or Accepted ── correcting

       completed ◄── silence, from finalizing_asr
       failed    ◄── an engine failure, before there is a text
       cancelled ◄── Cancelled, from any

Between the text and what becomes of it the session pauses, for one turn of the loop: a shell that
was told what was heard may answer with a cancel, and that has to be received first.

The states are those of the contract, whose strings shells compare (spec abi §4.1). What a shell
is *shown* may differ from where the session *is*: most shells see ``recording_*`` from the start,
because the user may speak at once while the engine is still being opened; and all see
``preparing_paste`` when it is too late to cancel.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from koe.errors import StateError
from koe.events import (
    BYTES_PER_SECOND,
    Accepted,
    AnnounceReady,
    Began,
    Cancelled,
    Correct,
    Corrected,
    CorrectionFailed,
    DefiniteHeard,
    Deliver,
    Effect,
    EngineClosed,
    EngineConnected,
    EngineErred,
    EngineFailed,
    EngineWorking,
    Event,
    FinalHeard,
    FinishInput,
    InputEnded,
    InterimHeard,
    Mode,
    OpenEngine,
    Pause,
    ReportError,
    ReportHeard,
    Resumed,
    ShowInterim,
    ShowState,
    StartFinalWait,
    State,
    StreamAudio,
    WaitExpired,
    Warn,
)
from koe.prompts import HISTORY_LIMIT
from koe.transcript import Transcript


@dataclass(frozen=True, slots=True)
class SessionRules:
    """What one shell expects that another does not (spec abi §§4.2-4.9).

    Attributes:
        ready_after_connect: Show ``connecting_asr`` first, and ``recording_*`` and readiness only
            once the engine is connected; else both come at once.
        keep_text_on_error: An engine that fails in mid-speech costs a warning, and what was heard
            is delivered; else the session fails and the text is discarded.
        silence_is_error: A recording without speech ends in an error; else quietly in ``idle``.
        closing_states: ``completed`` and ``idle`` follow the final text.
        finish_superseded: A session that is still recording when the next one begins is ended and
            delivers its text; else it is cancelled.
        rebuild_at_reload_only: Every reload rebuilds the client for language models, and nothing
            else does; else it is rebuilt whenever one of its settings changed.
    """

    ready_after_connect: bool = False
    keep_text_on_error: bool = False
    silence_is_error: bool = False
    closing_states: bool = False
    finish_superseded: bool = False
    rebuild_at_reload_only: bool = False


_RECORDING = frozenset({InputEnded, Accepted, Cancelled, InterimHeard, DefiniteHeard, FinalHeard,
                        EngineWorking, EngineErred, EngineFailed, EngineClosed})  # fmt: skip

ACCEPTS: dict[State, frozenset[type[Event]]] = {
    State.IDLE: frozenset({Began}),
    State.CONNECTING_ASR: frozenset(
        {InputEnded, Accepted, Cancelled, EngineConnected, EngineFailed}
    ),
    State.RECORDING_HOLD: _RECORDING,
    State.RECORDING_TOGGLE: _RECORDING,
    State.FINALIZING_ASR: _RECORDING - {InputEnded} | {WaitExpired},
    # What the engine has to say comes too late to matter.
    State.CORRECTING: _RECORDING | {WaitExpired, Resumed, Corrected, CorrectionFailed},
    State.PREPARING_PASTE: _RECORDING | {WaitExpired, Resumed},
    State.COMPLETED: frozenset(),
    State.CANCELLED: frozenset(),
    State.FAILED: frozenset(),
}
"""Which events each state accepts; any other one is a StateError, a bug of ours."""

FINISHED = frozenset({State.COMPLETED, State.CANCELLED, State.FAILED})

# There is a text, and the engine can't change it any more.
_CONCLUDED = frozenset({State.CORRECTING, State.PREPARING_PASTE})


@dataclass(slots=True)
class Session:
    """One dictation.

    Attributes:
        engine: The configured engine's name, as it is reported with the text.
        mode: Whether the key is held or toggled.
        final_wait: Seconds to wait for the final result after the end of input.
        rules: What the shell expects.
        corrects: Whether there is somebody to correct the text.
        state: Where the session is.
    """

    engine: str
    mode: Mode = Mode.HOLD
    final_wait: float = 5.0
    rules: SessionRules = field(default_factory=SessionRules)
    corrects: bool = False
    state: State = State.IDLE
    # Everything heard.
    _transcript: Transcript = field(default_factory=Transcript)
    # The key came up while the engine was still being opened.
    _input_ended: bool = False
    # The user wants no correction.
    _accepted: bool = False
    # The correction was asked for.
    _asked: bool = False

    @property
    def finished(self) -> bool:
        """Whether the session is over: it accepts no event any more."""
        return self.state in FINISHED

    def receive(self, event: Event) -> list[Effect]:
        """Take one event and return what to do about it, in order.

        Raises:
            StateError: The state does not accept the event (see ACCEPTS).
        """
        if type(event) not in ACCEPTS[self.state]:
            raise StateError(self.state, type(event).__name__)
        match event:
            case Began():
                return self._begin()
            case EngineConnected():
                return self._record()
            case Resumed():
                return self._proceed()
            case Accepted():
                return self._accept()
            case Cancelled():
                return self._end(State.CANCELLED)
            case Corrected(text, remark):
                return self._deliver(text, not remark, remark)
            case CorrectionFailed(message):
                return [Warn(message), *self._deliver(self._heard)]
            case _ if self.state in _CONCLUDED:
                return []
            case InputEnded(lost_bytes):
                return _warn_of_loss(lost_bytes) + self._end_input()
            case InterimHeard(text):
                self._transcript.add_interim(text)
                return [ShowInterim(self._transcript.preview)] if text else []
            case DefiniteHeard(text):
                self._transcript.add_definite(text)
                return [ShowInterim(self._transcript.preview)]
            case FinalHeard(text):
                self._transcript.add_final(text)
                shown: list[Effect] = [ShowInterim(self._transcript.preview)]
                return shown + (self._conclude() if self._waiting else [])
            case EngineWorking():
                return [StartFinalWait(self.final_wait)] if self._waiting else []
            case EngineErred(message):
                if self.rules.keep_text_on_error:
                    return [Warn(message)]
                return self._fail(message)
            case EngineFailed(message):
                return self._fail(message)
            case EngineClosed(reason, is_early, _):
                is_orderly = self._waiting and not is_early
                return self._conclude() if is_orderly else self._fail(_closed_early(reason))
            case WaitExpired():
                return self._expire()
        raise AssertionError(f"{event!r} is accepted but not handled")

    @property
    def _waiting(self) -> bool:
        return self.state is State.FINALIZING_ASR

    @property
    def _heard(self) -> str:
        """All that was said.

        The preview rather than the committed text: when the engine closes or runs out of time
        with a hypothesis open, those words were spoken too (spec asr §10, defect 1).
        """
        return self._transcript.preview

    @property
    def _recording_state(self) -> State:
        return State.RECORDING_TOGGLE if self.mode is Mode.TOGGLE else State.RECORDING_HOLD

    def _begin(self) -> list[Effect]:
        self.state = State.CONNECTING_ASR
        if self.rules.ready_after_connect:
            return [ShowState(State.CONNECTING_ASR), OpenEngine()]
        return [ShowState(self._recording_state), AnnounceReady(), OpenEngine()]

    def _record(self) -> list[Effect]:
        self.state = self._recording_state
        effects: list[Effect] = [StreamAudio()]
        if self.rules.ready_after_connect:
            effects += [ShowState(self.state), AnnounceReady()]
        return effects + self._end_input() if self._input_ended else effects

    def _end_input(self) -> list[Effect]:
        if self.state is State.CONNECTING_ASR:
            self._input_ended = True
            return []
        self.state = State.FINALIZING_ASR
        return [FinishInput(), ShowState(self.state), StartFinalWait(self.final_wait)]

    def _conclude(self) -> list[Effect]:
        """Stop listening: from here on the text, or that there is none, stands."""
        if self._heard.strip():
            self.state = State.CORRECTING if self.corrects else State.PREPARING_PASTE
            return [ReportHeard(self._heard), Pause()]
        if self.rules.silence_is_error:
            return [ReportError("no speech recognized"), *self._end(State.FAILED)]
        return [ShowState(State.IDLE), *self._end(State.COMPLETED)]

    def _proceed(self) -> list[Effect]:
        """Have the text corrected or deliver it, unless a cancel came in the pause."""
        if self.state is State.PREPARING_PASTE:
            return self._deliver(self._heard)
        shown: list[Effect] = [ShowState(State.CORRECTING)]
        if self._accepted:
            return shown + self._deliver(self._heard)
        self._asked = True
        return [*shown, Correct(self._heard, tuple(self._transcript.history(HISTORY_LIMIT)))]

    def _accept(self) -> list[Effect]:
        self._accepted = True
        return self._deliver(self._heard) if self._asked else []

    def _deliver(self, text: str, is_corrected: bool = False, remark: str = "") -> list[Effect]:
        return [
            ShowState(State.PREPARING_PASTE),
            Deliver(text, self._heard, self.engine, is_corrected, remark),
            *(_closing_states() if self.rules.closing_states else []),
            *self._end(State.COMPLETED),
        ]

    def _fail(self, message: str) -> list[Effect]:
        """End because the engine is lost; what was heard is kept where the shell expects it."""
        if self.state is State.CONNECTING_ASR:
            return [ReportError(message), *self._end(State.FAILED)]
        shown: list[Effect] = [] if self._waiting else [ShowState(State.FINALIZING_ASR)]
        # Without a text the conclusion would be silence, and that is no word for a failure.
        nothing_to_keep = not self._transcript and not self.rules.silence_is_error
        if not self.rules.keep_text_on_error or nothing_to_keep:
            return [*shown, ReportError(message), *self._end(State.FAILED)]
        return [Warn(message), *shown, *self._conclude()]

    def _expire(self) -> list[Effect]:
        """Conclude without the engine, and say so: its silence is not the user's."""
        message = f"the speech engine did not answer within {self.final_wait:g} s"
        if self.rules.keep_text_on_error:
            return self._fail(message)
        return [Warn(message), *self._conclude()]

    def _end(self, state: State) -> list[Effect]:
        self.state = state
        if state is State.CANCELLED:
            return [ShowState(State.CANCELLED), ShowState(State.IDLE)]
        if state is State.FAILED:
            return [ShowState(State.FAILED)]
        return []


def _closing_states() -> list[Effect]:
    return [ShowState(State.COMPLETED), ShowState(State.IDLE)]


def _closed_early(reason: str) -> str:
    message = "ASR connection closed unexpectedly by server"
    return f"{message}: {reason}" if reason.strip() else message


def _warn_of_loss(lost_bytes: int) -> list[Effect]:
    if not lost_bytes:
        return []
    seconds = lost_bytes / BYTES_PER_SECOND
    return [Warn(f"{seconds:.1f} seconds of speech were lost because the audio buffer was full")]
