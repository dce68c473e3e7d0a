"""What people copy from a page or a mail into a setting: it comes with things around it. Pure."""

from __future__ import annotations

import re
import unicodedata

# No address, key or name begins or ends with one of these.
_QUOTES = frozenset("\"'`‘’‚“”„«»‹›「」『』")

# White space, control characters, and those that show nothing, as the zero-width space.
_INVISIBLE = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})

_SCHEME = re.compile(r"(authorization\s*:\s*)?bearer\s+", re.IGNORECASE)


def pasted(text: str) -> str:
    """Return an address or a name without quotes and without what can't be seen around it."""
    start, end = 0, len(text)
    while start < end and _is_around(text[start]):
        start += 1
    while start < end and _is_around(text[end - 1]):
        end -= 1
    return text[start:end]


def pasted_key(text: str) -> str:
    """Return a key as `pasted` does, and without the ``Bearer`` that a header has before it."""
    key = pasted(text)
    scheme = _SCHEME.match(key)
    return pasted(key[scheme.end() :]) if scheme else key


def _is_around(character: str) -> bool:
    return character in _QUOTES or unicodedata.category(character) in _INVISIBLE
