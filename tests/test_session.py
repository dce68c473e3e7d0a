"""Sequences of spec abi §4, as equalities of effects.

Generations differ by rules only: FIRST shows readiness after connecting, the first two finish
superseded sessions, LATEST is quiet about ends.
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
from koe.session import ACCEPTS, Session
from koe.session_rules import SessionRules

SECOND = SessionRules(silence_is_error=True, closing_states=True, finish_superseded=True)
FIRST = SessionRules(
    ready_after_connect=True,
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
OPEN = OpenEngine("scripted")
AGAIN = OpenEngine("scripted", is_again=True)
NO_ANSWER = "the speech engine did not answer within 5 s"
WAIT = StartFinalWait(5.0)
FINISH = [FINALIZING, WAIT]


def delivered(text: str, *, is_whole: bool = True) -> list[Effect]:
    return [
        ReportHeard(text),
        Pause(),
        PASTING,
        Deliver(text=text, heard=text, engine="scripted", corrected=False, is_whole=is_whole),
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
    """Spec abi §4.3, correction off, generation C."""
    session, effects = effects_of(LATEST, [*HEARD, InputEnded(), FinalHeard("hello world")])
    assert effects == [
        RECORDING, READY, OPEN, *LIVE, *FINISH,
        ShowInterim("hello world"), *delivered("hello world"),
    ]  # fmt: skip
    assert session.finished


def test_success_second() -> None:
    """Spec abi §4.3, generation B: the closing states follow the text."""
    _, effects = effects_of(SECOND, [*HEARD, InputEnded(), FinalHeard("hello world")])
    assert effects == [
        RECORDING, READY, OPEN, *LIVE, *FINISH,
        ShowInterim("hello world"), *delivered("hello world"), COMPLETED, IDLE,
    ]  # fmt: skip


def test_success_first() -> None:
    """Spec abi §4.3, generation A: ready once the engine is connected."""
    _, effects = effects_of(FIRST, [*HEARD, InputEnded(), FinalHeard("hello world")])
    assert effects == [
        ShowState(State.CONNECTING_ASR), OPEN, RECORDING, READY, *LIVE,
        *FINISH, ShowInterim("hello world"), *delivered("hello world"), COMPLETED, IDLE,
    ]  # fmt: skip


def test_toggle_shows_its_own_state() -> None:
    session, effects = effects_of(LATEST, [EngineConnected()], Mode.TOGGLE)
    assert effects[0] == ShowState(State.RECORDING_TOGGLE)
    assert session.state is State.RECORDING_TOGGLE


@pytest.mark.parametrize(
    ("rules", "before"),
    [(FIRST, [ShowState(State.CONNECTING_ASR), OPEN]),
     (SECOND, [RECORDING, READY, OPEN]),
     (LATEST, [RECORDING, READY, OPEN])],
)  # fmt: skip
def test_connect_failure(rules: SessionRules, before: list[Effect]) -> None:
    """Spec abi §4.4: the provider's sentence, then failed; nothing after it."""
    failure = EngineFailed("ASR connection failed: no", is_permanent=True)
    session, effects = effects_of(rules, [failure])
    assert effects == [*before, ReportError("ASR connection failed: no"), FAILED]
    assert session.state is State.FAILED


def test_key_released_while_connecting() -> None:
    """The audio waits, and is sent and finished once the engine is there."""
    session, effects = effects_of(LATEST, [InputEnded(), EngineConnected()])
    assert effects == [RECORDING, READY, OPEN, *FINISH]
    assert session.state is State.FINALIZING_ASR


def test_key_released_while_connecting_in_vain() -> None:
    failure = EngineFailed("ASR connection failed: no", is_permanent=True)
    _, effects = effects_of(LATEST, [InputEnded(), failure])
    assert effects[3:] == [ReportError("ASR connection failed: no"), FAILED]


# --- an engine is lost -------------------------------------------------------------------------

LOST = EngineFailed("ASR error: lost")
REFUSED = EngineFailed("ASR connection failed: 401", is_permanent=True)
LOSSES: list[Event] = [
    LOST,
    EngineErred("quota"),
    EngineClosed(),
    EngineClosed("no end mark", is_cut=True),
    EngineClosed("idle", is_early=True),
]
ALL_RULES = pytest.mark.parametrize(
    "rules", [FIRST, SECOND, LATEST], ids=["first", "second", "latest"]
)


def session_of(
    events: list[Event],
    rules: SessionRules = LATEST,
    *,
    fallbacks: tuple[str, ...] = (),
    remedy: str = "",
) -> tuple[Session, list[Effect]]:
    """A session, and what it does about the last of the events."""
    session = Session(engine="scripted", fallbacks=fallbacks, rules=rules, remedy=remedy)
    effects: list[Effect] = []
    for event in [Began(), *events]:
        effects = session.receive(event)
    return session, effects


@ALL_RULES
@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_engine_is_opened_again_at_once(loss: Event, rules: SessionRules) -> None:
    """From where the text is certain, in every generation, and the shell hears nothing of it."""
    session, effects = session_of(
        [EngineConnected(), DefiniteHeard("One.", 16_000), InterimHeard("One. Two"), loss], rules
    )
    assert effects == [OpenEngine("scripted", 16_000, 0.0, is_again=True)]
    assert session.state is State.RECORDING_HOLD


@ALL_RULES
@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_once_costs_no_word(loss: Event, rules: SessionRules) -> None:
    events: list[Event] = [
        EngineConnected(), DefiniteHeard("One two three.", 64_000),
        InterimHeard("One two three. Four"), loss, EngineConnected(16_000),
        InterimHeard("two three. Four five"), InputEnded(), FinalHeard("two three. Four five six."),
    ]  # fmt: skip
    _, effects = effects_of(rules, events)
    assert Deliver("One two three. Four five six.", "One two three. Four five six.", "scripted",
                   corrected=False) in effects  # fmt: skip
    assert not [effect for effect in effects if isinstance(effect, Warn | ReportError)]


def test_what_was_heard_stays_visible() -> None:
    """Until the new leg has heard as much; and then the new leg counts."""
    session, _ = session_of([EngineConnected(), InterimHeard("one two three"), LOST])
    session.receive(EngineConnected())
    assert session.receive(InterimHeard("one")) == [ShowInterim("one two three")]
    assert session.receive(InterimHeard("one two tree four")) == [ShowInterim("one two tree four")]


@pytest.mark.parametrize(("final", "heard"), [("1, 2, 3.", "1, 2, 3."), ("One.", "one two three")])
def test_a_leg_that_heard_much_less(final: str, heard: str) -> None:
    """A revision may be shorter, with digits for words; but not by half."""
    session, _ = session_of([EngineConnected(), InterimHeard("one two three"), LOST])
    for event in (EngineConnected(), InputEnded()):
        session.receive(event)
    assert ReportHeard(heard) in session.receive(FinalHeard(final))


def test_tries_while_the_user_speaks() -> None:
    """At once, then after 0.5, 1 and 2 s, and so on; the user is informed once."""
    session, effects = session_of([LOST])
    delays = []
    for _ in range(6):
        delays += [effect.delay for effect in effects if isinstance(effect, OpenEngine)]
        warnings = [effect for effect in effects if isinstance(effect, Warn)]
        effects = session.receive(LOST)
        if len(delays) == 5:
            assert warnings == [
                Warn("ASR error: lost; go on speaking: koe keeps the audio and tries again")
            ]
        else:
            assert not warnings
    assert delays == [0.0, 0.5, 1.0, 2.0, 2.0, 2.0]
    assert not session.finished


def test_a_try_by_which_more_became_certain_begins_the_count_anew() -> None:
    session, _ = session_of([EngineConnected(), LOST, LOST, LOST])
    session.receive(EngineConnected())
    session.receive(DefiniteHeard("One.", 16_000))
    assert session.receive(LOST) == [OpenEngine("scripted", 16_000, 0.0, is_again=True)]
    assert session.receive(LOST) == [OpenEngine("scripted", 16_000, 0.5, is_again=True)]


@ALL_RULES
def test_tries_after_the_key_is_up(rules: SessionRules) -> None:
    """Four more; then what was heard is delivered, in all generations, with a warning."""
    events: list[Event] = [*HEARD, InputEnded(), LOST, LOST, LOST, LOST]
    session, effects = session_of(events, rules, remedy="To try again, run: koe history retry last")
    assert effects == [OpenEngine("scripted", 0, 2.0, is_again=True)]
    effects = session.receive(LOST)
    assert effects == [
        Warn("ASR error: lost; the end of the text may be missing. "
             "To try again, run: koe history retry last"),
        ReportHeard("hello"), Pause(),
    ]  # fmt: skip
    assert not session.is_whole


@ALL_RULES
def test_nothing_was_heard_and_no_try_helped(rules: SessionRules) -> None:
    session, effects = session_of(
        [EngineConnected(), InputEnded(), LOST, LOST, LOST, LOST, LOST], rules, remedy="Try again"
    )
    assert effects == [ReportError("ASR error: lost. Try again"), FAILED]
    assert session.finished


@ALL_RULES
def test_a_refusal_is_final(rules: SessionRules) -> None:
    """Another try would be in vain; without a text the session fails, also in mid-speech."""
    _, effects = session_of([REFUSED], rules)
    assert effects == [ReportError("ASR connection failed: 401"), FAILED]
    _, effects = session_of([EngineConnected(), REFUSED], rules)
    assert effects == [FINALIZING, ReportError("ASR connection failed: 401"), FAILED]


@ALL_RULES
def test_a_refusal_in_midspeech_keeps_the_text_until_the_key_is_up(rules: SessionRules) -> None:
    session, effects = session_of([*HEARD, LOST, REFUSED], rules)
    assert effects == [Warn("ASR connection failed: 401; the end of the text may be missing")]
    assert session.state is State.RECORDING_HOLD
    assert session.receive(InputEnded()) == [FINALIZING, ReportHeard("hello"), Pause()]
    assert not session.is_whole


@pytest.mark.parametrize("phase", [[], [EngineConnected()], HEARD])
def test_the_fall_back(phase: list[Event]) -> None:
    session, effects = session_of([*phase, REFUSED], fallbacks=("moonshine",))
    assert effects == [
        Warn("ASR connection failed: 401; moonshine recognises the rest"), OpenEngine("moonshine"),
    ]  # fmt: skip
    assert session.engine == "moonshine"
    for event in (EngineConnected(), InputEnded()):
        session.receive(event)
    session.receive(FinalHeard("hello there"))
    assert session.receive(Resumed())[1] == Deliver(
        "hello there", "hello there", "moonshine", corrected=False
    )


def test_the_fall_back_after_some_tries() -> None:
    session, _ = session_of([LOST], fallbacks=("moonshine",))
    for _ in range(3):
        assert isinstance(session.receive(LOST)[0], OpenEngine)
    assert session.receive(LOST) == [
        Warn("ASR error: lost; moonshine recognises the rest"), OpenEngine("moonshine"),
    ]  # fmt: skip


def test_the_fall_back_after_the_key_is_up() -> None:
    """After one more try. There is no time limit while it is opened, for a model is loaded."""
    session, effects = session_of([*HEARD, InputEnded(), LOST], fallbacks=("moonshine",))
    assert effects == [AGAIN]
    assert session.receive(LOST) == [
        Warn("ASR error: lost; moonshine recognises the rest"),
        OpenEngine("moonshine"),
        StartFinalWait(None),
    ]
    assert session.receive(EngineConnected()) == [WAIT]


def test_no_engine_is_left() -> None:
    _, effects = session_of([*HEARD, REFUSED, REFUSED, InputEnded()], fallbacks=("moonshine",))
    assert effects == [FINALIZING, ReportHeard("hello"), Pause()]


def test_a_piece_that_the_engine_cannot_recognise() -> None:
    session, effects = session_of([*HEARD, SpeechMissed("ASR error: a loop")])
    assert effects[-1] == Warn("ASR error: a loop; a part of the text is missing")
    assert not session.is_whole
    assert session.receive(DefiniteHeard("hello world")) == [ShowInterim("hello world")]


def test_another_engine_recognises_such_a_piece() -> None:
    missed = SpeechMissed("ASR error: a loop")
    session, effects = session_of([*HEARD, missed], fallbacks=("moonshine",))
    assert effects[-1] == OpenEngine("moonshine")
    assert session.is_whole


def test_audio_that_is_missing() -> None:
    """By other reasons than a full buffer, such as a recording that is cut off."""
    session, effects = session_of([*HEARD, InputEnded(flaw="half of it is missing")])
    assert Warn("half of it is missing") in effects
    assert not session.is_whole


@ALL_RULES
def test_the_rest_was_silent(rules: SessionRules) -> None:
    """The text was complete when the engine was lost; so no engine has to hear anything again."""
    session, _ = session_of([*HEARD, InputEnded(), EngineErred("late")], rules)
    assert session.receive(RestWasSilent()) == [ReportHeard("hello"), Pause()]
    assert session.is_whole


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (EngineClosed("gone", is_cut=True),
         "the speech service ended without saying that its text is complete: gone"),
        (EngineClosed("gone", is_early=True),
         "ASR connection closed unexpectedly by server: gone"),
        (EngineErred("trouble"), "trouble"),
    ],
)  # fmt: skip
def test_an_engine_that_ends_twice_after_the_same_text(end: Event, message: str) -> None:
    """That is all it has to say; but it never said that this is all."""
    _, effects = session_of(
        [*HEARD, InputEnded(), end, EngineConnected(), InterimHeard("hello"), end]
    )
    assert effects == [
        Warn(f"{message}; the end of the text may be missing"), ReportHeard("hello"), Pause(),
    ]  # fmt: skip


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
    """Spec abi §4.14: the wording."""
    events: list[Event] = [EngineConnected(), InputEnded(), *([EngineClosed(reason, True)] * 5)]
    _, effects = session_of(events)
    assert effects == [ReportError(message), FAILED]


def test_a_first_failure_to_connect_after_the_key_is_up() -> None:
    """From then on the time is limited; before, connecting had a limit of its own."""
    session, effects = session_of([InputEnded()])
    assert effects == []
    assert session.receive(LOST) == [AGAIN, WAIT]
    assert session.receive(LOST) == [OpenEngine("scripted", 0, 0.5, is_again=True)]


def test_a_model_that_is_loaded_again_is_waited_for() -> None:
    session, _ = session_of([InputEnded(), EngineWorking(), LOST])
    assert session.receive(EngineWorking()) == [WAIT]


def test_a_key_that_comes_up_between_two_tries() -> None:
    session, _ = session_of([LOST])
    assert session.receive(InputEnded()) == [WAIT]
    assert session.state is State.CONNECTING_ASR


def test_close_ends_the_final_wait() -> None:
    """What was heard is delivered (spec abi §4.4)."""
    _, effects = effects_of(LATEST, [*HEARD, InputEnded(), EngineClosed()])
    assert effects[-4:] == delivered("hello")


def test_a_final_result_ends_the_final_wait() -> None:
    _, effects = effects_of(
        LATEST,
        [EngineConnected(), InputEnded(), InterimHeard("partial"), FinalHeard("complete")],
    )
    assert effects[-4:] == delivered("complete")


@ALL_RULES
def test_final_wait_expires(rules: SessionRules) -> None:
    """The engine gets one more chance. The open hypothesis is delivered too: it was spoken."""
    events: list[Event] = [*HEARD, InterimHeard("hello wor"), InputEnded(), WaitExpired()]
    session, effects = session_of(events, rules)
    assert effects == [AGAIN, WAIT]
    session.receive(EngineConnected())
    assert session.receive(WaitExpired()) == [
        Warn(f"{NO_ANSWER}; the end of the text may be missing"),
        ReportHeard("hello wor"),
        Pause(),
    ]


@ALL_RULES
def test_final_wait_expires_with_nothing(rules: SessionRules) -> None:
    """An engine that hangs does not look like a user who said nothing."""
    _, effects = session_of([EngineConnected(), InputEnded(), WaitExpired(), WaitExpired()], rules)
    assert effects == [ReportError(NO_ANSWER), FAILED]


def test_final_wait_expires_with_a_fall_back() -> None:
    events: list[Event] = [*HEARD, InputEnded(), WaitExpired(), EngineConnected(), WaitExpired()]
    _, effects = session_of(events, fallbacks=("moonshine",))
    assert effects == [
        Warn(f"{NO_ANSWER}; moonshine recognises the rest"),
        OpenEngine("moonshine"),
        StartFinalWait(None),
    ]


def test_final_wait_expires_while_the_engine_is_opened_again() -> None:
    """What is wrong is that it can't be reached."""
    _, effects = session_of([EngineConnected(), InputEnded(), LOST, WaitExpired(), WaitExpired()])
    assert effects == [ReportError("ASR error: lost"), FAILED]


def test_a_recording_from_a_file_is_waited_for_as_long_as_it_is() -> None:
    session = Session(engine="scripted", is_file=True)
    for event in (Began(), EngineConnected()):
        session.receive(event)
    assert session.receive(InputEnded(samples=160_000)) == [FINALIZING, StartFinalWait(15.0)]


def test_a_working_engine_is_waited_for() -> None:
    """However long the recording: the wait counts from the engine's last sign of work."""
    session, effects = effects_of(LATEST, [*HEARD, EngineWorking(), InputEnded(), EngineWorking()])
    assert effects[-3:] == [*FINISH, WAIT]
    assert not session.finished


def test_a_final_during_recording_does_not_end_the_wait() -> None:
    """Spec abi §4.6: what is said after a final, before the key is released, is not lost."""
    _, effects = effects_of(
        LATEST,
        [EngineConnected(), FinalHeard("One."), InputEnded(), FinalHeard("One. Two.")],
    )
    assert effects[-4:] == delivered("One. Two.")


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_silence(text: str) -> None:
    """Spec abi §4.5."""
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
    """Spec abi §§4.7, 4.8: at once in every phase, and the last thing that is reported."""
    session, effects = effects_of(LATEST, [*before, Cancelled()])
    assert effects[-2:] == [CANCELLED, IDLE]
    assert session.state is State.CANCELLED


AFTERTHOUGHTS: list[Event] = [
    InterimHeard("more"), DefiniteHeard("more"), FinalHeard("more"), EngineWorking(),
    EngineErred("late"), EngineFailed("late"), EngineClosed(), WaitExpired(), InputEnded(32_000),
]  # fmt: skip


@pytest.mark.parametrize("rules", [FIRST, SECOND, LATEST], ids=["first", "second", "latest"])
def test_cancel_between_the_text_and_its_delivery(rules: SessionRules) -> None:
    """Spec abi §4.8: A(text), S(cancelled), S(idle); what happens in between is ignored."""
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
    """Spec abi §§4.3, 4.10."""
    session, effects = effects_of(rules, [*SAID, answer], corrects=True)
    reported = [*ASKED, *outcome, *end]
    assert effects[-len(reported) :] == reported
    assert session.finished


@pytest.mark.parametrize(
    "answer", [Accepted(), CorrectionFailed("oops"), Corrected("HELLO WORLD", "it is no use")]
)
def test_without_an_answer_the_finished_text_is_delivered(answer: Event) -> None:
    """The model is given it, too; what was heard stays as it was, and so does what is shown."""
    session = Session(engine="scripted", corrects=True, finish=str.upper)
    effects = [effect for event in [Began(), *SAID] for effect in session.receive(event)]
    effects += [*session.receive(Resumed()), *session.receive(answer)]
    assert ShowInterim("hello world") in effects and ShowInterim("HELLO WORLD") not in effects
    assert ReportHeard("HELLO WORLD") in effects
    assert Correct("HELLO WORLD", ("he",)) in effects
    last = effects[-1]
    assert isinstance(last, Deliver) and last.text == last.heard == "HELLO WORLD"
    assert not last.corrected and session.heard == "hello world"


def test_a_text_is_finished_once_and_without_a_model() -> None:
    texts: list[str] = []

    def finish(text: str) -> str:
        texts.append(text)
        return text.upper()

    session = Session(engine="scripted", finish=finish)
    effects = [effect for event in [Began(), *SAID, Resumed()] for effect in session.receive(event)]
    assert texts == ["hello world"]
    assert effects[-1] == Deliver("HELLO WORLD", "HELLO WORLD", "scripted", corrected=False)


@pytest.mark.parametrize("early", range(len(SAID) + 1))
def test_accepted_before_the_correction(early: int) -> None:
    """Spec abi §4.10: it is remembered; the correction is entered and left at once."""
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
    """Spec abi §4.8."""
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


def test_lost_audio_is_reported_before_the_text() -> None:
    session, effects = effects_of(
        LATEST, [*HEARD, InputEnded(lost_bytes=48_000), FinalHeard("hello world")]
    )
    warning = Warn("1.5 seconds of speech were lost because the audio buffer was full")
    assert effects.index(warning) < effects.index(FINALIZING)
    assert effects[-4:] == delivered("hello world", is_whole=False)
    assert not session.is_whole


def test_empty_interim_is_not_shown() -> None:
    """Spec abi §3.5."""
    session = Session(engine="scripted")
    session.receive(Began())
    session.receive(EngineConnected())
    assert session.receive(InterimHeard("")) == []
    assert session.receive(DefiniteHeard("")) == [ShowInterim("")]


@pytest.mark.parametrize("state", list(ACCEPTS))
@pytest.mark.parametrize("event", [Began(), InputEnded(), Cancelled(), EngineConnected(),
                                   InterimHeard("x"), DefiniteHeard("x"), FinalHeard("x"),
                                   EngineWorking(), EngineErred("x"), EngineFailed("x"),
                                   EngineClosed(), WaitExpired(), RestWasSilent(), Resumed(),
                                   Accepted(), Corrected("x"), CorrectionFailed("x")])  # fmt: skip
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
