"""Sequences of spec abi §4, as equalities of effects.

Generations differ by rules only: FIRST shows readiness after connecting, the first two keep text
and finish superseded sessions, LATEST is quiet about ends.
"""

import pytest

from koe.errors import StateError
from koe.events import (
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
from koe.session import ACCEPTS, Session, SessionRules

SECOND = SessionRules(
    keep_text_on_error=True, silence_is_error=True, closing_states=True, finish_superseded=True
)
FIRST = SessionRules(
    ready_after_connect=True,
    keep_text_on_error=True,
    silence_is_error=True,
    closing_states=True,
    finish_superseded=True,
)
LATEST = SessionRules()

RECORDING = ShowState(State.RECORDING_HOLD)
FINALIZING = ShowState(State.FINALIZING_ASR)
CORRECTING = ShowState(State.CORRECTING)
PASTING = ShowState(State.PREPARING_PASTE)
COMPLETED = ShowState(State.COMPLETED)
CANCELLED = ShowState(State.CANCELLED)
FAILED = ShowState(State.FAILED)
IDLE = ShowState(State.IDLE)
READY = AnnounceReady()
NO_ANSWER = Warn("the speech engine did not answer within 5 s")
FINISH = [FinishInput(), FINALIZING, StartFinalWait(5.0)]


def delivered(text: str) -> list[Effect]:
    return [
        ReportHeard(text),
        Pause(),
        PASTING,
        Deliver(text=text, heard=text, engine="scripted", corrected=False),
    ]


def effects_of(
    rules: SessionRules, events: list[Event], mode: Mode = Mode.HOLD, *, corrects: bool = False
) -> tuple[Session, list[Effect]]:
    """What a session does about events; at a pause nothing else has happened."""
    session = Session(engine="scripted", mode=mode, rules=rules, corrects=corrects)
    effects: list[Effect] = []
    for event in [Began(), *events]:
        effects += session.receive(event)
        if effects[-1:] == [Pause()]:
            effects += session.receive(Resumed())
    return session, effects


HEARD: list[Event] = [EngineConnected(), InterimHeard("he"), DefiniteHeard("hello")]
LIVE: list[Effect] = [ShowInterim("he"), ShowInterim("hello")]


def test_success_latest() -> None:
    """§4.3, correction off, generation C."""
    session, effects = effects_of(LATEST, [*HEARD, InputEnded(), FinalHeard("hello world")])
    assert effects == [
        RECORDING, READY, OpenEngine(), StreamAudio(), *LIVE, *FINISH,
        ShowInterim("hello world"), *delivered("hello world"),
    ]  # fmt: skip
    assert session.finished


def test_success_second() -> None:
    """§4.3, generation B: the closing states follow the text."""
    _, effects = effects_of(SECOND, [*HEARD, InputEnded(), FinalHeard("hello world")])
    assert effects == [
        RECORDING, READY, OpenEngine(), StreamAudio(), *LIVE, *FINISH,
        ShowInterim("hello world"), *delivered("hello world"), COMPLETED, IDLE,
    ]  # fmt: skip


def test_success_first() -> None:
    """§4.3, generation A: ready once the engine is connected."""
    _, effects = effects_of(FIRST, [*HEARD, InputEnded(), FinalHeard("hello world")])
    assert effects == [
        ShowState(State.CONNECTING_ASR), OpenEngine(), StreamAudio(), RECORDING, READY, *LIVE,
        *FINISH, ShowInterim("hello world"), *delivered("hello world"), COMPLETED, IDLE,
    ]  # fmt: skip


def test_toggle_shows_its_own_state() -> None:
    session, effects = effects_of(LATEST, [EngineConnected()], Mode.TOGGLE)
    assert effects[0] == ShowState(State.RECORDING_TOGGLE)
    assert session.state is State.RECORDING_TOGGLE


@pytest.mark.parametrize(
    ("rules", "before"),
    [(FIRST, [ShowState(State.CONNECTING_ASR), OpenEngine()]),
     (SECOND, [RECORDING, READY, OpenEngine()]),
     (LATEST, [RECORDING, READY, OpenEngine()])],
)  # fmt: skip
def test_connect_failure(rules: SessionRules, before: list[Effect]) -> None:
    """§4.4: the provider's sentence, then failed; nothing after it."""
    session, effects = effects_of(rules, [EngineFailed("ASR connection failed: no")])
    assert effects == [*before, ReportError("ASR connection failed: no"), FAILED]
    assert session.state is State.FAILED


def test_key_released_while_connecting() -> None:
    """The audio waits, and is sent and finished once the engine is there."""
    session, effects = effects_of(LATEST, [InputEnded(), EngineConnected()])
    assert effects == [RECORDING, READY, OpenEngine(), StreamAudio(), *FINISH]
    assert session.state is State.FINALIZING_ASR


def test_key_released_while_connecting_in_vain() -> None:
    _, effects = effects_of(LATEST, [InputEnded(), EngineFailed("ASR connection failed: no")])
    assert effects[3:] == [ReportError("ASR connection failed: no"), FAILED]


STREAM_FAILURES: list[Event] = [
    EngineErred("quota"),
    EngineFailed("quota"),
]


@pytest.mark.parametrize("failure", STREAM_FAILURES)
def test_failure_in_midstream_discards_text_latest(failure: Event) -> None:
    """§4.4, generation C; at once, without the wait that could change nothing any more."""
    _, effects = effects_of(LATEST, [*HEARD, failure])
    assert effects[-3:] == [FINALIZING, ReportError("quota"), FAILED]


def test_failure_in_midstream_keeps_text() -> None:
    """§4.4, generations A and B, and never in silence."""
    _, effects = effects_of(SECOND, [*HEARD, EngineFailed("ASR error: lost")])
    assert effects[-8:] == [
        Warn("ASR error: lost"), FINALIZING, *delivered("hello"), COMPLETED, IDLE,
    ]  # fmt: skip


def test_failure_in_midstream_without_text() -> None:
    _, effects = effects_of(SECOND, [EngineConnected(), EngineFailed("ASR error: lost")])
    assert effects[-4:] == [
        Warn("ASR error: lost"), FINALIZING, ReportError("no speech recognized"), FAILED,
    ]  # fmt: skip


def test_failure_without_text_is_no_silence() -> None:
    """Where silence is no error, a failure still is one."""
    rules = SessionRules(keep_text_on_error=True)
    _, effects = effects_of(rules, [EngineConnected(), EngineFailed("ASR error: lost")])
    assert effects[-3:] == [FINALIZING, ReportError("ASR error: lost"), FAILED]


def test_error_event_does_not_end_streaming_where_text_is_kept() -> None:
    session, effects = effects_of(SECOND, [*HEARD, EngineErred("hiccup"), InterimHeard("hello w")])
    assert effects[-2:] == [Warn("hiccup"), ShowInterim("hello w")]
    assert session.state is State.RECORDING_HOLD


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("", "ASR connection closed unexpectedly by server"),
        ("  ", "ASR connection closed unexpectedly by server"),
        (
            'code=1008, reason="quota exhausted"',
            'ASR connection closed unexpectedly by server: code=1008, reason="quota exhausted"',
        ),
    ],
)
def test_unexpected_close(reason: str, message: str) -> None:
    """§9.1: the wording; §4.4: no wait."""
    _, effects = effects_of(LATEST, [*HEARD, EngineClosed(reason)])
    assert effects[-3:] == [FINALIZING, ReportError(message), FAILED]
    _, kept = effects_of(SECOND, [*HEARD, EngineClosed(reason)])
    assert kept[-8:] == [Warn(message), FINALIZING, *delivered("hello"), COMPLETED, IDLE]


def test_failure_during_the_final_wait() -> None:
    events: list[Event] = [*HEARD, InputEnded(), EngineFailed("ASR error: lost")]
    _, effects = effects_of(LATEST, events)
    assert effects[-2:] == [ReportError("ASR error: lost"), FAILED]
    _, kept = effects_of(SECOND, events)
    assert kept[-7:] == [Warn("ASR error: lost"), *delivered("hello"), COMPLETED, IDLE]


def test_close_ends_the_final_wait() -> None:
    """§9.1, final-wait vector 2, and what was heard is delivered."""
    _, effects = effects_of(LATEST, [*HEARD, InputEnded(), EngineClosed()])
    assert effects[-4:] == delivered("hello")


def test_a_close_before_all_audio_was_taken() -> None:
    """The key is up and audio still waits: what was heard is not all, and silence is no silence."""
    message = "ASR connection closed unexpectedly by server: quota"
    for before in ([EngineConnected()], HEARD):
        _, effects = effects_of(LATEST, [*before, InputEnded(), EngineClosed("quota", True)])
        assert effects[-2:] == [ReportError(message), FAILED]
    _, kept = effects_of(SECOND, [*HEARD, InputEnded(), EngineClosed("quota", True)])
    assert kept[-7:] == [Warn(message), *delivered("hello"), COMPLETED, IDLE]


def test_final_wait_vector_1() -> None:
    _, effects = effects_of(
        LATEST,
        [EngineConnected(), InputEnded(), InterimHeard("partial"), FinalHeard("complete")],
    )
    assert effects[-4:] == delivered("complete")


def test_final_wait_expires() -> None:
    """The open hypothesis beyond the stable text is delivered too: those words were spoken.

    There may have been more, so it does not go without a word.
    """
    events: list[Event] = [*HEARD, InterimHeard("hello wor"), InputEnded(), WaitExpired()]
    _, effects = effects_of(LATEST, events)
    assert effects[-5:] == [NO_ANSWER, *delivered("hello wor")]
    _, effects = effects_of(SECOND, events)
    assert effects[-7:] == [NO_ANSWER, *delivered("hello wor"), COMPLETED, IDLE]


def test_final_wait_expires_with_nothing() -> None:
    """An engine that hangs does not look like a user who said nothing."""
    events: list[Event] = [EngineConnected(), InputEnded(), WaitExpired()]
    _, effects = effects_of(LATEST, events)
    assert effects[-2:] == [NO_ANSWER, IDLE]
    _, effects = effects_of(SECOND, events)
    assert effects[-3:] == [NO_ANSWER, ReportError("no speech recognized"), FAILED]
    _, effects = effects_of(SessionRules(keep_text_on_error=True), events)
    assert effects[-2:] == [ReportError(NO_ANSWER.message), FAILED]


def test_a_working_engine_is_waited_for() -> None:
    """However long the recording: the wait counts from the engine's last sign of work."""
    session, effects = effects_of(LATEST, [*HEARD, EngineWorking(), InputEnded(), EngineWorking()])
    assert effects[-4:] == [*FINISH, StartFinalWait(5.0)]
    assert not session.finished


def test_a_final_during_recording_does_not_end_the_wait() -> None:
    """§4.6 improved: what is said after a final, before the key is released, is not lost."""
    _, effects = effects_of(
        LATEST,
        [EngineConnected(), FinalHeard("One."), InputEnded(), FinalHeard("One. Two.")],
    )
    assert effects[-4:] == delivered("One. Two.")


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_silence(text: str) -> None:
    """§4.5."""
    events: list[Event] = [EngineConnected(), InputEnded(), FinalHeard(text)]
    session, effects = effects_of(LATEST, events)
    assert effects[-2:] == [ShowInterim(text), IDLE]
    assert session.finished
    _, effects = effects_of(SECOND, events)
    assert effects[-3:] == [ShowInterim(text), ReportError("no speech recognized"), FAILED]


@pytest.mark.parametrize(
    "before",
    [[], [InputEnded()], [*HEARD], [*HEARD, InputEnded()]],
    ids=["connecting", "connecting-released", "recording", "finalizing"],
)
def test_cancel(before: list[Event]) -> None:
    """§§4.7, 4.8: at once in every phase, and the last thing that is told."""
    session, effects = effects_of(LATEST, [*before, Cancelled()])
    assert effects[-2:] == [CANCELLED, IDLE]
    assert session.state is State.CANCELLED


AFTERTHOUGHTS: list[Event] = [
    InterimHeard("more"), DefiniteHeard("more"), FinalHeard("more"), EngineWorking(),
    EngineErred("late"), EngineFailed("late"), EngineClosed(), WaitExpired(), InputEnded(32_000),
]  # fmt: skip


@pytest.mark.parametrize("rules", [FIRST, SECOND, LATEST], ids=["first", "second", "latest"])
def test_cancel_between_the_text_and_its_delivery(rules: SessionRules) -> None:
    """§4.8: A(text), then S(cancelled) S(idle); whatever else happens in between is ignored."""
    session = Session(engine="scripted", rules=rules)
    for event in [Began(), *HEARD, InputEnded()]:
        session.receive(event)
    assert session.receive(FinalHeard("hello world")) == [
        ShowInterim("hello world"), ReportHeard("hello world"), Pause(),
    ]  # fmt: skip
    assert [effect for event in AFTERTHOUGHTS for effect in session.receive(event)] == []
    assert not session.finished
    assert session.receive(Cancelled()) == [CANCELLED, IDLE]
    assert session.finished


def test_afterthoughts_of_the_engine_change_nothing() -> None:
    session = Session(engine="scripted")
    for event in [Began(), *HEARD, InputEnded(), FinalHeard("hello world"), *AFTERTHOUGHTS]:
        session.receive(event)
    assert session.receive(Resumed()) == delivered("hello world")[-2:]


# --- correction ----------------------------------------------------------------------------

SAID: list[Event] = [*HEARD, InputEnded(), FinalHeard("hello world")]
ASKED: list[Effect] = [
    ReportHeard("hello world"), Pause(), CORRECTING, Correct("hello world", ("he",)),
]  # fmt: skip


def pasted(text: str, *, corrected: bool, remark: str = "") -> list[Effect]:
    return [PASTING, Deliver(text, "hello world", "scripted", corrected, remark)]


@pytest.mark.parametrize(
    ("rules", "end"), [(FIRST, [COMPLETED, IDLE]), (SECOND, [COMPLETED, IDLE]), (LATEST, [])]
)
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Corrected("Hello, world."), pasted("Hello, world.", corrected=True)),
        (
            Corrected("hello world", "it is no use"),
            pasted("hello world", corrected=False, remark="it is no use"),
        ),
        (
            CorrectionFailed("LLM correction failed: oops"),
            [Warn("LLM correction failed: oops"), *pasted("hello world", corrected=False)],
        ),
        (Accepted(), pasted("hello world", corrected=False)),
    ],
)
def test_correction(
    rules: SessionRules, end: list[Effect], answer: Event, outcome: list[Effect]
) -> None:
    """§§4.3, 4.10."""
    session, effects = effects_of(rules, [*SAID, answer], corrects=True)
    told = [*ASKED, *outcome, *end]
    assert effects[-len(told) :] == told
    assert session.finished


@pytest.mark.parametrize("early", range(len(SAID) + 1))
def test_accepted_before_the_correction(early: int) -> None:
    """§1.3.9: it is remembered; the correction is entered and left at once."""
    events = [*SAID[:early], Accepted(), *SAID[early:]]
    session = Session(engine="scripted", corrects=True)
    effects = [effect for event in [Began(), *events] for effect in session.receive(event)]
    effects += session.receive(Resumed())
    assert effects[-5:] == [
        ReportHeard("hello world"), Pause(), CORRECTING, *pasted("hello world", corrected=False),
    ]  # fmt: skip


def test_accepted_without_a_correction_changes_nothing() -> None:
    session, effects = effects_of(LATEST, [EngineConnected(), Accepted(), *SAID[1:]])
    assert effects[-4:] == delivered("hello world")
    assert session.finished


def test_a_cancel_ends_the_correction() -> None:
    """§4.8."""
    session, effects = effects_of(LATEST, [*SAID, Cancelled()], corrects=True)
    assert effects[-6:] == [*ASKED, CANCELLED, IDLE]
    assert session.finished


def test_a_cancel_in_answer_to_the_text_keeps_it_from_the_model() -> None:
    session = Session(engine="scripted", corrects=True)
    for event in [Began(), *SAID]:
        session.receive(event)
    assert session.receive(Cancelled()) == [CANCELLED, IDLE]


def test_silence_is_not_corrected() -> None:
    _, effects = effects_of(
        LATEST, [EngineConnected(), InputEnded(), EngineClosed()], corrects=True
    )
    assert effects[-1] == IDLE


def test_what_the_engine_says_during_the_correction_is_too_late() -> None:
    session, _ = effects_of(LATEST, SAID, corrects=True)
    for event in (FinalHeard("more"), EngineWorking(), EngineFailed("x"), EngineClosed()):
        assert session.receive(event) == []
    assert session.receive(Corrected("Hello.")) == pasted("Hello.", corrected=True)


def test_lost_audio_is_told_before_the_text() -> None:
    _, effects = effects_of(
        LATEST, [*HEARD, InputEnded(lost_bytes=48_000), FinalHeard("hello world")]
    )
    warning = Warn("1.5 seconds of speech were lost because the audio buffer was full")
    assert effects.index(warning) < effects.index(FINALIZING)
    assert effects[-4:] == delivered("hello world")


def test_empty_interim_is_not_shown() -> None:
    """§3.5."""
    session = Session(engine="scripted")
    session.receive(Began())
    session.receive(EngineConnected())
    assert session.receive(InterimHeard("")) == []
    assert session.receive(DefiniteHeard("")) == [ShowInterim("")]


@pytest.mark.parametrize("state", list(ACCEPTS))
@pytest.mark.parametrize("event", [Began(), InputEnded(), Cancelled(), EngineConnected(),
                                   InterimHeard("x"), DefiniteHeard("x"), FinalHeard("x"),
                                   EngineWorking(), EngineErred("x"), EngineFailed("x"),
                                   EngineClosed(), WaitExpired(), Resumed(), Accepted(),
                                   Corrected("x"), CorrectionFailed("x")])  # fmt: skip
@pytest.mark.parametrize("rules", [FIRST, SECOND, LATEST], ids=["first", "second", "latest"])
def test_table(state: State, event: Event, rules: SessionRules) -> None:
    """Every accepted event is handled in every state, and every other one is our bug."""
    session = Session(engine="scripted", rules=rules, state=state)
    if type(event) in ACCEPTS[state]:
        session.receive(event)
    else:
        with pytest.raises(StateError, match=f"{type(event).__name__} in {state}"):
            session.receive(event)


def test_terminal_states_accept_nothing() -> None:
    for state in (State.COMPLETED, State.CANCELLED, State.FAILED):
        assert ACCEPTS[state] == frozenset()
