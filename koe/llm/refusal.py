"""What a server says when it refuses, fit to be shown: short, and without the key. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from koe.errors import LlmReplyError
from koe.llm.reply import read_json, text_at

# A notification shows two or three lines.
_LONGEST_MESSAGE = 300

_MASK = "***"

# Characters in a row that a text has in common with the key, from which on it tells of it.
_SHORTEST_PART = 6

# Keys by their look: other people's, and ours where the server left out the middle itself.
_KEY_LIKE = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|pplx|nvapi)-[\w-]{6,}|\bAIza[\w-]{10,}"
    r"|[\w-]*\*{3,}[\w*-]*|\b[\w-]+(?:\.{3}|…)\w+"
)

# Where servers put the sentence, and its code; the first that is there counts.
_SENTENCES = (("error", "message"), ("error",), ("message",), ("detail",), ("detail", 0, "msg"))
_CODES = (("error", "code"), ("error", "type"), ("code",))


def refusal(body: bytes, secrets: Sequence[str]) -> str:
    """What the body of a refused request says, for people; empty when it says nothing to them.

    Args:
        body: JSON as servers have it, or anything else.
        secrets: The keys that were sent. No part of them is in the result.
    """
    # A page of some proxy says no more than the status does.
    text = "" if is_page(body) else body.decode("utf-8", "replace")
    return explanation(body, secrets) or presentable(text, secrets)


def is_page(body: bytes) -> bool:
    """Whether a server sent a page for browsers."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def explanation(body: bytes, secrets: Sequence[str]) -> str:
    """What a server says in JSON about a failure; empty when it does not. As `refusal`."""
    try:
        value = read_json(body)
    except LlmReplyError:
        return ""
    if isinstance(value, list) and value:
        value = value[0]
    sentence, code = _first_text(value, _SENTENCES), _first_text(value, _CODES)
    return presentable(sentence or code, secrets, code if sentence else "")


def is_out_of_quota(body: bytes) -> bool:
    """Whether a server that refuses wants to be paid first: it will not answer a second later."""
    return "insufficient_quota" in explanation(body, ())


def presentable(text: str, secrets: Sequence[str] = (), code: str = "") -> str:
    """One line of a server's text, not too long, with everything like a key masked.

    Args:
        text: What it said.
        secrets: The keys that were sent.
        code: Added in parentheses; empty for none.
    """
    line = _one_line(text, secrets, _LONGEST_MESSAGE)
    short_code = _one_line(code, secrets, _LONGEST_MESSAGE // 4)
    return f"{line} ({short_code})" if short_code else line


def _one_line(text: str, secrets: Sequence[str], longest: int) -> str:
    # Masking takes time, and text that is far too long is cut anyway.
    printable = "".join(c if c.isprintable() else " " for c in text[: 4 * longest])
    line = " ".join(_mask(printable, secrets).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _mask(text: str, secrets: Sequence[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        text = _without_parts_of(secret, text)
    return _KEY_LIKE.sub(_MASK, text)


def _without_parts_of(api_key: str, text: str) -> str:
    key = api_key.strip()
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


def _first_text(value: object, places: tuple[tuple[str | int, ...], ...]) -> str:
    return next((text for place in places if (text := text_at(value, *place))), "")
