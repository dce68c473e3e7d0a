"""Foreign text, fit to be shown: short, on one line, and without keys. Pure.

Whatever a server says may repeat the key that it was sent, whole or in part. This is the only place
that decides what of it a person may see.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

# A notification shows two or three lines.
_LONGEST = 300

_MASK = "***"

# So many characters in a row that a text has in common with a key count as a part of it.
_SHORTEST_PART = 6

# Keys by their look: other people's, and ours where the server left out the middle itself.
_KEY_LIKE = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|pplx|nvapi)-[\w-]{6,}|\bAIza[\w-]{10,}"
    r"|[\w-]*\*{3,}[\w*-]*|\b[\w-]+(?:\.{3}|…)\w+",
    re.ASCII,  # a sentence in Chinese has no spaces, and may have an ellipsis
)


def one_line(text: str, secrets: Iterable[str] = (), longest: int = _LONGEST) -> str:
    """Return foreign text as one line that is not too long, with everything like a key masked.

    Args:
        text: What was said; halves of characters in it may be joined, and none moves a cursor.
        secrets: The keys that were sent.
        longest: Characters that it may have.
    """
    # Masking takes time, and text that is far too long is cut anyway.
    start = whole(text[: 4 * longest])
    printable = "".join(it if it.isprintable() else " " for it in start)
    line = " ".join(mask(printable, secrets).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Return text with all parts of keys masked, and with all that looks like one."""
    for secret in sorted(secrets, key=len, reverse=True):  # one may be a part of another
        for form in dict.fromkeys((secret.strip(), quote(secret.strip(), safe=""))):
            text = _without_parts_of(form, text)
    return _KEY_LIKE.sub(_MASK, text)


def whole(text: str) -> str:
    """Join halves of characters, which JSON may hold separately; a lone one becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _without_parts_of(key: str, text: str) -> str:
    if len(key) < _SHORTEST_PART:
        # It is no secret, and may be a common word. As a word of its own it is the key, though.
        return re.sub(rf"(?<!\w){re.escape(key)}(?!\w)", _MASK, text) if key else text
    masked: list[str] = []
    start = 0
    while start < len(text):
        end = start + _SHORTEST_PART
        if text[start:end] not in key or end > len(text):
            masked.append(text[start])
            start += 1
            continue
        while end < len(text) and text[start : end + 1] in key:
            end += 1
        masked.append(_MASK)
        start = end
    return "".join(masked)
