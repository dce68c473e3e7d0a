"""Finishing of a recognised text without a model: terms of the dictionary, and rules.

    text = finish(terms, rules, heard)

The modules and their tables are loaded with the first text. `terms` replaces words that sound like
a term by the term, with the index of `term_index`; `ordinary` decides which words are probably
meant as they are. Each rule of the setting ``text.cleanup`` has a module: `spacing`, `punctuation`,
`fillers`, `figures` (numbers), `spoken_signs` and `width`. The rules do not change addresses, code,
and numbers in a special form, because `protected` replaces these by markers first.
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

# The result of one rule may need another rule. Most texts are stable after two rounds.
_MOST_ROUNDS = 6

log = logging.getLogger(__name__)


def finish(terms: tuple[str, ...], rules: tuple[str, ...], text: str) -> str:
    """Return a recognised text with its terms, cleaned up.

    Args:
        terms: The dictionary.
        rules: The rules of ``text.cleanup`` that are on.
        text: The text; an empty text only loads the modules.
    """
    if not terms and not rules:
        return text
    try:
        return finisher(terms, rules).finish(text)
    except Exception:  # a bug in koe, which must not lose the text
        log.exception("a text could not be finished")
        return text


@lru_cache(maxsize=2)
def finisher(terms: tuple[str, ...], rules: tuple[str, ...]) -> Finisher:
    """The finisher for a dictionary and rules, cached for further texts."""
    return Finisher(terms, rules)


class Finisher:
    """Finishes texts.

    Args:
        terms: The dictionary, in the order of the file.
        rules: The rules of RULES that are on.
    """

    def __init__(self, terms: Sequence[str], rules: Collection[str]) -> None:
        # Modules that the settings do not need are not imported: their libraries and tables take
        # about 50 ms.
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
            from koe.finishing.protected import apply_outside

            for _ in range(_MOST_ROUNDS):
                before, finished = finished, apply_outside(finished, self._clean_up)
                if finished == before:
                    break
        return finished if finished.strip() else text

    def _clean_up(self, text: str) -> str:
        for rule in self._rules:
            text = rule(text)
        return text
