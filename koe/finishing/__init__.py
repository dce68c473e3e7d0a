"""What becomes of a recognised text where no model is asked: terms of the dictionary, and rules.

    text = finish(terms, rules, heard)

What that needs is loaded with the first text. `terms` writes what sounds like a term as the term,
by the index of `term_index`; `ordinary` knows which words a text may simply mean. Each rule of the
setting ``text.cleanup`` has a module: `spacing`, `punctuation`, `fillers`, `figures` (numbers),
`spoken_signs` and `width`. None of them sees what `protected` sets aside: addresses, code, and
numbers in a form of their own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from importlib import import_module

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

log = logging.getLogger(__name__)


def finish(terms: tuple[str, ...], rules: tuple[str, ...], text: str) -> str:
    """A recognised text with its terms, and cleaned up.

    Args:
        terms: The dictionary.
        rules: Those of ``text.cleanup`` that are on.
        text: The text; with an empty one what is needed is only loaded.
    """
    if not terms and not rules:
        return text
    try:
        return finisher(terms, rules).finish(text)
    except Exception:  # a bug of ours, which must not cost the text
        log.exception("a text could not be finished")
        return text


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
        # What the user has not asked for is not imported: it brings libraries and tables, some
        # 50 ms.
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
            from koe.finishing.protected import apart

            for _ in range(_MOST_ROUNDS):
                before, finished = finished, apart(finished, self._clean_up)
                if finished == before:
                    break
        return finished if finished.strip() else text

    def _clean_up(self, text: str) -> str:
        for rule in self._rules:
            text = rule(text)
        return text
