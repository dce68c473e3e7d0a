"""Judge the corpus as a correction would be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.guard.corpus import Pair, read
from koe.answers.clean import clean
from koe.answers.guard import find_flaw
from koe.errors import LlmReplyError

# Shares of all pairs that may be judged wrongly.
MOST_FALSE_ACCEPTS = 0.03
MOST_FALSE_REFUSALS = 0.02
MOST_LEFT_ON = 0.0


@dataclass(frozen=True)
class Verdict:
    """What would become of an answer.

    Attributes:
        pair: What was answered, and what is wanted.
        delivered: The text that would be pasted.
        reason: Why it is not the answer; empty where it is.
    """

    pair: Pair
    delivered: str
    reason: str

    @property
    def is_right(self) -> bool:
        """Whether it is the text that is wanted."""
        return self.delivered == self.pair.text


def deliver(pair: Pair) -> Verdict:
    """Clean and judge one answer."""
    try:
        text = clean(pair.answer, pair.heard)
    except LlmReplyError as exc:
        return Verdict(pair, pair.heard, str(exc))
    flaw = find_flaw(text, pair.heard, pair.terms)
    return Verdict(pair, text if flaw is None else pair.heard, flaw or "")


def judge(half: str, name: str) -> Iterator[Verdict]:
    """Judge a file of one half of the corpus."""
    return map(deliver, read(half, name))


def wrong_share(verdicts: list[Verdict], name: str) -> float:
    """The share of wrong verdicts; of wrapped answers those that are pasted with the wrapping."""
    if name == "wrapped":
        return sum(not v.is_right and not v.reason for v in verdicts) / len(verdicts)
    return sum(not v.is_right for v in verdicts) / len(verdicts)
