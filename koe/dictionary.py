"""The user's dictionary: terms that recognition and correction should spell as written."""

from __future__ import annotations

_BYTE_ORDER_MARK = "\ufeff"

# Unicode's White_Space property. str.strip() without an argument would also remove
# U+001C..U+001F, which are not white space there.
_WHITE_SPACE = "\t\n\x0b\x0c\r \x85\xa0\u1680" + "".join(
    map(chr, [*range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000])
)


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
    term = line.strip(_WHITE_SPACE)
    return "" if term.startswith("#") else term
