"""What becomes of a recognised text without a model: its terms, then the rules. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from importlib import import_module

from koe.finishing.protected import apart

RULES: Mapping[str, str] = {
    "fillers": "fillers",
    "spoken_punctuation": "spoken_signs",
    "numbers": "figures",
    "width": "width",
    "punctuation": "punctuation",
    "spacing": "spacing",
}
"""The rules of ``text.cleanup``, in the order in which they are applied, and their modules."""

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
        # What the user has not asked for is not imported: it brings libraries and tables.
        self._write: Callable[[str], str] = str
        if terms:
            from koe.finishing.terms import Terms

            self._write = Terms(terms).write
        self._rules: list[Callable[[str], str]] = [
            import_module(f"koe.finishing.{module}").apply
            for name, module in RULES.items()
            if name in rules
        ]

    def finish(self, text: str) -> str:
        """The text with its terms, cleaned up; blank text stays as it is."""
        finished = self._write(text)
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
