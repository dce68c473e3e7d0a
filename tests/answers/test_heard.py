"""How much of what was heard a piece of an answer has."""

from __future__ import annotations

import pytest

from koe.answers.heard import Heard


def test_coverage() -> None:
    heard = Heard("um please close the red door")
    assert heard.covered_by("Close the red door") == 1
    assert heard.is_most_of("Close the door.")
    assert not heard.is_most_of("Here you are:")
    assert not heard.is_said_in("Text:", "Text: close the red door")
    assert heard.is_said_in("red", "Close the red door")
    assert heard.is_framed_by("Text:", "Text: close the red door")
    assert heard.is_framed_by("red door:", "red door: close the red door")
    assert not heard.is_framed_by("Text: close the", "Text: close the red door")
    assert not heard.is_framed_by(" read", "Close the door read")


@pytest.mark.parametrize(
    ("transcript", "part", "rest", "is_opened"),
    [
        ("um the door is red", "Sure.", "The door is red.", True),
        ("sure the door is red", "Sure.", "The door is red.", False),
        ("shore the door is red", "Sure.", "The door is red.", False),
        ("okay the door is okay", "OK.", "The door is okay.", False),
        ("the door is red", "Sure.", "The window.", False),
    ],
)
def test_openings(transcript: str, part: str, rest: str, is_opened: bool) -> None:
    assert Heard(transcript).is_opened_by(part, rest) is is_opened


def test_words_of_another_script_are_no_acknowledgement() -> None:
    assert Heard("说我不太同意").is_foreign("Sure!", "我不太同意。")
    assert not Heard("ok we agree").is_foreign("Okay,", "We agree.")


@pytest.mark.parametrize(
    ("transcript", "part", "rest", "is_edge"),
    [
        ("to do buy milk", "To do:", "Buy milk.", True),
        ("um to do buy milk", "To do:", "Buy milk.", True),
        ("leave at nine be there", "Be there!", "Leave at nine.", True),
        ("to do buy milk", "Note:", "Buy milk.", False),
        ("to do buy milk", "To do:", "To do: buy milk.", False),
        ("buy milk", "buy milk →", "Buy milk.", False),
    ],
)
def test_edges(transcript: str, part: str, rest: str, is_edge: bool) -> None:
    assert Heard(transcript).is_edge(part, rest) is is_edge


def test_nothing_was_heard() -> None:
    heard = Heard("")
    assert heard.covered_by("anything") == 1
    assert not heard.is_said_in("a", "a")
    assert heard.is_framed_by("a", "a b")


@pytest.mark.parametrize(
    ("text", "sign", "has"),
    [('say "a"', '"', True), ("open quote a", '"', True), ("a", '"', False), ("代码块", "`", True)],
)
def test_signs(text: str, sign: str, has: bool) -> None:
    assert Heard(text).has(sign) is has


@pytest.mark.parametrize(
    ("text", "begins"),
    [("um quote stop unquote", True), ('"stop" he said', True), ("he said quote stop", False)],
)
def test_signs_at_the_beginning(text: str, begins: bool) -> None:
    assert Heard(text).begins_with('"', "“") is begins
