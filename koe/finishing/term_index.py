"""The dictionary, so that what was heard leads to the terms that it may be. Pure.

A term is found by its letters, by how it is read (pinyin for ideographs), and by its consonants,
also where one of those was heard wrong. Looking up takes as long for 5,000 terms as for ten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from koe.finishing.term_words import Word, codes, split

# A consonant may be wrong in a term that has so many.
_FEWEST_CODES = 4

# Letters of a term that may be found by its sound.
_FEWEST_LETTERS = 4


@dataclass(frozen=True, slots=True)
class Term:
    """A term.

    Attributes:
        text: As the user writes it.
        words: Its words.
    """

    text: str
    words: tuple[Word, ...]

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters of its words."""
        return tuple(word.letters for word in self.words)


class TermIndex:
    """The terms by what may lead to them.

    Args:
        terms: The dictionary; of several terms with the same letters the first counts.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        # By its letters, and the first words of all that a text may have for it.
        self._by_letters: dict[str, Term] = {}
        self._beginnings: set[str] = set()
        # By how it is read, for terms with ideographs, and the first two syllables of those.
        self._by_reading: dict[str, list[Term]] = defaultdict(list)
        self._first_syllables: set[str] = set()
        # By its consonants, for those without; and by them without one.
        self._by_code: dict[str, list[Term]] = defaultdict(list)
        self._by_less: dict[str, list[Term]] = defaultdict(list)
        # As many words has the longest term, and the longest of those that are found by sound.
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
        """The terms with ideographs that are read so."""
        return self._by_reading.get(key, ())

    def sounding(self, code: str) -> Sequence[Term]:
        """The terms without ideographs that have these consonants."""
        return self._by_code.get(code, ())

    def almost_sounding(self, code: str) -> Iterator[Term]:
        """Those that have these consonants but for one; some of them more than once."""
        if len(code) >= _FEWEST_CODES - 1:
            yield from self._by_less.get(code, ())
            for less in _without_one(code):
                yield from self._by_code.get(less, ())
                yield from self._by_less.get(less, ())


def reading(words: Iterable[Word]) -> str:
    """How words are read, one after the other."""
    return " ".join([word.reading for word in words])


def _without_one(code: str) -> list[str]:
    """A code with one consonant less, in each way; none where too little would be left."""
    if len(code) < _FEWEST_CODES:
        return []
    return [code[:at] + code[at + 1 :] for at in range(len(code))]
