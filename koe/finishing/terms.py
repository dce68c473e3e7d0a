"""Replaces words that sound like a term of the dictionary by the term. Pure.

A recogniser that does not know a term writes other words for its sounds: "get hub", 酷伯奈提斯.
Neighbouring words are compared with the terms, the longest run of words first, in three ways.

- The words have the letters of the term, in other case or with other spaces.
- The words have the same reading, for a term with ideographs.
- The words have the consonants of the term, or all but one, and similar letters.

Words that are probably meant as they are stay. The weaker the evidence is, the less ordinary the
words have to be: `koe.finishing.ordinary`. The constants below were measured with bench/finishing.
The first aim was to change nothing in prose, and the second to find most terms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koe.answers import readings, sounds
from koe.finishing import ordinary
from koe.finishing.protected import apply_outside
from koe.finishing.term_index import Term, TermIndex, reading
from koe.finishing.term_words import PlacedWord, Word, codes, runs, split

# The least similarity of the letters where the consonants are the same, and where all but one are,
# by the number of consonants, from one to five and more. The rows are for one word that is not
# ordinary, for several words of which one is not ordinary, and for several ordinary words.
_NEVER = 2.0
_SAME = (
    (_NEVER, 0.9, 0.88, 0.82, 0.82),
    (_NEVER, 0.8, 0.7, 0.6, 0.45),
    (_NEVER, _NEVER, 0.78, 0.84, 0.6),
)
_ALMOST = (
    (_NEVER, _NEVER, 0.88, 0.84, 0.82),
    (_NEVER, _NEVER, 0.85, 0.8, 0.7),
    (_NEVER, _NEVER, _NEVER, 0.9, 0.85),
)

# The least similarity for ideographs that stand for a term in letters, by the number of consonants;
# it is lower, since pinyin resembles the term less. The last value is for two ideographs that begin
# with the same letter as the term.
_SAME_CHINESE = (_NEVER, 0.85, 0.45, 0.35, 0.3)
_SAME_TWO_CHARACTERS = 0.3

# Pinyin usually has more letters than the term; the term may have at most this many more than the
# pinyin.
_MOST_LETTERS_LESS = 2

# The least share of ideographs that are used to write foreign names.
_MOSTLY = 0.75

_VOWELS = "aeiou"

# Terms of at most this many ideographs must have exactly the same reading, to avoid coincidences.
_SHORT = 3

# The most words, beyond those of the longest term, that may stand for a term: if it is found by its
# sound, and if it is found by its letters, which may be spelled one by one.
_MORE_WORDS = 2
_MORE_LETTERS = 5

# The number of ideographs that may stand for a term in letters.
_FEWEST_CHARACTERS = 2
_MOST_CHARACTERS = 8


class Terms:
    """Writes the terms of a dictionary with the spelling of the dictionary.

    Args:
        terms: The dictionary, in the order of the file.
    """

    def __init__(self, terms: Sequence[str]) -> None:
        self._index = TermIndex(terms)
        # Terms that may look like an address or a file name, such as Node.js.
        self._pieces = {term.casefold(): term for term in terms if not term.isalnum()}

    def write(self, text: str) -> str:
        """Replace words by terms; all other words stay."""
        if not self._index.most_words:
            return text
        return apply_outside(
            text, self._write, lambda piece: self._pieces.get(piece.casefold(), piece)
        )

    def _write(self, text: str) -> str:
        parts: list[str] = []
        done = 0
        for run in runs(text):
            at = 0
            while at < len(run):
                found = self._find(text, run, at)
                if found is None:
                    at += 1
                    continue
                count, spelled = found
                start, end = run[at].start, run[at + count - 1].end
                parts += (text[done:start], _with_spaces(text, start, end, spelled))
                done, at = end, at + count
        return "".join((*parts, text[done:]))

    def _find(self, text: str, run: Sequence[PlacedWord], at: int) -> tuple[int, str] | None:
        """Find a term that begins at a word: the number of words, and the text to replace them."""
        first = run[at].word
        if self._index.may_begin(first):
            for count in range(min(self._index.most_words + _MORE_LETTERS, len(run) - at), 0, -1):
                if spelled := self._by_letters(text, run, at, count):
                    return count, spelled
        if self._index.may_be_read([place.word for place in run[at : at + 2]]):
            for count in range(min(self._index.most_words, len(run) - at), 1, -1):
                if term := self._by_reading(text, run[at : at + count]):
                    return count, term.text
        if first.is_light or first.is_number or not self._index.most_spoken_words:
            return None
        if not first.is_chinese:
            return self._by_sound(text, run, at)
        return self._by_chinese_sound(text, run, at)

    # --- by letters ---

    def _by_letters(self, text: str, run: Sequence[PlacedWord], at: int, count: int) -> str | None:
        window = run[at : at + count]
        words = [place.word for place in window]
        key = "".join(word.letters for word in words)
        said = text[window[0].start : window[-1].end]
        term, ending = self._index.spelled(key), ""
        if term is None:
            ending = _ending(said)
            words[-1] = _without_s(words[-1]) if ending else words[-1]
            term = self._index.spelled("".join(word.letters for word in words)) if ending else None
        if term is None or (ending == "s" and term.text[-1:] in "sS"):
            return None
        spelled = term.text + ending
        if said == spelled or _begins_sentence(text, window[0].start, said, spelled):
            return said
        if count == 1:
            # A common word may be meant as it is, so its case is kept.
            is_meant = ordinary.is_common(words[0].letters) or (
                ending and not term.text.isupper() and ordinary.is_ordinary(key)
            )
            return said if is_meant and said.casefold() == spelled.casefold() else spelled
        if len(term.words) == count:
            return said if all(word.is_light for word in words) else spelled
        if all(len(word.letters) == 1 and not word.is_chinese for word in words):
            return spelled if _is_all_that_is_spelled(run, at, count) else None
        return None if _are_all_meant(words) else spelled

    # --- by reading ---

    def _by_reading(self, text: str, window: Sequence[PlacedWord]) -> Term | None:
        found = self._index.read(reading(place.word for place in window))
        return next((term for term in found if _may_be_misheard(text, window, term)), None)

    # --- by sound ---

    def _by_sound(self, text: str, run: Sequence[PlacedWord], at: int) -> tuple[int, str] | None:
        most = self._index.most_spoken_words + _MORE_WORDS
        window: list[PlacedWord] = []
        found: tuple[int, str] | None = None
        for place in run[at : at + most]:
            word = place.word
            if window and not text[window[-1].end : place.start].isspace():
                break
            if word.is_chinese or word.is_number or self._index.spelled(word.letters):
                break
            window.append(place)
            if not word.is_light and (spelled := self._sounding(text, window)):
                found = len(window), spelled
        return found

    def _sounding(self, text: str, window: Sequence[PlacedWord]) -> str | None:
        words = [place.word for place in window]
        said = text[window[0].start : window[-1].end]
        is_ordinary = all(word.is_ordinary or len(word.letters) == 1 for word in words)
        if is_ordinary and (len(words) == 1 or any(word.is_light for word in words)):
            return None
        if len(words) == 1 and len(said) > 1 and said.isupper():
            return None  # an abbreviation that was recognised correctly
        kind = 2 if is_ordinary else len(words) > 1
        letters = [word.letters for word in words]
        if text[window[-1].end :][:1] == "-":
            return None  # the last word is a part of another one
        if term := self._best(words, letters, kind):
            return term.text
        ending = _ending(said)
        if not ending:
            return None
        words[-1] = _without_s(words[-1])
        letters[-1] = words[-1].letters
        term = self._best(words, letters, kind)
        if term is None or (ending == "s" and term.text[-1:] in "sS"):
            return None
        return term.text + ending

    def _best(self, words: Sequence[Word], letters: Sequence[str], kind: int) -> Term | None:
        best, found = 0.0, None
        for term, least in self._candidates(words, kind):
            alike = sounds.likeness_of_letters(letters, term.letters)
            if alike >= least and alike > best and _begin_alike(words, term):
                best, found = alike, term
        return found

    def _candidates(self, words: Sequence[Word], kind: int) -> Iterator[tuple[Term, float]]:
        for code in codes(words):
            size = min(len(code), len(_SAME[kind])) - 1
            for term in self._index.sounding(code):
                yield term, _SAME[kind][size]
            if _ALMOST[kind][size] <= 1:
                for term in self._index.almost_sounding(code):
                    yield term, _ALMOST[kind][size]

    def _by_chinese_sound(
        self, text: str, run: Sequence[PlacedWord], at: int
    ) -> tuple[int, str] | None:
        window: list[PlacedWord] = []
        found: tuple[int, str] | None = None
        foreign = 0
        for place in run[at : at + _MOST_CHARACTERS]:
            word = place.word
            window.append(place)
            foreign += word.is_foreign
            if not word.is_chinese or foreign < len(window) - 1:
                break
            is_mostly = len(window) >= _FEWEST_CHARACTERS and foreign >= _MOSTLY * len(window)
            if is_mostly and not word.is_light and (term := self._sounding_chinese(text, window)):
                found = len(window), term.text
        return found

    def _sounding_chinese(self, text: str, window: Sequence[PlacedWord]) -> Term | None:
        words = [place.word for place in window]
        letters = [word.letters for word in words]
        spoken = sum(len(word.reading) for word in words)
        best, found = 0.0, None
        for code in codes(words):
            usual = _SAME_CHINESE[min(len(code), len(_SAME_CHINESE)) - 1]
            is_two = len(window) == 2 < len(code)
            for term in self._index.sounding(code):
                begins_alike = is_two and words[0].reading[0] == term.letters[0][0]
                least = _SAME_TWO_CHARACTERS if begins_alike else usual
                alike = sounds.likeness_of_letters(letters, term.letters)
                if alike >= least and alike > best and _begin_alike(words, term):
                    best, found = alike, term
        if found is None or len("".join(found.letters)) > spoken + _MOST_LETTERS_LESS:
            return None
        return found if _is_unexplained(text, window) else None


def _ending(said: str) -> str:
    """The ending of a plural or possessive form; "" if there is none."""
    return next((ending for ending in ("'s", "’s", "s") if said.endswith(ending)), "")


def _without_s(word: Word) -> Word:
    return next(split(word.letters.removesuffix("s")), word)


def _begins_sentence(text: str, start: int, said: str, spelled: str) -> bool:
    """Whether a word differs from a term only by the capital letter at the start of a sentence."""
    return (
        said[1:] == spelled[1:]
        and said[0] == spelled[0].upper()
        and text[:start].rstrip()[-1:] in ("", ".", "!", "?", "。", "！", "？")
    )


def _is_all_that_is_spelled(run: Sequence[PlacedWord], at: int, count: int) -> bool:
    """Whether no other single letter is next to a run of single letters."""
    around = (*run[max(0, at - 1) : at], *run[at + count : at + count + 1])
    return not any(len(place.word.letters) == 1 and not place.word.is_chinese for place in around)


def _are_all_meant(words: Sequence[Word]) -> bool:
    """Whether words are probably meant as they are, though together they spell a term."""
    if sum(len(word.letters) == 1 for word in words) > 1:  # spelled letters
        words = [word for word in words if len(word.letters) > 1]
    return all(word.is_ordinary for word in words) and any(word.is_light for word in words)


def _begin_alike(words: Sequence[Word], term: Term) -> bool:
    first, other = words[0].letters, term.words[0].letters
    if words[0].is_chinese and (other[0] in _VOWELS) != (words[0].reading[0] in _VOWELS + "yw"):
        return False
    return not sounds.initials(first).isdisjoint(sounds.initials(other))


def _may_be_misheard(text: str, window: Sequence[PlacedWord], term: Term) -> bool:
    """Whether ideographs with the reading of a term make no sense by themselves."""
    chinese = [place for place in window if place.word.is_chinese]
    if not chinese:
        return False
    start, end = chinese[0].start, chinese[-1].end
    wrong = [
        place.start
        for place, other in zip(window, term.words, strict=True)
        if place.word.letters != other.letters and place.word.is_chinese
    ]
    if not wrong or ordinary.is_chinese_word(text[start:end]):
        return False
    if ordinary.is_split(text, start, end, wrong):
        return False
    if len(chinese) < len(window):
        return True  # the letters next to them show that the term is meant
    size = end - start
    if len(window) <= _SHORT and not _are_read_exactly(window, term):
        return False
    if size <= 2:
        return (
            ordinary.unexplained(text, wrong) == len(wrong)
            and text[start] != text[end - 1]
            and ordinary.stands_alone(text, start, end)
        )
    is_joined = size <= _SHORT and ordinary.is_joined(text, start, end)
    return not is_joined and ordinary.unexplained(text, range(start, end)) > 0


def _are_read_exactly(window: Sequence[PlacedWord], term: Term) -> bool:
    return all(
        readings.read_exactly(place.word.letters) == readings.read_exactly(other.letters)
        for place, other in zip(window, term.words, strict=True)
    )


def _is_unexplained(text: str, window: Sequence[PlacedWord]) -> bool:
    """Whether ideographs are a separate name, at least half of which is in no ordinary word."""
    start, end = window[0].start, window[-1].end
    places = range(start, end)
    has_name_before = readings.read(text[:start][-1:]) is not None and ordinary.unexplained(
        text, [start - 1]
    )
    if len(places) == _FEWEST_CHARACTERS and has_name_before:
        return False  # all three may be one name
    return (
        not ordinary.is_chinese_word(text[start:end])
        and not ordinary.is_split(text, start, end, places)
        and 2 * ordinary.unexplained(text, places) >= end - start
        and ordinary.stands_alone(text, start, end)
    )


def _with_spaces(text: str, start: int, end: int, spelled: str) -> str:
    """A term, with spaces where letters and an ideograph become neighbours."""
    left = " " if _needs_space(text[:start][-1:], spelled[0], text[start]) else ""
    right = " " if _needs_space(text[end : end + 1], spelled[-1], text[end - 1]) else ""
    return f"{left}{spelled}{right}"


def _needs_space(beside: str, written: str, said: str) -> bool:
    """Whether a space is needed next to a character that replaces another one."""
    is_chinese = readings.read(written) is not None
    if not beside.isalnum() or is_chinese == (readings.read(said) is not None):
        return False
    return is_chinese == beside.isascii()
