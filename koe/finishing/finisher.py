"""What becomes of a recognised text without a model: its terms, then the rules. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache

from koe.finishing import figures, fillers, punctuation, spacing, spoken_signs, width
from koe.finishing.protected import apart
from koe.finishing.terms import Terms

RULES: Mapping[str, Callable[[str], str]] = {
    "fillers": fillers.apply,
    "spoken_punctuation": spoken_signs.apply,
    "numbers": figures.apply,
    "width": width.apply,
    "punctuation": punctuation.apply,
    "spacing": spacing.apply,
}
"""The rules of ``text.cleanup``, in the order in which they are applied."""

# What one rule leaves may be for another. Texts settle in two rounds, and hardly any needs more.
_MOST_ROUNDS = 6


@lru_cache(maxsize=2)
def finisher(terms: tuple[str, ...], rules: tuple[str, ...]) -> Finisher:
    """The finisher for these; it is made once for many texts."""
    return Finisher(terms, rules)


class Finisher:
    """Finishes texts.

    Args:
        terms: The dictionary, in the order of the file.
        rules: Those of RULES that are on.
    """

    def __init__(self, terms: Sequence[str], rules: Collection[str]) -> None:
        self._terms = Terms(terms)
        self._rules = [rule for name, rule in RULES.items() if name in rules]

    def finish(self, text: str) -> str:
        """The text with its terms, cleaned up; blank text stays as it is."""
        finished = self._terms.write(text)
        if self._rules:
            for _ in range(_MOST_ROUNDS):
                before, finished = finished, apart(finished, self._clean_up)
                if finished == before:
                    break
        return finished if finished.strip() else text

    def _clean_up(self, text: str) -> str:
        for rule in self._rules:
            text = rule(text)
        return text
