"""What a server says when it refuses, fit to be shown: short, and without the key. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from koe.errors import LlmReplyError
from koe.llm.reply import read_json, text_at
from koe.masking import one_line

# Characters of the name of an error.
_LONGEST_CODE = 75

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
    line = one_line(text, secrets)
    short_code = one_line(code, secrets, _LONGEST_CODE)
    return f"{line} ({short_code})" if short_code else line


def _first_text(value: object, places: tuple[tuple[str | int, ...], ...]) -> str:
    return next((text for place in places if (text := text_at(value, *place))), "")
