"""The text of a recording that several engines heard."""

from __future__ import annotations

import pytest

from koe.events import SAMPLE_RATE_HZ
from koe.hearing import Hearing

SECOND = SAMPLE_RATE_HZ


def test_one_leg() -> None:
    hearing = Hearing()
    hearing.add_interim("one")
    hearing.add_definite("One.", SECOND)
    assert (hearing.text, hearing.upto) == ("One.", SECOND)
    hearing.add_final("One. Two.", 2 * SECOND)
    hearing.complete_leg()
    assert (hearing.text, hearing.upto) == ("One. Two.", 2 * SECOND)
    assert hearing.history(9) == ["one"]


def test_a_second_leg_continues_the_first() -> None:
    hearing = Hearing()
    hearing.add_definite("One two three four.", 8 * SECOND)
    hearing.add_interim("One two three four. Fi")
    assert hearing.lose_leg()
    assert hearing.upto == 8 * SECOND
    assert hearing.text == "One two three four. Fi"
    hearing.begin_leg(5 * SECOND)
    hearing.add_definite("three four. Five six.", 12 * SECOND)
    assert hearing.text == "One two three four. Five six."
    assert hearing.upto == 12 * SECOND


def test_a_third_leg() -> None:
    hearing = Hearing()
    hearing.add_definite("One two three four.", 8 * SECOND)
    hearing.lose_leg()
    hearing.begin_leg(5 * SECOND)
    hearing.add_definite("three four. Five six seven.", 12 * SECOND)
    assert hearing.lose_leg()
    hearing.begin_leg(9 * SECOND)
    hearing.add_final("six seven. Eight.", None)
    hearing.complete_leg()
    assert hearing.text == "One two three four. Five six seven. Eight."


def test_a_leg_of_which_no_position_is_known_is_heard_again_whole() -> None:
    hearing = Hearing()
    hearing.add_definite("One two.", None)
    assert not hearing.lose_leg()
    assert hearing.upto == 0
    hearing.begin_leg(0)
    hearing.add_interim("One")
    assert hearing.text == "One two."
    hearing.add_final("One two three.", None)
    assert hearing.text == "One two three."


def test_a_position_that_goes_back_is_none() -> None:
    hearing = Hearing()
    hearing.add_definite("One two.", 2 * SECOND)
    hearing.add_definite("One two three.", SECOND)
    hearing.lose_leg()
    assert hearing.upto == 2 * SECOND


def test_revisions_of_all_legs() -> None:
    hearing = Hearing()
    hearing.add_interim("a")
    hearing.add_interim("a b")
    hearing.lose_leg()
    hearing.add_interim("a b c")
    assert hearing.history(2) == ["a b", "a b c"]
    assert hearing.history(0) == []


def test_a_leg_that_says_the_same_again() -> None:
    hearing = Hearing()
    assert not hearing.is_repetition
    hearing.add_interim("one")
    hearing.lose_leg()
    assert not hearing.is_repetition
    hearing.add_interim("one")
    assert hearing.is_repetition
    hearing.add_interim("one two")
    assert not hearing.is_repetition


def test_a_comma_at_the_end_of_all() -> None:
    hearing = Hearing()
    hearing.add_interim("Well,")
    assert hearing.text == "Well,"
    hearing.end()
    assert hearing.text == "Well"


def test_a_leg_from_the_first_sample_hears_all() -> None:
    hearing = Hearing()
    hearing.add_definite("Fair again.", 8 * SECOND)
    assert hearing.lose_leg()
    hearing.begin_leg(0)
    hearing.add_definite("Fare again.", 8 * SECOND)
    assert hearing.text == "Fare again."
    assert not hearing.lose_leg()
    hearing.begin_leg(5 * SECOND)
    hearing.add_final("again. Better.", None)
    hearing.complete_leg()
    assert hearing.text == "Fare again. Better."


def test_a_hypothesis_that_silence_ends() -> None:
    """It was longer, but another run heard all the audio, and ended before it had completed."""
    hearing = Hearing()
    hearing.add_interim("Please send uh the the report to Anna and and to Tom um tomorrow")
    hearing.lose_leg()
    hearing.begin_leg(0)
    hearing.add_definite("Please send the report to Anna and Tom. Cancel it Friday.", 8 * SECOND)
    hearing.lose_leg()
    hearing.end_in_silence()
    assert hearing.text == "Please send the report to Anna and Tom. Cancel it Friday."


def test_a_hypothesis_after_the_certain_text_stays_in_silence() -> None:
    """It was spoken softly."""
    hearing = Hearing()
    hearing.add_definite("Please send the report.", 5 * SECOND)
    hearing.add_interim("Please send the report. To Anna")
    hearing.lose_leg()
    hearing.end_in_silence()
    assert hearing.text == "Please send the report. To Anna"


@pytest.mark.parametrize("final", ["", "to the whole team"])
def test_a_leg_that_hears_nothing_new_erases_nothing(final: str) -> None:
    head = "please send the quarterly report to the whole team"
    hearing = Hearing()
    hearing.add_definite(head, 20 * SECOND)
    hearing.add_interim(f"{head} and cancel the meeting on Friday")
    hearing.lose_leg()
    hearing.begin_leg(17 * SECOND)
    hearing.add_final(final, 25 * SECOND)
    hearing.complete_leg()
    assert hearing.text == f"{head} and cancel the meeting on Friday"


SAID = "please send the quarterly report to all of the team before noon"


@pytest.mark.parametrize(
    ("shown", "final", "text"),
    [
        (SAID, "please send", SAID),
        (SAID, "Before noon.", SAID),
        ("请把这份季度报告发给所有的同事", "发给同事", "请把这份季度报告发给所有的同事"),
        # In other words, with few words less, or without repetitions: a revision.
        (SAID, "No.", "No."),
        (
            SAID,
            "please send the quarterly report to all",
            "please send the quarterly report to all",
        ),
        ("嗯那个就是好", "好", "好"),
        ("one two three four five six seven eight nine", "123456789", "123456789"),
        ("thank you so much " * 9, "thank you so much", "thank you so much"),
    ],
)
def test_a_final_result_that_lacks_most_of_the_text(shown: str, final: str, text: str) -> None:
    for add in (Hearing.add_interim, lambda it, said: it.add_definite(said, None)):
        hearing = Hearing()
        hearing.begin_leg(0)
        add(hearing, shown)
        hearing.add_final(final, None)
        hearing.complete_leg()
        assert hearing.text == text
