"""Judges what the user got."""

from __future__ import annotations

import tempfile
from pathlib import Path

from koe.journal.reader import audio_of
from tests.faults.cells import LOCAL, Cell, Phase
from tests.faults.dictating import Outcome
from tests.faults.words import compare, tokens


def judge(cell: Cell, outcome: Outcome, right: str) -> str:
    """Say what is wrong, as a clause; empty: nothing.

    Args:
        cell: What was tried.
        outcome: What came of it.
        right: What is delivered when nothing goes wrong.
    """
    complaints = [*outcome.notes, _complaint(cell, outcome, right), missing_in_journal(outcome)]
    return "; ".join(filter(None, complaints))


def _complaint(cell: Cell, outcome: Outcome, right: str) -> str:
    if outcome.deliveries > 1:
        return f"{outcome.deliveries} texts"
    if cell.phase is Phase.CORRECTING:
        is_right = outcome.heard == right and outcome.delivered in (right, f"{right}!!")
        return "" if is_right else _difference(right, outcome)
    if cell.recovers:
        return "" if _is_same(cell, outcome.delivered, right) else _difference(right, outcome)
    if outcome.delivered is None:
        if outcome.shown:
            return f"{outcome.shown!r} was shown, and is lost: {outcome.error}"
        return "" if outcome.error else "no text, and no error"
    if compare(outcome.shown, outcome.delivered).lost:
        return f"{outcome.shown!r} was shown, and {outcome.delivered!r} delivered"
    if _is_same(cell, outcome.delivered, right):
        return ""
    if cell.engine not in LOCAL and (made_up := compare(right, outcome.delivered)).invented:
        return f"{made_up}: {outcome.delivered!r}"
    return "" if outcome.warnings else f"{compare(right, outcome.delivered)} without a warning"


def _is_same(cell: Cell, text: str | None, right: str) -> bool:
    """Whether a text is the right one.

    A model that begins at another sample may hear a word in ten otherwise, and set other marks; but
    it hears as many words.
    """
    if text is None or text == right:
        return text is not None
    if cell.engine not in LOCAL and cell.fallback not in LOCAL:
        return False
    words, right_words = tokens(text.lower()), tokens(right.lower())
    is_as_long = len(words) == len(right_words)
    return is_as_long and 10 * compare(right.lower(), text.lower()).lost <= len(right_words)


def _difference(right: str, outcome: Outcome) -> str:
    if outcome.delivered is None:
        return f"no text: {outcome.error or 'silence'}"
    count = compare(right, outcome.delivered)
    warned = "" if outcome.warnings else ", without a warning"
    return f"{count}{warned}: {outcome.delivered!r}"


def missing_in_journal(outcome: Outcome) -> str:
    """What is missing in the journal of a session, as a clause; empty: nothing."""
    paths = list(Path(outcome.directory, "journal").rglob("*.koej"))
    if len(paths) != 1:
        return f"{len(paths)} recordings in the journal"
    audio = b"".join(audio_of(paths[0]))
    if audio != outcome.pushed:
        return f"{len(audio)} of {len(outcome.pushed)} bytes are in the journal"
    return ""


def new_directory(folder: str) -> Path:
    """A configuration's folder that does not exist yet."""
    return Path(tempfile.mkdtemp(dir=folder), "koe")
