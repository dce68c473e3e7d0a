"""Clean and judge the answers of the corpus, as koe does with the answer to a correction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.guard.corpus import Pair, read
from koe.answers.clean import clean
from koe.answers.guard import find_edit
from koe.errors import LlmReplyError

# The largest shares of wrong verdicts that are allowed: bad answers that are used, good edits that
# are refused, and wrappings that are left on.
MOST_FALSE_ACCEPTS = 0.03
MOST_FALSE_REFUSALS = 0.02
MOST_LEFT_ON = 0.0


@dataclass(frozen=True)
class Verdict:
    """How one answer was judged.

    Attributes:
        pair: The transcript, the answer, and the text that should be delivered.
        delivered: The text that would be pasted.
        reason: Why the answer is not used; empty if it is used.
    """

    pair: Pair
    delivered: str
    reason: str

    @property
    def is_right(self) -> bool:
        """Whether the right text would be delivered."""
        return self.delivered == self.pair.text


def deliver(pair: Pair) -> Verdict:
    """Clean and judge one answer."""
    try:
        text = clean(pair.answer, pair.heard)
    except LlmReplyError as exc:
        return Verdict(pair, pair.heard, str(exc))
    text, flaw = find_edit(text, pair.heard, pair.terms)
    return Verdict(pair, text if flaw is None else pair.heard, flaw or "")


def judge(half: str, name: str) -> Iterator[Verdict]:
    """Judge a file of one half of the corpus."""
    return map(deliver, read(half, name))


def wrong_share(verdicts: list[Verdict], name: str) -> float:
    """Compute the share of wrong verdicts.

    A wrapped answer counts as wrong only if it would be pasted with its wrapping.
    """
    if name == "wrapped":
        return sum(not v.is_right and not v.reason for v in verdicts) / len(verdicts)
    return sum(not v.is_right for v in verdicts) / len(verdicts)
