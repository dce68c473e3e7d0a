"""The rule ``fillers``: removes sounds without meaning, such as um and 呃. Pure.

They are fillers in one language only: "um" is a preposition in German and an article in Portuguese,
and 嗯 by itself is an answer. If a sound may be such a word, it stays.
"""

from __future__ import annotations

import re

from koe.answers.words import fold
from koe.finishing import ordinary
from koe.finishing.protected import MARKER
from koe.finishing.scripts import HAN

_PART = r"[A-Za-z0-9\u00c0-\u024f'’\-]"
_ENGLISH = (
    rf"(?<!{_PART})(?!(?:(?<=\bsay )|(?<=\bsaid )|(?<=\bword ))[a-z]+\s*(?:[.!?\n]|\Z))"
    r"(?:u+m+|u+h+m?|erm|er|h+m+)"
    rf"(?!{_PART}|\s+(?:oh|huh|\d))"
)
# 嗯 and 呃 may be the words that a speaker talks about: 说嗯, 嗯了一声.
_CHINESE = (
    r"(?<!打)呃+(?!逆|了[一半])"
    r"|(?<!嗯)(?<!回了个)(?<!回了個)(?!(?<=[说說])嗯\s*(?:[。！？.!?\n]|\Z))嗯(?![嗯哼]|了[一声聲半])"
)
_ISOLATED = rf"(?:(?<![{HAN}\w])额(?=\s*[，,、…]))"
_MAY_HAVE = re.compile(r"[嗯呃额]|\b(?:u+[mh]|er|h+m)", re.IGNORECASE | re.ASCII)
_FILLERS = re.compile(
    rf"(?P<left>[,，、]?\s*)(?P<said>(?:(?:{_ENGLISH}|{_CHINESE}|{_ISOLATED})(?P<right>\s*[,，、]?\s*))+)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][a-z]+)?")
_LATIN = re.compile(r"[A-Za-z]")
_ENDS = ".。!！?？\n"

# The least share of English words in an English text; fillers are not counted.
_LEAST_ENGLISH = 0.7


def apply(text: str) -> str:
    """Remove fillers from a text; a text of fillers only stays."""
    if not _MAY_HAVE.search(text):
        return text
    is_english = _is_english(text)

    def without(match: re.Match[str]) -> str:
        said = match["said"]
        if _LATIN.search(said) and (not is_english or said.strip(" ,").isupper()):
            return match[0]
        before, after = text[: match.start()], text[match.end() :]
        is_first = before.rstrip()[-1:] in _ENDS or not before.strip()
        is_last = after[:1] in _ENDS  # this includes the end of the text
        if is_first and is_last:
            return match[0]  # it is an answer
        if is_last:
            return ""
        if is_first:
            return match["left"] if match["left"].isspace() else ""
        commas = match["left"].strip(), match["right"].strip()
        if commas[0]:
            return match["left"] if commas[0] in "，、" else ", "
        is_beside_ideograph = any(re.match(f"[{HAN}]", it) for it in (before[-1:], after[:1]) if it)
        has_space = bool(match["left"]) or bool(match["right"])
        return " " if has_space and not (is_beside_ideograph and commas[1]) else ""

    written = _FILLERS.sub(without, text)
    if not any(it.isalnum() or it >= MARKER[0] for it in written):
        return text
    return _with_capital(text, written)


def _with_capital(text: str, written: str) -> str:
    """Capitalise the new first word of a text if the former first word had a capital."""
    first = _WORD.match(text)
    is_capital = first is not None and first[0][:1].isupper() and not written.startswith(first[0])
    return written[:1].upper() + written[1:] if is_capital else written


def _is_english(text: str) -> bool:
    words = [fold(word) for word in _WORD.findall(text) if _LATIN.match(word)]
    others = [word for word in words if not re.fullmatch(_ENGLISH, word)]
    known = sum(word == "ok" or ordinary.is_ordinary(word) for word in others)
    return known >= _LEAST_ENGLISH * len(others)
