"""Remove wrappings of an answer: JSON, code fences, tags, quotes, Markdown. Pure.

Each function returns the text unchanged if it has no such wrapping, or if the user dictated it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from koe.answers.heard import Heard
from koe.json_text import parse_json

_FENCE = re.compile(
    r"(?P<fence>`{3,}|~{3,})(?P<name>[^\n`~]*\n)?(?P<text>.*?)(?:(?P=fence)|\Z)", re.DOTALL
)
_CODE = re.compile(r"(?P<tick>`{1,2})(?P<text>[^`]+)(?P=tick)", re.DOTALL)
_TAG = re.compile(
    r"[<\[](?P<name>[^\W\d][\w:.-]{0,40})(?:\s[^<>\n]*)?[>\]](?P<text>.*?)[<\[]/(?P=name)\s*[>\]]",
    re.DOTALL,
)
_CDATA = re.compile(r"<!\[CDATA\[(?P<text>.*?)\]\]>", re.DOTALL)
_FIRST_TAG = re.compile(r"<[^\W\d][\w:.-]{0,40}(?:\s[^<>\n]*)?>\s*")
_LAST_TAG = re.compile(r"\s*</[^\W\d][\w:.-]{0,40}\s*>$")
_BROKEN_JSON = re.compile(
    r"""\{\s*["'“]?\w+["'”]?\s*[:：]\s*["'“](?P<text>.*)["'”]\s*,?\s*\}""", re.DOTALL
)
_COMMAND = re.compile(r"\$*\\(?:boxed|text(?:bf|it|tt)?)\{(?P<text>.*)\}\$*", re.DOTALL)
_ENTITY = re.compile(r"&(?:#\d{1,5}|#x[0-9a-f]{1,5}|quot|apos|amp|lt|gt|nbsp);", re.IGNORECASE)

_QUOTES = (
    ('"', '"'), ("“", "”"), ("”", "”"), ("„", "“"), ("„", "”"), ("'", "'"), ("‘", "’"), ("‚", "‘"),
    ("«", "»"), ("»", "«"), ("‹", "›"), ("「", "」"), ("『", "』"), ("﹁", "﹂"), ("〝", "〞"),
    ("＂", "＂"), ("''", "''"), ("``", "''"), ('""', '""'), ("“", '"'), ('"', "”"),
)  # fmt: skip
# These quotes mark the title of a work, so they stay unless a sentence is between them.
_OF_TITLES = ("《", "》")
_OPENINGS = {opening[0] for opening, _ in (*_QUOTES, _OF_TITLES)}
# A quote at the beginning or the end of a text, except the sign for inches after a number.
_LONE_QUOTE = re.compile(r'\A["“„«「『]\s*|(?<!\d)\s*["”»」』]\Z')
_ALL_QUOTES = '"“”„‘‚«»‹›「」『』﹁﹂〝〞＂'
_FIRST_QUOTE = re.compile(r'\A[^"“”„»›」』]*(?:[“„«‹「『]|(?<!\w)")')
_ENDS = ".。!！?？"

_EMPHASIS = re.compile(
    r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*\n]*[^\s*])\1(?![\w*])|\*\*(?=[^\s*])([^*\n]*[^\s*])\*\*"
)
_UNDERLINED = re.compile(r"(_{1,3})(?=[^\s_])(.*[^\s_])\1", re.DOTALL)
# Words that the model has struck out.
_STRUCK = re.compile(r"~~(?=\S)[^~\n]*~~[ \t]*")
# The same signs on both sides, or lines of them above and below.
_RULED = re.compile(
    r"([=+|~]{1,3}|-{3}|\*{3})[ \t]*([^=+|~*\n]*[^\s=+|~*-])[ \t]*\1"
    r"|([-=*_])\3{2,}\n(.+)\n\3{3,}",
    re.DOTALL,
)
_LINE_MARK = re.compile(r"(?m)^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?)")
# Brackets around a whole text that are neither JSON nor a tag.
_BRACKETED = re.compile(
    r"\((?P<a>[^()]+)\)|（(?P<b>[^（）]+)）|\[{1,2}(?P<c>[^][]+)\]{1,2}|\{{1,2}(?P<d>[^{}]+)\}{1,2}"
    r"|【(?P<e>[^【】]+)】|<{2,3}(?P<f>[^<>]+)>{2,3}"
)
_ESCAPED_QUOTE = re.compile(r"\\(?=[\"'])")
# An emoji, another pictogram or an arrow.
_PICTURE = re.compile(r"[←-⇿⌀-➿⬀-⯿\U0001F300-\U0001FAFF][\ufe0f\U0001F3FB-\U0001F3FF]?")
_PICTURES_AROUND = re.compile(rf"\A{_PICTURE.pattern}\s+|\s*(?:{_PICTURE.pattern}\s*)+\Z")
_BULLET = re.compile(r"(?:[-*•‣]|[0-9]{1,2}[.)])[ \t]+(?=\S)")


def without_json(text: str, heard: Heard) -> str:
    """Take the string of a JSON value that contains most of the transcript."""
    start, end = text.find("{"), text.rfind("}") + 1
    if text[:1] == "[" and text[-1:] == "]":
        start, end = 0, len(text)
    if not 0 <= start < end or heard.has("{", "["):
        return text
    found = [string for string in _strings(_value(text[start:end])) if string.strip()]
    found = [string for string in found if string != heard.text] or found
    best = max(found, key=heard.covered_by, default=text)
    is_all = (start, end) == (0, len(text))
    return best if is_all or heard.is_most_of(best) else text


def _value(text: str) -> object:
    """Parse JSON, or the text of an object with wrong quotes; None if it is neither."""
    try:
        return parse_json(text, str)
    except ValueError:
        broken = _BROKEN_JSON.fullmatch(text)
        return broken["text"].replace('\\"', '"').replace("\\n", "\n") if broken else None


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from _strings(inner)
        case list():
            for inner in value:
                yield from _strings(inner)


def without_fence(text: str, heard: Heard) -> str:
    """Take the text in a code fence, which can be anywhere, or between backticks."""
    if ("`" not in text and "~~~" not in text) or heard.has("`"):
        return text
    for block in _FENCE.finditer(text):
        inner = block["text"]
        if inner.strip() and (heard.is_most_of(inner) or block[0] == text):
            return inner
    code = _CODE.fullmatch(text)
    return code["text"] if code else text


def without_tags(text: str, heard: Heard) -> str:
    """Take the text between a pair of tags, or remove a single tag at one end."""
    if ("<" not in text and "[" not in text) or "<" in heard.text:
        return text
    blocks = [
        block["text"]
        for pattern in (_TAG, _CDATA)
        for block in pattern.finditer(text)
        if heard.is_framed_by(f"{text[: block.start('text')]} {text[block.end('text') :]}", text)
    ]
    if blocks:
        return ([block for block in blocks if block.strip() != heard.text] or blocks)[-1]
    for edge in (_FIRST_TAG.match(text), _LAST_TAG.search(text)):
        if edge and edge[0] != text and not heard.is_said_in(edge[0], text):
            return text[: edge.start()] + text[edge.end() :]
    return text


def without_quotes(text: str, heard: Heard) -> str:
    """Remove quotes of any kind around a text, unless it contains more of these quotes."""
    if text[:1] not in _OPENINGS:
        return text  # a quick exit: most texts begin with no quote
    for opening, closing in (*_QUOTES, _OF_TITLES):
        end = text[-1:] if text[-1:] in _ENDS and not text.endswith(closing) else ""
        body = text.removesuffix(end)
        inner = body[len(opening) : len(body) - len(closing)]
        if body != opening + inner + closing:
            continue
        is_dictated = heard.has(*_ALL_QUOTES) or heard.text.strip().startswith(opening)
        if is_dictated and not (_has_pairs(inner) and not heard.begins_with(*_ALL_QUOTES)):
            return text
        if not is_dictated and _has_quote(inner, opening, closing):
            continue
        if opening in _OF_TITLES and inner[-1:] not in _ENDS:
            return text
        return inner if inner.rstrip()[-1:] in _ENDS else inner + end
    return text


def _has_pairs(text: str) -> bool:
    """Whether a text has an even number of quotes, and the first one is an opening quote."""
    first = _FIRST_QUOTE.search(text)
    return first is not None and sum(map(text.count, _ALL_QUOTES)) % 2 == 0


def _has_quote(text: str, *quotes: str) -> bool:
    return any(
        # Between letters it is an apostrophe.
        re.search(rf"(?<!\w){quote}|{quote}(?!\w)", text) if quote in "'’‘" else quote in text
        for quote in quotes
    )


def without_markdown(text: str, heard: Heard) -> str:
    """Remove the marks of Markdown for emphasis, headings, quotations and rules.

    Words that are struck out are removed, too, and so is a single bullet.
    """
    plain = text
    if "*" in plain and not heard.has("*"):
        plain = _EMPHASIS.sub(lambda match: match[2] or match[3], plain)
    if "_" in plain and not heard.has("_"):
        underlined = _UNDERLINED.fullmatch(plain)
        plain = underlined[2] if underlined else plain
    if "~~" in plain and not heard.has("~"):
        plain = _STRUCK.sub("", plain)
    if ("#" in plain or ">" in plain) and not heard.has("#", ">"):
        plain = _LINE_MARK.sub("", plain)
    ruled = _RULED.fullmatch(plain)
    if ruled and not heard.has((ruled[1] or ruled[3])[0]):
        plain = ruled[2] or ruled[4]
    bullet = _BULLET.match(plain)
    if bullet and "\n" not in plain and not heard.has("-", "*"):
        rest = plain[bullet.end() :]
        plain = plain if heard.is_said_in(bullet[0], plain) else rest
    return plain


def without_lone_quote(text: str, heard: Heard) -> str:
    """Remove a quote at one end of a text if it has no counterpart."""
    if text[:1] not in _ALL_QUOTES and text[-1:] not in _ALL_QUOTES:
        return text  # a quick exit: most texts have no quote at an end
    lone = _LONE_QUOTE.search(text)
    if not lone or sum(map(text.count, _ALL_QUOTES)) > 1 or heard.has(*_ALL_QUOTES):
        return text
    rest = text[: lone.start()] + text[lone.end() :]
    return rest if heard.text and heard.is_most_of(rest) else text


def without_brackets(text: str, heard: Heard) -> str:
    """Remove brackets around a whole text."""
    bracketed = _BRACKETED.fullmatch(text)
    if bracketed is None or heard.has(*"()[]{}<>"):
        return text
    inner = next(filter(None, bracketed.groups()))
    return inner if heard.is_most_of(inner) else text


def without_picture(text: str, heard: Heard) -> str:
    """Remove emoji around a text, if the rest is the whole transcript, which has none."""
    rest = _PICTURES_AROUND.sub("", text)
    if rest in ("", text) or _PICTURE.search(heard.text):
        return text
    return rest if heard.covered_by(rest) >= 1 else text


def without_escapes(text: str, heard: Heard) -> str:
    """Replace quotes that are escaped, as in the source of a program, by plain ones."""
    return text if "\\" not in text or heard.has("\\") else _ESCAPED_QUOTE.sub("", text)


def without_command(text: str, heard: Heard) -> str:
    r"""Take the text in a LaTeX command; models that reason put their result in ``\boxed{}``."""
    command = _COMMAND.fullmatch(text)
    return command["text"] if command and not heard.has("\\") else text


def without_entities(text: str, heard: Heard) -> str:
    """Replace HTML entities by the characters that they stand for."""
    if _ENTITY.search(heard.text):
        return text
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text)
