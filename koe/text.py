"""Text: what is one, what is white space, and where a space belongs. Pure.

Where Chinese and English meet, spaces are not a matter of taste.
"""

from __future__ import annotations

from collections.abc import Iterable

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
_WITHOUT_WHITE_SPACE = str.maketrans("", "", _WHITE_SPACE)

# What may end a Latin phrase and still wants a space before the next word.
_CLOSING_PUNCTUATION = frozenset(".,;:!?%)]}\"'’”…")


def trim(text: str) -> str:
    """Without white space at both ends: what Unicode calls so, and nothing else."""
    return text.strip(_WHITE_SPACE)


def trim_start(text: str) -> str:
    """Without white space at its beginning; see `trim`."""
    return text.lstrip(_WHITE_SPACE)


def remove_white_space(text: str) -> str:
    """Without any white space; see `trim`."""
    return text.translate(_WITHOUT_WHITE_SPACE)


def is_unicode(text: str) -> bool:
    """Tell whether a text has no surrogates, which stand for what can't be encoded."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def is_unspaced(character: str) -> bool:
    """Tell whether a character belongs to a script that puts no spaces between words."""
    code_point = ord(character)
    return any(first <= code_point <= last for first, last in _UNSPACED_RANGES)


def needs_space_between(left: str, right: str) -> bool:
    """Tell whether one space belongs between two neighbouring pieces of speech.

    True when ``left`` ends, and ``right`` begins, in a script that spaces its words
    (spec asr §5.5, last paragraph). Pieces that already have white space there need none.
    """
    if not left or not right:
        return False
    last, first = left[-1], right[0]
    ends_word = (last.isalnum() or last in _CLOSING_PUNCTUATION) and not is_unspaced(last)
    return ends_word and first.isalnum() and not is_unspaced(first)


def join_segments(segments: Iterable[str]) -> str:
    """Join recognised segments into one text, with a space only where a script wants one.

    Segments are trimmed; blank ones are skipped.
    """
    joined = ""
    for segment in segments:
        trimmed = segment.strip()
        joined += " " + trimmed if needs_space_between(joined, trimmed) else trimmed
    return joined
