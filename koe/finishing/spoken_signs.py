"""The rule ``spoken_punctuation``: replaces spoken names of marks by the marks. Pure.

A name that is mentioned as a word ("a comma", 加个逗号) is kept, and so is a name at the
beginning of the text.
"""

from __future__ import annotations

import re

from koe.finishing.protected import MARKER
from koe.finishing.scripts import HAN

_ENGLISH = {
    "comma": ",",
    "period": ".",
    "full stop": ".",
    "question mark": "?",
    "exclamation mark": "!",
    "exclamation point": "!",
    "colon": ":",
    "semicolon": ";",
    "new line": "\n",
    "new paragraph": "\n\n",
}
_CHINESE = {
    "逗号": "，", "逗號": "，", "句号": "。", "句號": "。", "顿号": "、", "頓號": "、",
    "问号": "？", "問號": "？", "感叹号": "！", "感嘆號": "！", "叹号": "！",
    "冒号": "：", "冒號": "：", "分号": "；", "分號": "；", "换行": "\n", "換行": "\n",
    "另起一行": "\n", "另起一段": "\n\n",
}  # fmt: skip
# How many characters before a name decide whether it is meant as a word.
_NEAR = 60

_FULL_WIDTH = dict(zip(",.?!:;", "，。？！：；", strict=True))

_DETERMINERS = (
    "a|an|the|this|that|these|those|each|every|no|any|some|of|with|by|my|your|his|her|its|our|their"
    "|another|add|use|type|insert|say|oxford|serial|inverted|double|trailing|missing|long|short"
    "|whole|trial|time|free|first|second|last|next|per|or|and|brand|mr"
)
_ENGLISH_NAME = re.compile(
    rf"(?P<before>(?P<word>[\w{HAN}{MARKER}'’]+)[.,]?\s*)\b(?P<name>{'|'.join(_ENGLISH)})\b"
    r"(?![\-'’])[.,]?(?P<after>\s*)",
    re.IGNORECASE,
)
_NOT_BEFORE = re.compile(
    r"(?:separated|delimited|splice|key|keys|is|was|are|cancer|character|characters|of|rule|costume"
    rf"|drama|that|who|(?:and|or)\s+(?:{'|'.join(_ENGLISH)}))\b",
    re.IGNORECASE,
)
_IS_DETERMINER = re.compile(rf"(?:{_DETERMINERS})", re.IGNORECASE)
_CHINESE_NAME = re.compile(
    rf"(?<=[\w{MARKER}])(?<![个個这這那用加是打有把和或点按输輸以叫两兩前后後写寫改成为為一])"
    r"(?<!删掉)(?<!去掉)(?<!缺少)(?:(?<!自动)(?<!强制)(?<!支持)|(?!\s*[换換]行))"
    rf"\s*(?P<name>{'|'.join(_CHINESE)})(?![的是分前后後键鍵和或之里裡中符键。]|隔)[，,。.]?\s*"
)
# Each English name contains one of these; most texts contain none.
_PARTS = ("comma", "period", "full stop", " mark", " point", "colon", "new")

# 好的句号 ends a sentence, but 后面的句号 mentions a full stop.
_ANSWERS = ("好的", "是的", "对的", "行的")
_ENDS = re.compile(r"\s*(?:\Z|\n|[)\"”」]|new (?:line|paragraph)\b)", re.IGNORECASE)
# Words before "period" after which it means a time. The list is short, because "period" after most
# other nouns may be the mark at the end of a sentence.
_TIME = re.compile(
    r"\b(?:same|billing|grace|notice|retention|waiting|holding|reporting|probation|cooling-off"
    r"|edo|meiji|jurassic"
    r"|(?:a|the|each|every|this|that)\s+[\w'’]+[ -](?:day|week|month|year|hour|minute))\s*\Z",
    re.IGNORECASE,
)
_MENTIONED = re.compile(r"\bthe\s+word\s*\Z", re.IGNORECASE)


def apply(text: str) -> str:
    """Replace the spoken names of marks in a text."""
    lower = text.lower()
    if any(part in lower for part in _PARTS):
        text = _replace_english(text)
    return text if text.isascii() else _CHINESE_NAME.sub(_chinese, text)


def _replace_english(text: str) -> str:
    """Replace names from left to right; a name that is kept is the word before the next one."""
    parts, done, at = list[str](), 0, 0
    while match := _ENGLISH_NAME.search(text, at):
        written = _english(match)
        if written is None:
            at = match.start("name")
            continue
        parts += (text[done : match.start()], written)
        done = at = match.end()
    return "".join((*parts, text[done:]))


def _english(match: re.Match[str]) -> str | None:
    """The word before a name, with the mark; None: the name is meant as a word."""
    name, word = match["name"].lower(), match["word"]
    rest = match.string[match.end() :]
    before = match.string[: match.start("name")][-_NEAR:]
    if _IS_DETERMINER.fullmatch(word) or _NOT_BEFORE.match(rest) or _MENTIONED.search(before):
        return None
    if name == "period" and (not _ENDS.match(rest) or _TIME.search(before)):
        return None
    sign = _ENGLISH[name]
    if "\n" in sign:
        return word + _mark_behind(match) + sign
    if "\u3400" <= word[-1] <= "\u9fff":
        return word + _FULL_WIDTH[sign]
    return word + sign + (" " if rest else "")


def _mark_behind(match: re.Match[str]) -> str:
    """The mark that the recogniser wrote after the previous word."""
    mark = match["before"].removeprefix(match["word"]).strip()
    return mark if mark == "." else ""


def _chinese(match: re.Match[str]) -> str:
    before = match.string[: match.start()].rstrip()
    if before.endswith("的") and not before.endswith(_ANSWERS):
        return match[0]
    return _CHINESE[match["name"]]
