"""The rule ``spacing``: puts one space where it is needed, and removes all others. Pure."""

from __future__ import annotations

import re

from koe.finishing.protected import MARKER
from koe.finishing.scripts import FULL_WIDTH, HAN

# A word that is separate from ideographs next to it; K歌, T恤 and 卡拉OK are single words.
_LONG = r"[A-Za-z][A-Za-z0-9+#]{2,}"

_SPACES = re.compile(r"[ \t\u00a0]{2,}")
_AROUND_LINE = re.compile(r"[ \t]+(?=\n)|(?<=\n)[ \t]+")
# But 10 : 30 stays, and a check box, as in [ ].
_BEFORE_MARK = re.compile(
    r"(?<![(\[]) +(?!(?<=\d )[,:]\s*\d)(?=[,;!?](?![\w.)])|[:.](?![^\s\"'”’])|[)\]](?!\())"
)
_AFTER_BRACKET = re.compile(r"(?<=[(\[]) +(?=[^\s\])])")
_BESIDE_FULL_WIDTH = re.compile(rf" +(?=[{FULL_WIDTH}])|(?<=[{FULL_WIDTH}]) +")
_AFTER_MARK = re.compile(rf"(?<=[A-Za-z{MARKER}])([,;!?])(?=[A-Za-z])")
_SINGLE_IDEOGRAPHS = re.compile(rf"(?<![{HAN}] )(?<![{HAN}])(?:[{HAN}] ){{2,}}[{HAN}](?![{HAN}])")
_BEFORE_WORD = re.compile(rf"(?<=[{HAN}])(?={_LONG})")
_BEHIND_WORD = re.compile(rf"(?<![A-Za-z0-9])({_LONG})(?=[{HAN}])")


def apply(text: str) -> str:
    """Correct the spaces in a text."""
    text = _AROUND_LINE.sub("", _SPACES.sub(" ", text.strip(" \t")))
    text = _AFTER_BRACKET.sub("", _BEFORE_MARK.sub("", text))
    text = _AFTER_MARK.sub(r"\1 ", text)
    if text.isascii():
        return text
    text = _BESIDE_FULL_WIDTH.sub("", text)
    text = _SINGLE_IDEOGRAPHS.sub(lambda match: match[0].replace(" ", ""), text)
    return _BEHIND_WORD.sub(r"\1 ", _BEFORE_WORD.sub(" ", text))
