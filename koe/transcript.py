"""What was heard so far, from interim, definite and final results. Pure.

An engine revises itself: an *interim* replaces the previous interim, a *definite* replaces the
previous definite (and is still not the last word), a *final* is added to what is committed.
Engines repeat themselves too, so adding means merging: a final that extends, repeats or
overlaps the committed text does not double it. Rules and vectors: spec asr §5.
"""

from __future__ import annotations

# Interim revisions that are kept: a record for the correction prompt, bounded (spec asr §5.2).
HISTORY_LIMIT = 64


def overlap(left: str, right: str) -> int:
    """Return the length of the longest prefix of ``right`` that ``left`` ends with."""
    for length in range(min(len(left), len(right)), 0, -1):
        if left.endswith(right[:length]):
            return length
    return 0


def merge(committed: str, addition: str) -> str:
    """Add a result to committed text without doubling what both of them say.

    An addition that starts with the committed text replaces it, one that the committed text
    starts with is stale and ignored, and else the overlap is written once.
    """
    if addition.startswith(committed):
        return addition
    if committed.startswith(addition):
        return committed
    return committed + addition[overlap(committed, addition) :]


class Transcript:
    """The text of one session, from the results of its engine."""

    def __init__(self) -> None:
        # The newest hypothesis; empty once something stronger covers it.
        self._interim = ""
        # The newest stable result; it may still differ from the final one.
        self._definite = ""
        # All finals, merged.
        self._final = ""
        # Whether a final came, even an empty one: from then on interims are kept beside definites.
        self._has_final = False
        # Distinct interims in order of arrival, at most HISTORY_LIMIT, oldest first.
        self._history: list[str] = []

    def add_interim(self, text: str) -> None:
        """Replace the hypothesis. Empty text says nothing and changes nothing."""
        if not text:
            return
        if not self._history or self._history[-1] != text:
            self._history = [*self._history, text][-HISTORY_LIMIT:]
        self._interim = text

    def add_definite(self, text: str) -> None:
        """Replace the stable text. Empty text says nothing and changes nothing."""
        if not text:
            return
        self._definite = text
        if not self._has_final:
            self._interim = ""

    def add_final(self, text: str) -> None:
        """Commit a final result; an empty one still counts as having come."""
        self._has_final = True
        if not text:
            return
        self._final = merge(self._final, text)
        self._definite = ""
        self._interim = ""

    @property
    def committed(self) -> str:
        """Finals and the current definite as one text; hypotheses excluded.

        Computed on reading: a definite that was stored into the finals could not be revised
        by the final that follows it.
        """
        if not self._final or not self._definite:
            return self._final or self._definite
        return merge(self._final, self._definite)

    @property
    def best(self) -> str:
        """What to deliver when the engine has said everything: committed text, else the interim."""
        return self.committed or self._interim

    @property
    def preview(self) -> str:
        """Everything heard, hypothesis included: what to show live, and what to keep in need."""
        committed, interim = self.committed, self._interim
        if not committed or not interim:
            return committed or interim
        return merge(committed, interim)

    @property
    def has_final(self) -> bool:
        """Whether a final result came, even an empty one."""
        return self._has_final

    def __bool__(self) -> bool:
        return bool(self._interim or self._definite or self._final)

    def history(self, limit: int) -> list[str]:
        """Return the newest interim revisions, oldest first, at most ``limit`` of them."""
        return self._history[-limit:] if limit > 0 else []
