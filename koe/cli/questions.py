"""Questions to the person at the terminal."""

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
    """Whether a person can answer: stdin is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(question: str, default: str, read: Callable[[str], _Answer]) -> _Answer:
    """Ask until there is an answer that can be used.

    Args:
        question: A sentence.
        default: What Enter alone means.
        read: Makes an answer of what was typed; an InputError says why it can't.

    Raises:
        InputError: No more input comes.
    """
    while True:
        try:
            typed = input(f"{question} [{default}] ").strip()
        except EOFError as exc:
            raise InputError("no answer came; nothing was changed") from exc
        try:
            return read(typed or default)
        except InputError as exc:
            print_error(str(exc))


def ask_yes_or_no(question: str, *, default: bool) -> bool:
    """Ask what is answered with yes or no; as `ask`."""

    def read(text: str) -> bool:
        if text.casefold() not in _ANSWERS:
            raise InputError("answer yes or no")
        return _ANSWERS[text.casefold()]

    return ask(question, "yes" if default else "no", read)
