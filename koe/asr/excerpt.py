"""What a service says, fit to stand in a sentence for people. Pure."""

from __future__ import annotations

from collections.abc import Iterable

# As much of a foreign text as a person reads.
_LENGTH = 300

# Shorter is no secret, and would be found in words.
_SHORTEST_SECRET = 4


def excerpt(text: str, secrets: Iterable[str] = ()) -> str:
    """Some foreign text as one short line: without the keys in it, or what moves a cursor."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "…")
    printable = "".join(it if it.isprintable() else " " for it in whole(text))
    line = " ".join(printable.split())
    return line if len(line) <= _LENGTH else f"{line[:_LENGTH]}…"


def whole(text: str) -> str:
    """Join halves of characters, which JSON may hold separately; a lone one becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
