"""Chinese in the form of the mainland: simplified characters, full-width punctuation.

A Whisper model writes traditional characters as often as simplified ones, half-width punctuation,
and a space where a speaker pauses. OpenCC converts word by word: 乾 becomes 干 in 乾燥 but stays in
乾隆.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc import OpenCC

_FULL_WIDTH = {",": "，", ".": "。", "?": "？", "!": "！", ":": "：", ";": "；"}

_IDEOGRAPH = r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"

# A punctuation mark after an ideograph, or after a closing sign that follows an ideograph, with the
# blanks beside the mark; but not inside an address, a time or a number.
_MARK = re.compile(rf"(?<={_IDEOGRAPH})([”’」』）)]*)\s*([,.?!:;])(?![A-Za-z0-9.])\s*")
_LATIN_MARK = re.compile(rf"(?<=[A-Za-z0-9])\s*([,?!;])\s*(?={_IDEOGRAPH})")

# A blank where the speaker paused.
_PAUSE = re.compile(rf"(?<={_IDEOGRAPH})\s+(?={_IDEOGRAPH})")

_QUESTION = "吗"


def simplified(text: str) -> str:
    """Write traditional characters as simplified ones.

    A text without traditional characters is not changed: 著 and 乾 are correct in simplified text,
    too. In a traditional text, which is read as Taiwan's, 看著 becomes 看着.

    Raises:
        ImportError: The package OpenCC is not installed.
    """
    if _converter("t2s").convert(text) == text:
        return text
    converted: str = _converter("tw2s").convert(text)
    return converted


def punctuated(text: str) -> str:
    """Write full-width punctuation, a comma for a pause, and an end mark after the text."""
    text = _MARK.sub(lambda found: found[1] + _FULL_WIDTH[found[2]], text)
    text = _LATIN_MARK.sub(lambda found: _FULL_WIDTH[found[1]], text)
    text = _PAUSE.sub("，", text)
    if re.search(rf"{_IDEOGRAPH}$", text):
        text += "？" if text.endswith(_QUESTION) else "。"
    return text


@cache
def _converter(name: str) -> OpenCC:
    from opencc import OpenCC

    return OpenCC(name)
