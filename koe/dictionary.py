"""The user's dictionary: terms that recognition and correction should spell as written."""

from __future__ import annotations

from collections.abc import Sequence

from koe.text import trim

_BYTE_ORDER_MARK = "\ufeff"

# What a byte of a term that was heard is worth against a character that merely occurs
# (spec llm §5.3).
_HEARD_BONUS = 10


def parse_terms(text: str) -> list[str]:
    """One term per line, in file order, each once (spec config §12).

    Blank lines and lines whose first visible character is ``#`` are skipped; a later ``#`` is
    part of the term. Terms that differ only in case are different.
    """
    # Some editors on Windows begin a UTF-8 file with this mark. It is invisible, so as a part
    # of the first term it would keep that term from ever matching.
    lines = text.removeprefix(_BYTE_ORDER_MARK).split("\n")
    return list(dict.fromkeys(term for line in lines if (term := term_of(line))))


def term_of(line: str) -> str:
    """The term on one line; "" when there is none."""
    term = trim(line)
    return "" if term.startswith("#") else term


def pick_candidates(terms: Sequence[str], heard: str, limit: int) -> list[str]:
    """The terms for a correction prompt: those most like what was heard (spec llm §5.3).

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
