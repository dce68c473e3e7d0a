"""The text that was heard so far, from interim, definite and final results. Pure.

The results of every engine here are cumulative: each repeats the whole text, perhaps in other
words, and replaces the previous result of its kind. The rules also allow engines whose results
continue where the last one ended (spec asr §5), and hypotheses that lag behind. They compare words,
or single characters of scripts without spaces; case and punctuation make no difference.

| a result, after what is known               | then                                          |
|---------------------------------------------|-----------------------------------------------|
| says the same and goes on                   | it takes the place of what is known           |
| says only the beginning of it               | it is old and changes nothing                 |
| begins with its last two words or more      | it is added, these words once                 |
| is a hypothesis that says a definite result | it takes the place of the definite result,    |
| again in other words                        | because a revision replaces what it revises   |
| says something else                         | it is added, with a space where one belongs   |

A hypothesis is a part of what was heard: the preview has it until a stronger result covers it.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import takewhile

from koe.text import join_segments
from koe.tokens import Token, first_tokens, last_tokens, tokens

# Interim revisions that are kept: a record for the correction prompt, bounded (spec asr §5.2).
KEPT_REVISIONS = 64

# Number of tokens that are compared, of the beginnings and of an overlap.
_COMPARED = 32

# The fewest tokens of an overlap: a single word that ends one result and begins the next may have
# been said twice.
_LEAST_OVERLAP = 2

# A much shorter text is a repetition only if it begins with at least this number of the old tokens.
_LEAST_BEGINNING = 3

# A text that differs near its beginning is a repetition if it has at least this part of the old
# tokens; and if there are at least as many old tokens as the second number.
_LEAST_ALIKE = 0.8
_ENOUGH_TO_BE_ALIKE = 5


def merge(known: str, addition: str) -> str:
    """Add a result to the known text, without doubling the words that both have."""
    if addition.startswith(known):
        return addition
    if known.startswith(addition):
        return known
    old, new = first_tokens(known, _COMPARED), first_tokens(addition, _COMPARED)
    same = _same_beginning(old, new)
    if old and same == len(old):
        return addition
    if new and same == len(new):
        return known
    ends = last_tokens(known, _COMPARED)
    for count in range(min(len(ends), len(new)), _LEAST_OVERLAP - 1, -1):
        if _same_beginning(ends[-count:], new) == count:
            return known[: ends[-1].end] + addition[new[count - 1].end :]
    return join_segments((known, addition))


def revises(text: str, known: str) -> bool:
    """Tell whether a text repeats the known text from the beginning, perhaps in other words."""
    if text.startswith(known):
        return True
    old, new = first_tokens(known, _COMPARED), first_tokens(text, _COMPARED)
    same = _same_beginning(old, new)
    if same == len(new):
        return 0 < same == len(old)
    is_much_shorter = 4 * len(new) < 3 * len(old)
    if 2 * same >= min(len(old), len(new)) and (same >= _LEAST_BEGINNING or not is_much_shorter):
        return True
    if len(new) < len(old) or len(old) < _ENOUGH_TO_BE_ALIKE:
        return False
    matcher = SequenceMatcher(None, [it.key for it in old], [it.key for it in new], autojunk=False)
    alike = sum(block.size for block in matcher.get_matching_blocks())
    return alike >= _LEAST_ALIKE * len(old)


def _same_beginning(old: list[Token], new: list[Token]) -> int:
    """Count the tokens with which both begin."""
    pairs = zip(old, new, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0].key == pair[1].key, pairs))


def _says_more(text: str, known: str) -> bool:
    """Tell whether a text repeats the known text, and continues it."""
    if text.startswith(known):
        return bool(first_tokens(text[len(known) :], 1))
    return revises(text, known) and sum(1 for _ in tokens(text)) > sum(1 for _ in tokens(known))


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
        # Distinct interims in order of arrival, at most KEPT_REVISIONS, oldest first.
        self._history: list[str] = []

    def add_interim(self, text: str) -> None:
        """Replace the hypothesis. An empty text has no effect."""
        if not text:
            return
        if not self._history or self._history[-1] != text:
            self._history = [*self._history, text][-KEPT_REVISIONS:]
        self._interim = text

    def add_definite(self, text: str) -> None:
        """Replace the stable text. An empty text has no effect.

        A hypothesis that has more text stays.
        """
        if not text:
            return
        self._definite = text
        if _says_more(self._interim, text):
            return
        if not self._has_final or revises(text, self._interim):
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
        """The text to deliver when the engine has ended: committed text, else the interim."""
        return self.committed or self._interim

    @property
    def preview(self) -> str:
        """Everything heard, hypothesis included: for the preview, and after a failure."""
        committed, interim = self.committed, self._interim
        if not committed or not interim:
            return committed or interim
        if committed.startswith(interim):
            return committed
        if not self._final and revises(interim, committed):
            return interim
        return merge(committed, interim)

    def __bool__(self) -> bool:
        return bool(self._interim or self._definite or self._final)

    def history(self, limit: int) -> list[str]:
        """Return the newest interim revisions, oldest first, at most ``limit`` of them."""
        return self._history[-limit:] if limit > 0 else []
