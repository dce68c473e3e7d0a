"""Common mistakes in YAML that was written by hand, with messages that name them.

A parser reports where it could not continue, which is often lines below the mistake, in terms for
authors of parsers. This module recognises the mistakes themselves. No message repeats a value,
which may be a secret key: messages show only names of settings, and single characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from koe.yamltext.tree import Mapping, Node, Scalar, Sequence

# Quotes that programs put in the place of typed quotes; and these with all other quotes that may
# stand around a value by mistake.
_CURLY_TYPED = "“”„‟‘’‚‛＂＇"
_CURLY = "“”„‟‘’‚‛«»「」＂＇"

# The form of a setting's name; a key or password is unlikely to have it.
_NAME = r"[A-Za-z][A-Za-z_]*|apple-speech|sherpa-onnx"
_HEAD = rf"\s*(?:- +)*[\"'“”]?(?P<name>{_NAME})[\"'“”]?"

_FULL_WIDTH_COLON = re.compile(rf"{_HEAD}\s*：")
_NO_SPACE = re.compile(rf"{_HEAD}:(?![\s:/：]|$)")
_EQUALS = re.compile(rf"{_HEAD}\s*:?=")
_KEY = r"""[^\s:#"'{\[][^:#]*?|"[^"]*"|'[^']*'"""
_SETTING = re.compile(rf"(?:- +)*(?:{_KEY}) *:(?:[ \t]+(?P<value>.*)|$)")
_ITEM = re.compile(r"(?:- +)+(?P<value>.*)")

# Spaces from other programs and scripts; YAML does not treat them as spaces.
_STRANGE = r"(?P<space>[\u00a0\u2000-\u200b\u202f\u3000\ufeff])"
_INVISIBLE = "\u200b\ufeff"
_STRANGE_SPACE = re.compile(rf"\s*(?:[^\s#:]+ *:\s*)?{_STRANGE}")

_CONFLICT = re.compile(r"<{7}|={7}|>{7}")
_NO_COMMENT = re.compile(r"\s*(?P<mark>//|/\*|＃|;|--(?!-))")
_NO_DASH = re.compile(r"\s*(?P<mark>[－–—•]) ")
_NO_SPACE_AFTER_DASH = re.compile(rf" *-(?:{_NAME}):")

_OPENS_TEXT = re.compile(r"(?:^|[:\-] +)(?:[!&]\S+ +)*[|>][-+0-9]*\s*(?:#.*)?$")
_BEHIND = re.compile(r"\s*(?:$|\s#|[,\]}:])")
_DOUBLE_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_SINGLE_QUOTED = re.compile(r"'(?:[^']|'')*'")
_ESCAPE = r"""\\(?:[0abtnvfre \t"/\\N_LP]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})"""
_NO_ESCAPE = re.compile(rf"(?:[^\\]|{_ESCAPE})*+\\.")

_WORDS = re.compile(rf"(?:{_NAME})[;,]?(?: +[^:]*)?")

# The result of parsing a path such as "C:\new" in double quotes.
_ESCAPED_PATH = re.compile(r"(?:[A-Za-z]:|\\)[^\n]*?[\x00-\x1f\x85\xa0]")

_BACKSLASH = (
    "a backslash in double quotes begins an escape; put the text in single quotes, as in 'C:\\new'"
)


_NO_COLON = "a colon is missing in this line, after the name of the"


class Slip(NamedTuple):
    """A mistake.

    Attributes:
        line: The number of the line, from 1.
        message: The mistake and its remedy, as a clause.
    """

    line: int
    message: str


# --- in a text that can't be parsed --------------------------------------------------------


def find_slip(text: str, stop: int) -> Slip | None:
    """The mistake that stopped a parser; None if it is not a common one.

    Args:
        text: The whole text.
        stop: The line where the parser stopped, from 1.
    """
    lines = [it for it in _structure(text) if it[0] <= stop]
    # A mistake in the line where the parser stopped is the cause; an earlier one may be.
    for number, line in (*lines[-1:], *lines):
        is_cause = number == stop
        message = _in_marks(line) or _in_value(line, is_cause=is_cause)
        if message and (is_cause or number < stop):
            return Slip(number, message)
    return _in_indentation(lines) or _missing_colon(lines, stop)


def _structure(text: str) -> Iterator[tuple[int, str]]:
    """The numbered lines without blank lines, comments and the content of block scalars."""
    within: int | None = None  # the indentation of the setting with the current block scalar
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        content = line.lstrip(" ")
        if not content.strip() or content[0] == "#":
            continue
        indent = len(line) - len(content)
        if within is not None and indent > within:
            continue
        within = indent if _OPENS_TEXT.search(content) else None
        yield number, line


def _in_marks(line: str) -> str:
    """The mistake in spaces, comment marks, dashes or colons; "" if there is none."""
    indentation = line[: len(line) - len(line.lstrip())]
    if "\t" in indentation:
        return "a tab stands at the start of the line; use spaces there"
    if message := _in_spaces(line):
        return message
    if _CONFLICT.match(line):
        return "this is the mark of a merge conflict; keep one of its sides"
    if line.rstrip() == "...":
        return "this line ends the settings, and more of them follow; delete it"
    if _NO_SPACE_AFTER_DASH.match(line):
        return "a space is missing after -; add it"
    if found := _NO_COMMENT.match(line):
        return f"a comment begins with #, not with {found['mark']}; correct it"
    if found := _NO_DASH.match(line):
        return f"{found['mark']} stands where - belongs; correct it"
    return _in_colon(line)


def _in_spaces(line: str) -> str:
    if found := _STRANGE_SPACE.match(line):
        code = f"U+{ord(found['space']):04X}"
        if found["space"] in _INVISIBLE:
            return f"an invisible character ({code}) stands here; delete it"
        return f"a character that only looks like a space ({code}) stands here; use a space"
    return ""


def _in_colon(line: str) -> str:
    if _FULL_WIDTH_COLON.match(line):
        return "a full-width colon ： stands where : and a space belong; correct it"
    if found := _NO_SPACE.match(line):
        return f"a space is missing after `{found['name']}:`; add it"
    if found := _EQUALS.match(line):
        return f"= stands where : and a space belong, after {found['name']}; correct it"
    return ""


def _in_value(line: str, *, is_cause: bool) -> str:
    """The mistake in a value, or in an item of a list; "" if there is none."""
    content = line.strip()
    found = _SETTING.fullmatch(content) or _ITEM.fullmatch(content)
    value = (found["value"] or "") if found else content
    if not value:
        return ""
    if value[0] in "\"'":
        return _in_quotes(value)
    if value[0] in "%@`,}]" or value.startswith(("? ", "- ")):
        return _needs_quotes(value[0])
    if value[0] in "{[" and not _is_closed(value):
        return f"the {value[0]} here is not closed; close it, or put quotes around the whole text"
    if is_cause and value[0] in "*&!|>":
        return _needs_quotes(value[0])
    if is_cause and found and (": " in value or value.endswith(":")):
        return "a second colon stands in this line: put quotes around the text, or begin a new line"
    return ""


def _needs_quotes(first: str) -> str:
    return f"a text that begins with {first} needs quotes around it, as in '{first}text'; add them"


def _in_quotes(value: str) -> str:
    quote = value[0]
    pattern = _DOUBLE_QUOTED if quote == '"' else _SINGLE_QUOTED
    found = pattern.match(value)
    if quote == '"' and _NO_ESCAPE.match(found[0] if found else value):
        return _BACKSLASH
    if not found:
        return f"the quote {quote} that opens here is not closed; close it"
    if _BEHIND.match(value, found.end()):
        return ""
    doubled = "''" if quote == "'" else '\\"'
    return f"text follows the closing quote {quote}; write a quote inside a text as {doubled}"


def _is_closed(value: str) -> bool:
    return all(value.count(one) == value.count(other) for one, other in ("{}", "[]"))


def _in_indentation(lines: list[tuple[int, str]]) -> Slip | None:
    """The line whose indentation does not match the lines above it; None if all match."""
    starts: list[int] = []  # the indentations of the open groups, outermost first
    above, takes_more, is_setting = 0, True, True
    for number, line in lines:
        content = line.lstrip(" ")
        indent = len(line) - len(content)
        found = _SETTING.fullmatch(content.rstrip())
        if starts and indent > starts[-1] and not takes_more and found and not is_setting:
            return Slip(above, f"{_NO_COLON} group; add it")
        if starts and indent > starts[-1] and not takes_more and found:
            reason = f"line {above} has a value, so nothing belongs below it"
            return Slip(number, f"this is indented too far: {reason}; indent both lines equally")
        while starts and indent < starts[-1]:
            starts.pop()
            if not starts or starts[-1] < indent:
                return Slip(
                    number, "this indentation matches no line above; indent it like its group"
                )
        if not starts or indent > starts[-1]:
            starts.append(indent)
        marks = re.match(r"(?:- +)*", content)
        if marks and marks.end():
            starts.append(indent + marks.end())
        value = ((found["value"] if found else "") or "").partition(" #")[0].strip()
        above, takes_more = number, not value if found else content.startswith("- ")
        is_setting = found is not None or content.startswith("-")
    return None


def _missing_colon(lines: list[tuple[int, str]], stop: int) -> Slip | None:
    for number, line in lines[-2:]:
        if number >= stop - 1 and _WORDS.fullmatch(line.strip()):
            opening = [above for above, it in lines if above < number and _OPENS_TEXT.search(it)]
            if opening and opening[-1] == max(it for it, _ in lines if it < number):
                return Slip(number, f"the text of line {opening[-1]} begins here; indent it more")
            return Slip(number, f"{_NO_COLON} setting; add it")
    return None


# --- in a text that means something else ---------------------------------------------------


def slip_in_group(node: Node, line: int) -> str:
    """Why a value is not a group of settings; "" if no common mistake explains it.

    Args:
        node: The value.
        line: The line of its key, or of ``node`` itself if it has none.
    """
    if isinstance(node, Sequence) and any(isinstance(item, Mapping) for item in node.items):
        return "expected a group of indented settings, not a list; remove each '- '"
    if not isinstance(node, Scalar) or not node.is_plain:
        return ""
    if slip := _in_spaces(node.written) or _in_colon(node.written):
        return slip
    is_setting = node.line > line and " " in node.written and _WORDS.fullmatch(node.written)
    return f"{_NO_COLON} setting; add it" if is_setting else ""


def slip_in_key(key: str) -> str:
    """The mistake in an unknown key; "" if the key is only unknown."""
    if key[:1] in _CURLY and key:
        return "curly quotes are part of the key; remove them"
    if found := _NO_SPACE.match(key):
        return f"a space is missing after `{found['name']}:`; add it"
    return _in_spaces(key)


def slip_in_value(node: Scalar) -> str:
    """The mistake in a text that is usable as it is; "" if there is none."""
    written = node.written.strip()
    is_quoted = len(written) > 1 and written[0] in _CURLY and written[-1] in _CURLY
    if is_quoted or (node.is_plain and written[0] in _CURLY_TYPED):
        return 'curly quotes are part of the text; use "'
    if not node.is_plain and _ESCAPED_PATH.match(written):
        return _BACKSLASH
    return ""
