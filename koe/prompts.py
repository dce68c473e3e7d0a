"""What a model is asked to do with a text. Pure.

A user prompt is a template with three places (spec llm §5.2): for the text, for the terms of the
dictionary that are most like it, and for what it was before. Everything before the first place that
is different each time is the same for every text, and servers may keep it: the *stable* part.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

HEARD = "{{asr_text}}"
DICTIONARY = "{{dictionary_entries}}"
HISTORY = "{{interim_history}}"

# Interim revisions that a prompt names, the newest (spec llm §5.4).
HISTORY_LIMIT = 10

# What a byte of a term that was heard is worth against a character that merely occurs
# (spec llm §5.3).
_HEARD_BONUS = 10

# What stands for an empty list. Part of the contract, because people's own prompts explain it.
_NOTHING = "（无）"

_PLACES = re.compile("(" + "|".join(map(re.escape, (HEARD, DICTIONARY, HISTORY))) + ")")


@dataclass(frozen=True, slots=True)
class Prompts:
    """What is said to a model beside the text.

    Attributes:
        system: The instruction.
        user: The template of the user prompt.
    """

    system: str
    user: str


@dataclass(frozen=True, slots=True)
class UserPrompt:
    """A user prompt with its places filled in. It holds what was said, so no repr shows it.

    Attributes:
        stable: Its beginning, as far as it does not depend on what was said; may be empty.
        varying: The rest; may be empty.
    """

    stable: str = field(repr=False)
    varying: str = field(repr=False)

    @property
    def text(self) -> str:
        """The whole prompt."""
        return self.stable + self.varying


def render(
    template: str, heard: str, candidates: Sequence[str] = (), history: Sequence[str] = ()
) -> UserPrompt:
    """Fill in a template, in one pass: what is filled in is never taken for a place.

    Args:
        template: Each place may be there several times, or not at all.
        heard: The recognised text.
        candidates: Terms of the dictionary.
        history: Interim revisions, oldest first; the newest ten are used.
    """
    numbered = enumerate(history[-HISTORY_LIMIT:], start=1)
    contents = {
        HEARD: heard,
        DICTIONARY: "\n".join(candidates) or _NOTHING,
        HISTORY: "\n".join(f"{number}. {text}" for number, text in numbered) or _NOTHING,
    }
    pieces = _PLACES.split(template)
    varying_from = next(
        (index for index, piece in enumerate(pieces) if piece in {HEARD, HISTORY}), len(pieces)
    )
    filled = [contents.get(piece, piece) for piece in pieces]
    return UserPrompt("".join(filled[:varying_from]), "".join(filled[varying_from:]))


def pick_candidates(terms: Sequence[str], heard: str, limit: int) -> list[str]:
    """The terms that a prompt names: those most like what was heard (spec llm §5.3).

    Args:
        terms: The dictionary.
        heard: The recognised text. With an empty one, long terms win.
        limit: How many at most; 0 for all.

    Returns:
        Best first, in the order of the dictionary between equals; all in that order when none
        has to go. Terms that have nothing in common with the text fill up the list.
    """
    if limit == 0 or len(terms) <= limit:
        return list(terms)
    folded = heard.lower()
    characters = frozenset(folded)

    def likeness(term: str) -> int:
        lowered = term.lower()
        shared = sum(character in characters for character in lowered)
        is_heard = lowered in folded or folded in lowered
        return shared + (_HEARD_BONUS * len(term.encode()) if is_heard else 0)

    return sorted(terms, key=likeness, reverse=True)[:limit]
