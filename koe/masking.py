"""Makes texts of other programs fit to be shown: short, on one line, and without keys. Pure.

A server's message may repeat the key that was sent to it, whole or in part. Only this module
decides which parts of such a text are shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

# A notification shows two or three lines.
_LONGEST = 300

_MASK = "***"

# A text with this many successive characters in common with a key contains a part of the key.
_SHORTEST_PART = 6

# Texts that look like keys: keys of other people, and the user's key with its middle left out.
_KEY_LIKE = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|pplx|nvapi)-[\w-]{6,}|\bAIza[\w-]{10,}"
    r"|[\w-]*\*{3,}[\w*-]*|\b[\w-]+(?:\.{3}|…)\w+",
    re.ASCII,  # else \w would match a whole Chinese sentence with an ellipsis
)


def one_line(text: str, secrets: Iterable[str] = (), longest: int = _LONGEST) -> str:
    """Return foreign text as one line that is not too long, with everything like a key masked.

    Args:
        text: The foreign text; it may have surrogates and control characters.
        secrets: The keys that were sent.
        longest: The most characters of the result.
    """
    # Masking takes time, and text that is far too long is cut anyway.
    start = whole(text[: 4 * longest])
    printable = "".join(it if it.isprintable() else " " for it in start)
    line = " ".join(mask(printable, secrets).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Mask all parts of the keys in a text, and everything else that looks like a key."""
    for secret in sorted(secrets, key=len, reverse=True):  # one may be a part of another
        for form in dict.fromkeys((secret.strip(), quote(secret.strip(), safe=""))):
            text = _without_parts_of(form, text)
    return _KEY_LIKE.sub(_MASK, text)


def whole(text: str) -> str:
    """Join surrogate pairs, which JSON may hold as two characters; a lone one becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _without_parts_of(key: str, text: str) -> str:
    if len(key) < _SHORTEST_PART:
        # It is no secret, and may be a part of common words: only the whole word is masked.
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
