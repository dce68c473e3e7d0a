"""One dictation, from key press to text, as a pure state machine.

This file has every transition and every condition for one. Nothing here awaits, reads a clock,
opens a file or calls a callback.

``Session.receive`` takes an event, what happened, and returns effects, what to do, in order.
``koe.runner`` performs them.

    idle ── Began ──► connecting_asr ── EngineConnected ──► recording_hold | recording_toggle
                                                                  │ InputEnded
       completed ◄── Resumed ── preparing_paste ◄── a text ── finalizing_asr
               ▲                                                  │ a text to be corrected
               └── Corrected, CorrectionFailed or Accepted ── correcting

       completed ◄── silence, from finalizing_asr
       failed    ◄── no engine works and nothing was heard, or silence where that is an error
       cancelled ◄── Cancelled, from any state

Losing an engine changes no state. The session has the engine opened again where the certain text
ends, then one fall-back after the other. If none works, it delivers what was heard, or fails.

After it has reported the text, the session pauses for one turn of the loop: a shell may answer the
text with a cancel, which has to be received before the text is corrected or delivered.

The states are those of the contract, whose strings shells compare (spec abi §4.1). The state that
a shell is *shown* may differ from the state of the session: most shells see ``recording_*`` from
the start, because the user may speak while the engine is still being opened; and all see
``preparing_paste`` when it is too late to cancel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from koe.errors import StateError
from koe.events import (
    SAMPLE_RATE_HZ,
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
    InputEnded,
    InterimHeard,
    Mode,
    OpenEngine,
    Pause,
    ReportError,
    ReportHeard,
    RestWasSilent,
    Resumed,
    ShowInterim,
    ShowState,
    SpeechMissed,
    StartFinalWait,
    State,
    WaitExpired,
    Warn,
)
from koe.hearing import Hearing
from koe.prompts import PROMPTED_REVISIONS
from koe.session_messages import lost_audio, unexpected_end
from koe.session_rules import SessionRules

# Seconds before each retry of an engine that was lost. While the user speaks and there is no
# fall-back, the last delay is repeated. A retry by which more text became certain resets the count.
RETRY_DELAYS = (0.0, 0.5, 1.0, 2.0)

_RECORDING = frozenset({InputEnded, Accepted, Cancelled, EngineConnected, InterimHeard,
                        DefiniteHeard, FinalHeard, EngineWorking, EngineErred, EngineFailed,
                        EngineClosed, SpeechMissed})  # fmt: skip

ACCEPTS: dict[State, frozenset[type[Event]]] = {
    State.IDLE: frozenset({Began}),
    State.CONNECTING_ASR: frozenset(
        {InputEnded, Accepted, Cancelled, EngineConnected, EngineWorking, EngineFailed, WaitExpired}
    ),
    State.RECORDING_HOLD: _RECORDING,
    State.RECORDING_TOGGLE: _RECORDING,
    State.FINALIZING_ASR: _RECORDING - {InputEnded} | {RestWasSilent, WaitExpired},
    # The engine's results come too late, and are ignored.
    State.CORRECTING: _RECORDING
    | {RestWasSilent, WaitExpired, Resumed, Corrected, CorrectionFailed},
    State.PREPARING_PASTE: _RECORDING | {RestWasSilent, WaitExpired, Resumed},
    State.COMPLETED: frozenset(),
    State.CANCELLED: frozenset(),
    State.FAILED: frozenset(),
}
"""The events that each state accepts; any other event is a bug in koe, and a StateError."""

FINISHED = frozenset({State.COMPLETED, State.CANCELLED, State.FAILED})

_CLOSING_STATES = (ShowState(State.COMPLETED), ShowState(State.IDLE))

# States in which there is a text that the engine can't change any more.
_CONCLUDED = frozenset({State.CORRECTING, State.PREPARING_PASTE})


@dataclass(slots=True)
class Session:
    """One dictation.

    Attributes:
        engine: The name of the engine that recognises, as it is reported with the text.
        fallbacks: The engines that recognise in its place when it is lost, in this order.
        mode: Whether the key is held or toggled.
        final_wait: Seconds to wait for the final result after the end of input.
        is_file: The audio is an existing recording: its length is added to ``final_wait``.
        rules: What the shell expects.
        corrects: Whether the text is to be corrected.
        finish: Turns what was heard into the text that is delivered without a model.
        remedy: How to get a missing text later, as a sentence; empty: there is no way.
        state: The state of the session.
        is_whole: Whether the text is complete, as far as is known.
        hearing: What was heard.
    """

    engine: str
    fallbacks: tuple[str, ...] = ()
    mode: Mode = Mode.HOLD
    final_wait: float = 5.0
    is_file: bool = False
    rules: SessionRules = field(default_factory=SessionRules)
    corrects: bool = False
    finish: Callable[[str], str] = str
    remedy: str = ""
    state: State = State.IDLE
    is_whole: bool = True
    hearing: Hearing = field(default_factory=Hearing)
    # The text that `finish` made of what was heard, once the engine has concluded.
    _text: str = ""
    # The key came up, perhaps while the engine was still being opened.
    _input_ended: bool = False
    # How often an engine was opened again since something new became certain.
    _tries: int = 0
    # A wait for the final result was started and has not expired.
    _wait_runs: bool = False
    # Why the engine was lost; empty once it is opened again.
    _trouble: str = ""
    # An engine did not answer in time once; the second time it is given up.
    _has_expired: bool = False
    # No engine is left, and the user is still speaking.
    _has_no_engine: bool = False
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
            case Resumed():
                return self._proceed()
            case Accepted():
                return self._accept()
            case Cancelled():
                return self._end(State.CANCELLED)
            case Corrected(text, remark):
                return self._deliver(text, not remark, remark)
            case CorrectionFailed(message):
                return [Warn(message), *self._deliver(self._text)]
            case _ if self.state in _CONCLUDED:
                return []
            case InputEnded(lost_bytes, samples, flaw):
                return self._note_loss(lost_bytes, flaw) + self._end_input(samples)
            case EngineConnected(start):
                return self._record(start)
            case InterimHeard(text):
                self.hearing.add_interim(text)
                return [ShowInterim(self.heard)] if text else []
            case DefiniteHeard(text, upto):
                self.hearing.add_definite(text, upto)
                return [ShowInterim(self.heard)]
            case FinalHeard(text, upto):
                self.hearing.add_final(text, upto)
                return [ShowInterim(self.heard), *(self._complete() if self._waiting else [])]
            case EngineWorking():
                return self._wait() if self._waiting or self._wait_runs else []
            case EngineErred(message):
                return self._lose_engine(message, has_ended=True)
            case SpeechMissed(message):
                return self._miss(message)
            case EngineFailed(message, is_permanent):
                return self._lose_engine(message, is_permanent=is_permanent)
            case EngineClosed(reason, is_early, is_cut):
                is_answer = self._waiting and not is_early
                if is_answer and not is_cut:
                    return self._complete()
                return self._lose_engine(unexpected_end(reason, is_answer), has_ended=True)
            case RestWasSilent():
                self.hearing.end_in_silence()
                return self._conclude()
            case WaitExpired():
                return self._expire()
        raise AssertionError(f"{event!r} is accepted but not handled")

    @property
    def _waiting(self) -> bool:
        return self.state is State.FINALIZING_ASR

    @property
    def heard(self) -> str:
        """Everything heard so far."""
        return self.hearing.text

    @property
    def _recording_state(self) -> State:
        return State.RECORDING_TOGGLE if self.mode is Mode.TOGGLE else State.RECORDING_HOLD

    def _begin(self) -> list[Effect]:
        self.state = State.CONNECTING_ASR
        if self.rules.ready_after_connect:
            return [ShowState(State.CONNECTING_ASR), OpenEngine(self.engine)]
        return [ShowState(self._recording_state), AnnounceReady(), OpenEngine(self.engine)]

    def _record(self, start: int) -> list[Effect]:
        self.hearing.begin_leg(start)
        self._trouble = ""
        if self.state is not State.CONNECTING_ASR:
            return self._wait() if self._waiting else []
        self.state = self._recording_state
        effects: list[Effect] = []
        if self.rules.ready_after_connect:
            effects += [ShowState(self.state), AnnounceReady()]
        return effects + self._finalize() if self._input_ended else effects

    def _end_input(self, samples: int) -> list[Effect]:
        self._input_ended = True
        self.hearing.end_recording(samples)
        if self.is_file:
            self.final_wait += samples / SAMPLE_RATE_HZ
        if self.state is State.CONNECTING_ASR:
            # The first try is limited by the time limit for connecting instead.
            return self._wait() if self._tries else []
        return self._finalize()

    def _finalize(self) -> list[Effect]:
        self.state = State.FINALIZING_ASR
        return [ShowState(self.state), *(self._conclude() if self._has_no_engine else self._wait())]

    def _wait(self) -> list[Effect]:
        self._wait_runs = True
        return [StartFinalWait(self.final_wait)]

    # --- an engine is lost ---

    def _lose_engine(
        self, message: str, *, is_permanent: bool = False, has_ended: bool = False
    ) -> list[Effect]:
        """Retry the engine, or fall back to another one, or go on without an engine.

        Args:
            message: Why it is lost.
            is_permanent: Another try of it would fail in the same way.
            has_ended: The engine ended by itself, or reported an error. If it does so twice after
                the same text, there is no more text to expect from it.
        """
        is_useless = is_permanent or (has_ended and self._waiting and self.hearing.is_repetition)
        self._trouble = message
        if self.hearing.lose_leg():
            self._tries = 0
        if not is_useless and self._may_try_again:
            return self._try_again(message)
        if self.fallbacks:
            return self._fall_back(message)
        return self._give_up(message)

    @property
    def _may_try_again(self) -> bool:
        if self.fallbacks:
            # Another engine gives the waiting user the text sooner.
            return self._tries < (1 if self._input_ended else len(RETRY_DELAYS))
        return not self._input_ended or self._tries < len(RETRY_DELAYS)

    def _try_again(self, message: str) -> list[Effect]:
        effects: list[Effect] = []
        if self._tries == len(RETRY_DELAYS):
            effects.append(Warn(f"{message}; go on speaking: koe keeps the audio and tries again"))
        delay = RETRY_DELAYS[min(self._tries, len(RETRY_DELAYS) - 1)]
        self._tries += 1
        effects.append(OpenEngine(self.engine, self.hearing.upto, delay, is_again=True))
        return effects + (self._wait() if self._input_ended and not self._wait_runs else [])

    def _fall_back(self, message: str) -> list[Effect]:
        """Let the next engine recognise the rest; it may have to load its model first."""
        self.engine, *others = self.fallbacks
        self.fallbacks = tuple(others)
        self._tries, self._wait_runs, self._has_expired = 0, False, False
        return [
            Warn(f"{message}; {self.engine} recognises the rest"),
            OpenEngine(self.engine, self.hearing.upto),
            *([StartFinalWait(None)] if self._input_ended else []),
        ]

    def _miss(self, message: str) -> list[Effect]:
        """Let another engine recognise a piece of the speech, or go on without it."""
        if self.fallbacks:
            return self._lose_engine(message, is_permanent=True)
        self.is_whole = False
        return [Warn(self._with_remedy(f"{message}; a part of the text is missing"))]

    def _give_up(self, message: str) -> list[Effect]:
        """Deliver what was heard after the input ends; if nothing was heard, fail at once."""
        if not self.heard.strip():
            is_recording = self.state in (State.RECORDING_HOLD, State.RECORDING_TOGGLE)
            shown: list[Effect] = [ShowState(State.FINALIZING_ASR)] if is_recording else []
            return [*shown, ReportError(self._with_remedy(message)), *self._end(State.FAILED)]
        self.is_whole = False
        warning = Warn(self._with_remedy(f"{message}; the end of the text may be missing"))
        if self._waiting:
            return [warning, *self._conclude()]
        self._has_no_engine = True
        return [warning]

    def _with_remedy(self, message: str) -> str:
        return f"{message}. {self.remedy}" if self.remedy else message

    # --- the end: with a text, or without ---

    def _complete(self) -> list[Effect]:
        """Conclude with the final text of the engine."""
        self.hearing.complete_leg()
        return self._conclude()

    def _conclude(self) -> list[Effect]:
        """Stop listening: the result, a text or silence, is final."""
        self.hearing.end()
        if self.heard.strip():
            self._text = self.finish(self.heard)
            self.state = State.CORRECTING if self.corrects else State.PREPARING_PASTE
            return [ReportHeard(self._text), Pause()]
        if self.rules.silence_is_error:
            return [ReportError("no speech recognized"), *self._end(State.FAILED)]
        return [ShowState(State.IDLE), *self._end(State.COMPLETED)]

    def _proceed(self) -> list[Effect]:
        """Have the text corrected, or deliver it; a cancel in the pause came before this."""
        if self.state is State.PREPARING_PASTE:
            return self._deliver(self._text)
        shown: list[Effect] = [ShowState(State.CORRECTING)]
        if self._accepted:
            return shown + self._deliver(self._text)
        self._asked = True
        return [*shown, Correct(self._text, tuple(self.hearing.history(PROMPTED_REVISIONS)))]

    def _accept(self) -> list[Effect]:
        self._accepted = True
        return self._deliver(self._text) if self._asked else []

    def _deliver(self, text: str, is_corrected: bool = False, remark: str = "") -> list[Effect]:
        return [
            ShowState(State.PREPARING_PASTE),
            Deliver(text, self._text, self.engine, is_corrected, remark, self.is_whole),
            *(_CLOSING_STATES if self.rules.closing_states else ()),
            *self._end(State.COMPLETED),
        ]

    def _expire(self) -> list[Effect]:
        """Retry an engine once if it does not answer: that does not mean that nothing was said."""
        silence = f"the speech engine did not answer within {self.final_wait:g} s"
        is_useless, self._has_expired = self._has_expired, True
        self._wait_runs = False
        return self._lose_engine(self._trouble or silence, is_permanent=is_useless)

    def _note_loss(self, lost_bytes: int, flaw: str) -> list[Effect]:
        warnings = [Warn(it) for it in (flaw, lost_audio(lost_bytes)) if it]
        self.is_whole = self.is_whole and not warnings
        return list(warnings)

    def _end(self, state: State) -> list[Effect]:
        self.state = state
        if state is State.CANCELLED:
            return [ShowState(State.CANCELLED), ShowState(State.IDLE)]
        return [ShowState(State.FAILED)] if state is State.FAILED else []
