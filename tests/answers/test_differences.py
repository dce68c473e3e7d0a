"""What two texts differ in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.answers.differences import compare
from koe.answers.words import split


def test_what_is_gone_and_what_is_new() -> None:
    found = compare("um please restart the blue server", "Restart the new server today.", ())
    assert found.gone.texts == ["blue"]
    assert found.new.texts == ["new", "today"]
    assert 0 < found.gone.share < 0.5 > found.new.share > 0
    assert found.new.heaviest < found.new.weight


def test_excused_words_do_not_part_a_gap() -> None:
    found = compare("we go home um alone", "we go", ())
    assert found.gone.heaviest == pytest.approx(found.gone.weight)


def test_numbers_of_a_list_are_not_new() -> None:
    assert compare("milk eggs", "1. Milk\n2. Eggs", ()).new.texts == []
    assert compare("milk eggs", "1. Milk Eggs", ()).new.texts == ["1"]


def test_a_repaired_text_is_compared_in_its_place() -> None:
    found = compare("go now no later", "Go later.", (), repaired=split("go later"))
    assert (found.gone.texts, found.new.texts) == ([], [])


@pytest.mark.parametrize(
    ("said", "written", "is_invented"),
    [
        ("张伟明天来", "李伟明天来", True),
        ("meet bob at noon", "meet carla at noon", True),
        ("a wild loop", "a while loop", False),  # may have been misheard
        ("see you tomorrow", "see you tomorrow john", True),
        ("is it done", "yes is it done", True),
        ("we go home", "we go to the home", False),
    ],
)
def test_words_that_nothing_sounds_like(said: str, written: str, *, is_invented: bool) -> None:
    assert compare(said, written, ()).is_invented is is_invented


@pytest.mark.parametrize(
    ("said", "written", "is_kept"),
    [
        ("我把作业已经写完了", "我已经把作业写完了", True),
        ("tom owes jim ten dollars", "jim owes tom ten dollars", False),
        ("is it late", "it is late", False),
        ("from london to paris", "from paris to london", False),
        ("钥匙你放哪了那个车的", "那个车的钥匙你放哪了", True),  # a person does not move
        ("我去先洗个澡你们吃先", "我先去洗个澡你们先吃", True),  # both move the same way
        ("take six pills every day", "take pills every 6 day", False),
    ],
)
def test_words_that_stand_in_another_place(said: str, written: str, *, is_kept: bool) -> None:
    assert (compare(said, written, ()).gone.texts == []) is is_kept


@pytest.mark.parametrize(
    ("said", "written", "gone"),
    [
        ("he don't know nothing", "he doesn't know anything", []),
        ("he knows nothing", "he knows anything", ["nothing"]),
        ("he does not know nothing", "he does not know it", ["nothing"]),
    ],
)
def test_two_negations_that_mean_one(said: str, written: str, gone: list[str]) -> None:
    assert compare(said, written, ()).gone.texts == gone


def test_nothing() -> None:
    found = compare("", "", ())
    assert (found.gone.share, found.new.share) == (0, 0)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_texts(said: str, written: str) -> None:
    found = compare(said, written, ())
    assert 0 <= found.gone.share <= 1.0001
    assert 0 <= found.new.share <= 1.0001
