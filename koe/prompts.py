"""Builds the prompts for language models. Pure.

A user prompt is a template with three placeholders (spec llm §5.2): for the text, for the
dictionary terms that are most similar to it, and for its earlier revisions. What precedes the first
placeholder for the text or its revisions is the *stable* part, which servers may cache.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

HEARD = "{{asr_text}}"
DICTIONARY = "{{dictionary_entries}}"
HISTORY = "{{interim_history}}"

# Number of interim revisions in a prompt, the newest ones (spec llm §5.4).
PROMPTED_REVISIONS = 10

# A term scores 1 for each of its characters that occurs in the text. If the term is in the text, or
# the text in the term, it scores this number for each of its bytes in addition (spec llm §5.3).
_HEARD_BONUS = 10

# Stands for an empty list. It is part of the contract, because users' own prompts explain it.
_NOTHING = "（无）"

_PLACES = re.compile("(" + "|".join(map(re.escape, (HEARD, DICTIONARY, HISTORY))) + ")")


@dataclass(frozen=True, slots=True)
class Prompts:
    """The prompts that a model gets besides the text.

    Attributes:
        system: The instruction.
        user: The template of the user prompt.
    """

    system: str
    user: str


@dataclass(frozen=True, slots=True)
class UserPrompt:
    """A user prompt with its placeholders filled in. It holds what was said, so no repr shows it.

    Attributes:
        stable: Its beginning, up to the first placeholder of the text or of its revisions; or
            empty.
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
    """Fill in a template in one pass, so that filled-in text is never taken for a placeholder.

    Args:
        template: Each placeholder may occur several times, or not at all.
        heard: The recognised text.
        candidates: Terms of the dictionary.
        history: Interim revisions, oldest first; the newest ten are used.
    """
    numbered = enumerate(history[-PROMPTED_REVISIONS:], start=1)
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
    """Choose the terms for a prompt: those most similar to the text (spec llm §5.3).

    Args:
        terms: The dictionary.
        heard: The recognised text. If it is empty, long terms win.
        limit: How many at most; 0 for all.

    Returns:
        The best first, equal ones in the order of the dictionary; all in that order if there are no
        more than ``limit``. Terms that have nothing in common with the text fill up the list.
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
