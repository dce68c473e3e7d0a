"""Split a text into the words that an alignment compares. Pure.

A word is the smallest unit that an answer can keep or lose: a word of a script with spaces, an
ideograph, a kana, a syllable of Hangul, a letter of Thai with its marks, a digit, or a sign that
people also speak. Words are the same if they differ only in case, width, accents, script
(traditional or simplified), tone or grammatical form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, chain, compress

from koe.answers import lexicon
from koe.answers.numbers import AFTERNOON, MINUS, write_digits
from koe.answers.readings import read, read_exactly, read_surname

# Python's \w does not match combining marks, which are parts of words in many scripts.
_INDIC_MARKS = "".join(
    f"{chr(block)}-{chr(block + 3)}{chr(block + 0x3A)}-{chr(block + 0x3C)}"
    f"{chr(block + 0x3E)}-{chr(block + 0x4F)}{chr(block + 0x51)}-{chr(block + 0x57)}"
    f"{chr(block + 0x62)}{chr(block + 0x63)}"
    for block in range(0x900, 0xE00, 0x80)
)
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    + _INDIC_MARKS
)
_IDEOGRAPHS = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_HANGUL = "\uac00-\ud7a3"
# Thai, Lao, Burmese and Khmer: scripts without spaces whose letters carry marks.
_CLUSTERED = "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ec0-\u0ec6"
_CLUSTERED += "\u1000-\u102a\u1780-\u17b3"
_CLUSTER_MARKS = (
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u17b6-\u17d3"
)
_SIGNS = f"%$€£¥₩°℃℉+=@&#{MINUS}{AFTERNOON}"

_SCRIPT = re.compile(
    rf"(?P<digit>\d)|(?P<sign>[{re.escape(_SIGNS)}])|(?P<latin>[\0-\u024f])"
    rf"|(?P<ideograph>[{_IDEOGRAPHS}])|(?P<kana>[{_KANA}])|(?P<hangul>[{_HANGUL}])"
)
_LETTERS = rf"(?:[^\W\d_{_IDEOGRAPHS}{_KANA}{_HANGUL}{_CLUSTERED}]|[{_MARKS}])+"
_WORD = re.compile(
    r"\d+"
    r"|[a-z]++(?:'[a-z]++)*+(?![^\x00-\x7f\u3000-\u9fff])"  # a quick branch for most words
    rf"|[{_IDEOGRAPHS}{_KANA}{_HANGUL}]"
    rf"|{_LETTERS}(?:'{_LETTERS})*"
    rf"|[{_CLUSTERED}][{_CLUSTER_MARKS}]*"
    rf"|[{re.escape(_SIGNS)}]"
)
# A point before exactly three digits separates thousands in many countries.
_DECIMAL = re.compile(r"([0-9](?<![\d.].)\d*)\.(\d+)(?<!\.\d{3})(?![\d.]\d)")
_VERSION = re.compile(r"[0-9](?<![\d.].)[0-9]*(?:\.[0-9]+){2,}")
_NAME = re.compile(r"[A-Z](?<!\w.)\w*")
_ACCENTS = re.compile("[\u0300-\u036f]")
_ACCENTED = re.compile("[\u00c0-\u024f\u0300-\u052f\u1e00-\u1fff]")
_KANA_WORD = re.compile(f"[{_KANA}]")
_KATAKANA = re.compile("[\u30a1-\u30f6]")
_FRACTION = re.compile("[¼-¾⅐-⅞]")
_FOREIGN_DIGIT = re.compile(r"\d(?<![0-9])")
# Most texts contain only ASCII, ideographs and their punctuation.
_RARE = re.compile("[^\0-\x7f\u3000-\u30a0\u3400-\u9fff]")
_APOSTROPHES = "’ʼ‘`´"
# NFKC would replace these too, but it takes a tenth of the time for a text without them.
_WIDE_SIGNS = tuple(zip("，：；？！（）", ",:;?!()", strict=True))
_TO_HIRAGANA = str.maketrans({chr(kana): chr(kana - 0x60) for kana in range(0x30A1, 0x30F7)})

# The words of the full form by short form, and verbs that an apostrophe can join to any word.
_SHORT_FORMS = {
    short: full.split() if full.isascii() else list(full)
    for full, _, shorts in (line.partition(" = ") for line in lexicon.lines("short forms"))
    for short in shorts.split(", ")
}
_JOINED = {"m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would"}

# All forms of one word have the same key, which is no word itself.
_FORMS = {word: f"{line}." for line in lexicon.lines("forms") for word in line.split(", ")}


MEANINGFUL = 0.5
"""The smallest weight of a word with a meaning of its own."""

PERSONS = {word: line for line in lexicon.lines("persons") for word in line.split(", ")}
"""By pronoun, the grammatical person."""

_WEIGHTS = {"ideograph": 0.6, "kana": 0.3, "hangul": 0.4, "digit": 0.4, "sign": 0.1}
_LIGHT = frozenset(lexicon.phrases("light words"))
_LIGHT_IDEOGRAPHS = frozenset("".join(lexicon.lines("light ideographs")))


# The keys of words with a contrary include the tone: 买 (to buy) is not 卖 (to sell).
_CONTRARY = frozenset(lexicon.phrases("contraries"))


@dataclass(frozen=True, slots=True)
class Words:
    """A text as words.

    Attributes:
        texts: The words, folded.
        keys: The keys that are compared: words with the same key count as the same.
        numbers: For each digit, the position of the first digit of its number; -1 for other words.
        weights: How much is lost with each word: about 1 for a word with a meaning of its own.
        decimals: The digits of the numbers with a decimal point, without the point.
        versions: The digits of the numbers with several points, without the points.
        names: The words that are written like names, with a capital letter.
    """

    texts: Sequence[str]
    keys: Sequence[str]
    numbers: Sequence[int]
    weights: Sequence[float]
    decimals: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    versions: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.texts)

    def picked(self, order: Sequence[int]) -> Words:
        """The words at these positions, in this order."""
        return Words(
            [self.texts[at] for at in order],
            [self.keys[at] for at in order],
            [self.numbers[at] for at in order],
            [self.weights[at] for at in order],
            self.decimals,
            self.names,
            self.versions,
        )


# Several steps need the words of the transcript and of the answer.
@lru_cache(maxsize=4)
def split(text: str) -> Words:
    """Split a text into words."""
    written = write_digits(fold(text))
    found = _WORD.findall(written)
    parts = list(map(_parts, found))
    texts = list(chain.from_iterable(parts))
    numbers = [-1] * len(texts)
    starts = accumulate(map(len, parts), initial=0)
    words = zip(starts, parts, strict=False)  # `starts` also has the end of the last word
    for start, digits in compress(words, map(str.isdecimal, found)):
        numbers[start : start + len(digits)] = [start] * len(digits)
    decimals = (match[1] + match[2] for match in _DECIMAL.finditer(written))
    names = frozenset(map(fold, set(_NAME.findall(text))))
    keys, weights = list(map(_key, texts)), list(map(weight, texts))
    versions = frozenset(it.replace(".", "") for it in _VERSION.findall(written))
    return Words(texts, keys, numbers, weights, frozenset(decimals), names, versions)


# A user dictates the same words again and again.
@lru_cache(maxsize=4096)
def _parts(word: str) -> Sequence[str]:
    """Split a number into digits, and a short form into its words (dont: do, not)."""
    if word.isdecimal():
        return list(word)
    return _SHORT_FORMS.get(word) or (_apart(word) if "'" in word else [word])


def _apart(word: str) -> tuple[str, ...]:
    """Split a word at its apostrophe: they're becomes two words, it's becomes its."""
    first, *rest = word.split("'")
    full = _JOINED.get(rest[-1])
    return ("".join((first, *rest[:-1])), full) if full else ("".join((first, *rest)),)


@lru_cache(maxsize=4096)
def _key(word: str) -> str:
    # The mark distinguishes pinyin from English words: 和 is not the English he.
    reading = read_exactly(word) if word in _CONTRARY else read_surname(word) or read(word)
    return _FORMS.get(word) or (f"{reading}·" if reading else word)


def fold(text: str) -> str:
    """Remove differences in case, width, accents, kinds of kana and kinds of digits."""
    if text.isascii():
        return text.casefold()
    for wide, narrow in _WIDE_SIGNS:
        text = text.replace(wide, narrow)
    folded = unicodedata.normalize("NFKC", _FRACTION.sub(r" \g<0>", text)).casefold()
    if _RARE.search(folded):
        folded = _FOREIGN_DIGIT.sub(lambda digit: str(int(digit[0])), folded)
        for apostrophe in _APOSTROPHES:
            folded = folded.replace(apostrophe, "'")
        # Searching for accents and katakana is quicker than replacing them.
        if _ACCENTED.search(folded):
            decomposed = unicodedata.normalize("NFD", folded)
            folded = unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed))
        if _KATAKANA.search(folded):
            folded = folded.translate(_TO_HIRAGANA)
    return folded


@cache
def weight(word: str) -> float:
    """How much is lost with a word: about 1 for a word with a meaning of its own."""
    script = script_of(word)
    if word in _LIGHT:
        return 0.3
    if word in _LIGHT_IDEOGRAPHS:
        return 0.2
    if word in PERSONS and script == "latin":
        return 0.6
    return _WEIGHTS.get(script) or min(1.0, 0.4 + 0.15 * len(word))


def has_kana(texts: Sequence[str]) -> bool:
    """Whether any of these words is in kana."""
    return bool(_KANA_WORD.search(" ".join(texts)))


@lru_cache(maxsize=4096)
def script_of(word: str) -> str:
    """The script of a word: one of ``digit sign kana ideograph hangul latin other``."""
    script = _SCRIPT.match(word)
    return (script and script.lastgroup) or "other"
