from __future__ import annotations

import pytest

from koe.cli.questions import ask, ask_yes_or_no, can_ask
from koe.errors import InputError
from tests.cli.terminal import type_in


def test_an_answer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    type_in(monkeypatch, " 7 ")
    assert can_ask()
    assert ask("How many?", "1", int) == 7
    assert capsys.readouterr().out == "How many? [1] "


def test_enter_takes_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, "")
    assert ask("How many?", "1", int) == 1


def test_what_cannot_be_used_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    type_in(monkeypatch, "perhaps", "Y")
    assert ask_yes_or_no("May they?", default=False)
    assert capsys.readouterr() == ("May they? [no] May they? [no] ", "koe: answer yes or no\n")


@pytest.mark.parametrize(
    ("typed", "default", "answer"),
    [("", True, True), ("", False, False), ("NO", True, False), ("是", False, True)],
)
def test_yes_or_no(
    typed: str, default: bool, answer: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(monkeypatch, typed)
    assert ask_yes_or_no("May they?", default=default) is answer


def test_the_end_of_input(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch)
    with pytest.raises(InputError, match="the input ended without an answer, so nothing was"):
        ask_yes_or_no("May they?", default=True)


def test_there_is_no_stdin_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert not can_ask()
