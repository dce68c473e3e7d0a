"""How much of what was heard a piece of an answer has."""

from __future__ import annotations

import pytest

from koe.answers.heard import Heard


def test_coverage() -> None:
    heard = Heard("um please close the red door")
    assert heard.covered_by("Close the red door") == 1
    assert heard.is_most_of("Close the door.")
    assert not heard.is_most_of("Here you are:")
    assert heard.loses_nothing("Text: close the red door", "close the red door")
    assert not heard.loses_nothing("Close the red door", "Close the door")


def test_nothing_was_heard() -> None:
    heard = Heard("")
    assert heard.covered_by("anything") == 1
    assert heard.loses_nothing("a", "")


@pytest.mark.parametrize(
    ("text", "sign", "has"),
    [('say "a"', '"', True), ("open quote a", '"', True), ("a", '"', False), ("代码块", "`", True)],
)
def test_signs(text: str, sign: str, has: bool) -> None:
    assert Heard(text).has(sign) is has
