"""Text: checks, white space, clean-up of pasted values, and spaces between pieces of speech.

Pure. Two pieces of speech are joined with one space, unless

- one of them has white space at the border, or is empty;
- the right one begins with something that closes: punctuation, a closing bracket or quote, ``'s``;
- the left one ends with something that opens: a bracket, a quote, ``¿``, a lone ``#``, a ``$``
  before a number;
- the right one continues the left one's last character: an accent, a skin tone, a joiner of emoji;
- there is full-width punctuation at the border, which includes its own space;
- one of the two is in a script that puts no spaces between words, such as Chinese. But after the
  half-width punctuation of a text in another script there is a space: "Hello world. 你好。"
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# Scripts that are written without spaces between words, as inclusive code point ranges
# (Unicode blocks), with the punctuation and the full-width forms that go with them. Hangul is
# absent: Korean separates words with spaces.
_UNSPACED_RANGES = (
    (0x0E00, 0x0FFF),  # Thai, Lao, Tibetan
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19FF),  # Tai Le, New Tai Lue, symbols of Khmer
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x2E80, 0x2FDF),  # radicals
    (0x3000, 0x312F),  # CJK punctuation, kana, Bopomofo
    (0x3190, 0x4DBF),  # Kanbun, Bopomofo, strokes, kana, enclosed forms, ideographs
    (0x4E00, 0x9FFF),  # ideographs
    (0xA9E0, 0xA9FF),  # Burmese
    (0xAA60, 0xAADF),  # Burmese, Tai Viet
    (0xF900, 0xFAFF),  # compatibility ideographs
    (0xFE30, 0xFE4F),  # vertical forms
    (0xFF00, 0xFF9F),  # full-width forms, half-width kana
    (0xFFE0, 0xFFEF),  # full-width signs
    (0x1AFF0, 0x1B16F),  # kana
    (0x20000, 0x3FFFF),  # ideographs
)

# Unicode's White_Space property. str.strip() without an argument would also remove
# U+001C..U+001F, which are not white space there.
_WHITE_SPACE = "\t\n\x0b\x0c\r \x85\xa0\u1680" + "".join(
    map(chr, [*range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000])
)

# The most characters of a text that a message quotes.
_LONGEST_QUOTED = 40

# Quotes. Whether one opens or closes depends on the language: „German“, “English”, ”Suomi”.
_QUOTES = frozenset("\"'‘’‚‛“”„‟‹›«»＂＇״׳")

# Punctuation that begins a word; all other punctuation of its category closes one.
_WORD_STARTERS = frozenset("¿¡#@&*/\\§¶†‡•※‣⁂＃＠＆＊／＼")

# Signs that stand alone before the word that they belong to.
_PREFIXES = frozenset("¿¡#@")

# Endings of English words after an apostrophe, as in it's and we'll.
_CONTRACTIONS = frozenset(("s", "d", "m", "re", "ve", "ll"))

# Half-width punctuation that is followed by a space in all scripts with spaces.
_PAUSES = frozenset(".,;:!?…;·،؛؟۔।॥։՝՞՜።፣፤፥")

# A comma is dropped before any other punctuation, and no comma or full stop is written twice.
_COMMAS = frozenset(",;:،؛、，；：")
_STOPS = frozenset(".。۔।")
_PUNCTUATION = _COMMAS | _STOPS | frozenset("!?…！？؟")

# The joiner that makes one emoji of two, and the modifiers of skin colour.
_JOINER = "\u200d"
_SKIN_TONES = frozenset(map(chr, range(0x1F3FB, 0x1F400)))

# No address, key or name begins or ends with one of these.
_QUOTATION_MARKS = frozenset("\"'`‘’‚“”„«»‹›「」『』")

# White space, control characters, and invisible characters such as the zero-width space.
_INVISIBLE = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})

_SCHEME = re.compile(r"(authorization\s*:\s*)?bearer\s+", re.IGNORECASE)

# Number of characters on each side of a border that decide whether a space belongs there.
_NEAR = 24


def trim(text: str) -> str:
    """Remove white space, as Unicode defines it, at both ends."""
    return text.strip(_WHITE_SPACE)


def abbreviated(text: str) -> str:
    """Return a text in quotes for a message; only the beginning of a long one."""
    return repr(text if len(text) <= _LONGEST_QUOTED else f"{text[:_LONGEST_QUOTED]}…")


def without_last_comma(text: str) -> str:
    """Remove commas at the end: engines write them at pauses, and the end is no pause."""
    return text.rstrip(_WHITE_SPACE + ",，、،፣")


def pasted(text: str) -> str:
    """Return an address or a name without quotes and invisible characters around it."""
    start, end = 0, len(text)
    while start < end and _is_stripped(text[start]):
        start += 1
    while start < end and _is_stripped(text[end - 1]):
        end -= 1
    return text[start:end]


def pasted_key(text: str) -> str:
    """Return a key as `pasted` does, and without the ``Bearer`` that a header has before it."""
    key = pasted(text)
    scheme = _SCHEME.match(key)
    return pasted(key[scheme.end() :]) if scheme else key


def is_unicode(text: str) -> bool:
    """Tell whether a text can be encoded: it has no surrogates."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


@lru_cache(4096)
def is_unspaced(character: str) -> bool:
    """Tell whether a character belongs to a script that puts no spaces between words."""
    code_point = ord(character)
    return any(first <= code_point <= last for first, last in _UNSPACED_RANGES)


def needs_space_between(left: str, right: str) -> bool:
    """Tell whether one space belongs between two neighbouring pieces of speech.

    The rules are in the docstring of this module (spec asr §5).
    """
    left, right = _shown(left[-_NEAR:]), right[:_NEAR]
    begin = _shown(right)
    if not left or not begin or left[-1].isspace() or begin[0].isspace():
        return False
    if _goes_on(left[-1], right[0]) or _closes(left[-1], begin) or _opens(left, begin[0]):
        return False
    if _is_full_width(left[-1]) or _is_full_width(begin[0]):
        return False
    begins_spaced = _is_spaced(begin)
    ends_spaced = _is_spaced(reversed(left)) if any(map(str.isalnum, left)) else begins_spaced
    if ends_spaced and begins_spaced:
        return True
    return (ends_spaced or begins_spaced) and _ends_with_pause(left)


def join_segments(segments: Iterable[str]) -> str:
    """Join recognised segments into one text, with a space only where a script wants one.

    Segments are trimmed; blank ones are skipped. If the next segment begins with punctuation, a
    comma at the end of a segment is dropped. If it begins with the same full stop, that is written
    once.
    """
    parts: list[str] = []
    # The end of what was joined so far.
    end = ""
    for segment in segments:
        right = segment.strip()
        if not right:
            continue
        is_decimal = right[0].isascii() and right[1:2].isalnum()
        if end and right[0] in _PUNCTUATION and not is_decimal:
            if end[-1] in _COMMAS:
                parts[-1], end = parts[-1][:-1], end[:-1]
            elif end[-1] == right[0] in _STOPS and "." not in (end[-2:-1], right[1:2]):
                right = right[1:]
        added = " " + right if needs_space_between(end, right) else right
        parts.append(added)
        end = (end + added)[-_NEAR:]
    return "".join(parts)


def _is_stripped(character: str) -> bool:
    return character in _QUOTATION_MARKS or unicodedata.category(character) in _INVISIBLE


def _shown(text: str) -> str:
    """Remove invisible characters such as marks of direction."""
    if text.isascii():
        return text
    return "".join(it for it in text if it == _JOINER or _category(it) != "Cf")


def _goes_on(last: str, first: str) -> bool:
    """Tell whether a text begins in the middle of a visible character (a grapheme cluster)."""
    return _JOINER in (last, first) or _category(first)[0] == "M" or first in _SKIN_TONES


def _closes(last: str, right: str) -> bool:
    """Tell whether a text begins with a sign that belongs to the word before it."""
    first, second = right[0], right[1:2]
    if first in "'’" and last.isalnum():
        rest = right[1:].split(maxsplit=1)
        if rest and rest[0].rstrip(".,!?") in _CONTRACTIONS:
            return True
    if first in _QUOTES:
        # A French quote before a space opens.
        return not (_begins_word(second) or (first in "«‹" and second.isspace()))
    if first == "." and second.isalnum():
        # ".NET" and ".5", but "3" and ".5" are a number.
        return last.isdigit() and second.isdigit()
    category = _category(first)
    return category == "Pe" or (category == "Po" and first not in _WORD_STARTERS)


def _begins_word(character: str) -> bool:
    """Return whether a word may begin with a character; False for white space and for ""."""
    if not character or character.isspace():
        return False
    category = _category(character)
    return category[0] in "LNS" or category in ("Ps", "Pi", "Pd") or character in _WORD_STARTERS


def _opens(left: str, first: str) -> bool:
    """Tell whether a text ends with a sign that belongs to the word after it."""
    last, before = left[-1], left[-2:-1]
    alone = not before or before.isspace() or _category(before) == "Ps"
    if last in _QUOTES:
        return alone and not (last in "»›" and before)
    if _category(last) == "Sc":
        # "$" and "5", but "20 €" and "5" are two things.
        return alone and first.isdigit() and not left[:-1].rstrip()[-1:].isdigit()
    return _category(last) == "Ps" or last in "¿¡" or (last in _PREFIXES and alone)


def _is_full_width(character: str) -> bool:
    """Tell whether a character is full-width punctuation, whose space is part of the character."""
    return is_unspaced(character) and _category(character)[0] == "P"


def _is_spaced(characters: Iterable[str]) -> bool:
    """Tell whether the first letter or digit is of a script with spaces; True without any."""
    letter = next((it for it in characters if it.isalnum()), "")
    return not letter or not is_unspaced(letter)


def _ends_with_pause(left: str) -> bool:
    """Tell whether a text ends with half-width punctuation, quotes and brackets aside."""
    for character in reversed(left):
        if character in _PAUSES:
            return True
        if character not in _QUOTES and _category(character) not in ("Pe", "Pf"):
            return False
    return False


@lru_cache(4096)
def _category(character: str) -> str:
    return unicodedata.category(character)
