"""The rule ``punctuation``: removes marks that are repeated or misplaced. Pure."""

from __future__ import annotations

import re

_COMMAS = re.compile(r"([,，、;；])(?:\s*[,，、])+(?!\d)")
_STOPS = re.compile(r"(?<![.。])([.。])\1(?![.。])")
_COMMA_AND_STOP = re.compile(r"[,，、;；]\s*(?=[.。!?！？](?![\w.…]))")
_STOP_BEHIND_MARK = re.compile(r"(?<=[!?！？])[.。](?![.。\w])")
_COMMA_BEHIND_STOP = re.compile(r"(?<=[。！？])[,，、]")
_FIRST = re.compile(r"\A\s*(?:[,，、。；]|;(?!-?[)(])|\.(?![.\w]))\s*(?=\S)")


def apply(text: str) -> str:
    """Remove repeated and misplaced marks from a text."""
    text = _COMMA_BEHIND_STOP.sub("", _COMMAS.sub(r"\1", text))
    text = _COMMA_AND_STOP.sub("", text)
    text = _STOP_BEHIND_MARK.sub("", _STOPS.sub(r"\1", text))
    return _FIRST.sub("", text)
