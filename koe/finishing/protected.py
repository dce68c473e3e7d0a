"""Pieces of text that no rule may change: addresses, code, and numbers in a special form. Pure.

While the rules run, each piece is replaced by one character of a private area of Unicode, which
counts as a word. So a rule can't change the piece, but sees that there is a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable

# About 65 000 characters; no dictated text has as many pieces.
_FIRST, _LAST = 0xF0000, 0xFFFFD

MARKER = f"{chr(_FIRST)}-{chr(_LAST)}"
"""The characters that replace pieces, as a range for a pattern."""

_WORD = r"[A-Za-z0-9_\-]"
_PIECE = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]+`"  # code
    r"|\b[A-Za-z][A-Za-z0-9+.\-]*://[^\s\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]+"
    r"|\bwww\.[^\s\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]+"
    r"|[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+"  # e-mail
    r"|(?<![A-Za-z0-9])[@#][A-Za-z_][A-Za-z0-9_\-]*"  # names of accounts, tags
    rf"|(?<![A-Za-z0-9])(?:~|\.{{1,2}})?/(?:{_WORD}|\.)+(?:/(?:{_WORD}|\.)*)*"  # paths
    rf"|\b[A-Za-z]:\\[^\s\u4e00-\u9fff]*"
    rf"|(?<![A-Za-z0-9])-{{1,2}}[A-Za-z]{_WORD}*"  # options
    r"|\b[A-Za-z0-9]*_[A-Za-z0-9_]*"  # identifiers
    r"|\b[A-Za-z][a-z0-9]*(?:\.[A-Za-z0-9_]+)*\([^\s()\u4e00-\u9fff]*\)"  # calls
    r"|(?<!\S)\.\.(?!\S)"  # the folder above
    rf"|(?<![A-Za-z0-9._\-]){_WORD}+(?:\.{_WORD}*[A-Za-z]{_WORD}*)+"  # domains, files, attributes
    r"|(?<![A-Za-z0-9.])\.[A-Za-z]\w*"  # names of files that begin with a dot
    # Versions, times, dates, decimals, grouped thousands, fractions, phone numbers.
    r"|(?<![A-Za-z0-9])[vV]?\d+(?:[.,:/\-]\d+)+(?:%|[ap]m\b)?"
    r"|</?[A-Za-z][^<>\n]*>|\{\{[^{}\n]*\}\}|\$?\{[^{}\n]*\}"  # tags, templates
    rf"|[{MARKER}\ue000-\uf8ff]",
    re.DOTALL | re.ASCII,
)


# A text without one of these has no piece; most texts have none.
_HINT = re.compile(
    rf"[`@#\\_{{}}<{MARKER}\ue000-\uf8ff]|[:/.,(](?=[\w)/.\\])|(?<![^\W_])-(?=[A-Za-z-])|\d-(?=\d)",
    re.ASCII,
)


def apply_outside(
    text: str, rules: Callable[[str], str], respell: Callable[[str], str] | None = None
) -> str:
    """Apply rules to a text, without changing the pieces that are protected.

    Args:
        text: The text.
        rules: A function that must keep all markers, in their order.
        respell: Returns the text for a whole piece; None: pieces stay as they are.

    Returns:
        The new text; the original text if a marker was lost or moved.
    """
    if not _HINT.search(text):
        return rules(text)
    pieces: list[str] = []

    def hide(match: re.Match[str]) -> str:
        pieces.append(match[0] if respell is None else respell(match[0]))
        return chr(_FIRST + len(pieces) - 1)

    hidden = _PIECE.sub(hide, text)
    if len(pieces) > _LAST - _FIRST:
        return text
    changed = rules(hidden)
    markers = [ord(it) - _FIRST for it in changed if _FIRST <= ord(it) <= _LAST]
    if markers != [*range(len(pieces))]:
        return text
    return "".join(pieces[ord(it) - _FIRST] if _FIRST <= ord(it) <= _LAST else it for it in changed)
