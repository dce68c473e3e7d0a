"""An index from recognised words to the terms of the dictionary that may be meant. Pure.

A term is found by its letters, by its reading (pinyin for ideographs), and by its consonants, even
if one of them was misheard. Looking up takes as long for 5,000 terms as for ten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from koe.finishing.term_words import Word, codes, split

# The fewest consonants of a term in which one may be misheard.
_FEWEST_CODES = 4

# The fewest letters of a term that may be found by its sound.
_FEWEST_LETTERS = 4


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the dictionary.

    Attributes:
        text: The spelling of the user.
        words: The words of the term.
    """

    text: str
    words: tuple[Word, ...]

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters of each word."""
        return tuple(word.letters for word in self.words)


class TermIndex:
    """The terms, indexed by letters, reading and consonants.

    Args:
        terms: The dictionary; of several terms with the same letters the first one counts.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        # Terms by their letters, and the first one and two letters of each term.
        self._by_letters: dict[str, Term] = {}
        self._beginnings: set[str] = set()
        # Terms with ideographs by their reading, and the first two syllables of the readings.
        self._by_reading: dict[str, list[Term]] = defaultdict(list)
        self._first_syllables: set[str] = set()
        # Terms without ideographs by their consonants, and by the consonants without one of them.
        self._by_code: dict[str, list[Term]] = defaultdict(list)
        self._by_less: dict[str, list[Term]] = defaultdict(list)
        # The number of words of the longest term, and of the longest one that is found by sound.
        self.most_words = 0
        self.most_spoken_words = 0
        for text in terms:
            self._add(text)

    def _add(self, text: str) -> None:
        term = Term(text, tuple(split(text)))
        key = "".join(term.letters)
        if not key or key.isdecimal() or (len(key) == 1 and key.isascii()):
            return
        self._by_letters.setdefault(key, term)
        self._beginnings.add(key[:2])
        self._beginnings.add(key[:1])
        self.most_words = max(self.most_words, len(term.words))
        if any(word.is_chinese for word in term.words):
            self._by_reading[reading(term.words)].append(term)
            self._first_syllables.add(reading(term.words[:2]))
        elif key.isascii() and key.isalpha() and len(key) >= _FEWEST_LETTERS:
            self.most_spoken_words = max(self.most_spoken_words, len(term.words))
            found = set(codes(term.words))
            for code in found:
                self._by_code[code].append(term)
            for less in {less for code in found for less in _without_one(code)}:
                self._by_less[less].append(term)

    def may_begin(self, word: Word) -> bool:
        """Whether a term may begin with a word, by its letters."""
        return word.letters[:2] in self._beginnings

    def may_be_read(self, words: Sequence[Word]) -> bool:
        """Whether a term with ideographs may begin with two words, by their sound."""
        return reading(words) in self._first_syllables

    def spelled(self, key: str) -> Term | None:
        """The term with these letters."""
        return self._by_letters.get(key)

    def read(self, key: str) -> Sequence[Term]:
        """The terms with ideographs that have this reading."""
        return self._by_reading.get(key, ())

    def sounding(self, code: str) -> Sequence[Term]:
        """The terms without ideographs that have these consonants."""
        return self._by_code.get(code, ())

    def almost_sounding(self, code: str) -> Iterator[Term]:
        """The terms whose consonants differ in one; some terms more than once."""
        if len(code) >= _FEWEST_CODES - 1:
            yield from self._by_less.get(code, ())
            for less in _without_one(code):
                yield from self._by_code.get(less, ())
                yield from self._by_less.get(less, ())


def reading(words: Iterable[Word]) -> str:
    """The readings of words, one after the other."""
    return " ".join([word.reading for word in words])


def _without_one(code: str) -> list[str]:
    """All codes with one consonant less; none if the code is too short."""
    if len(code) < _FEWEST_CODES:
        return []
    return [code[:at] + code[at + 1 :] for at in range(len(code))]
