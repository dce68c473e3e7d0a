"""Asks questions on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

from koe.cli import print_error
from koe.errors import InputError

_ANSWERS = {
    "y": True, "yes": True, "是": True,
    "n": False, "no": False, "否": False,
}  # fmt: skip

_Answer = TypeVar("_Answer")


def can_ask() -> bool:
    """Whether a user can answer questions, because stdin is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(question: str, default: str, read: Callable[[str], _Answer]) -> _Answer:
    """Ask until the answer is valid.

    Args:
        question: The question, as a sentence.
        default: The answer if the user presses only Enter.
        read: Converts the typed text to an answer, or raises an InputError that is printed.

    Raises:
        InputError: The input ends.
    """
    while True:
        try:
            typed = input(f"{question} [{default}] ").strip()
        except EOFError as exc:
            raise InputError(
                "the input ended without an answer, so nothing was changed; run the command again"
            ) from exc
        try:
            return read(typed or default)
        except InputError as exc:
            print_error(str(exc))


def ask_yes_or_no(question: str, *, default: bool) -> bool:
    """Ask a question with the answers yes and no; see `ask`."""

    def read(text: str) -> bool:
        if text.casefold() not in _ANSWERS:
            raise InputError("answer yes or no")
        return _ANSWERS[text.casefold()]

    return ask(question, "yes" if default else "no", read)
