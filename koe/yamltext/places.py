"""Positions of settings in a YAML text, and positions where settings can be inserted.

They are right for the usual ways of writing settings; `koe.yamltext.edit` detects when a text is
written in another way.
"""

from __future__ import annotations

import re

from koe.yamltext.document import MAPPING, Document, Part
from koe.yamltext.scalars import resolve

Splice = tuple[int, int, str]
"""Start and end of the removed text, and the text that replaces it."""
Pair = tuple[Part, Part]
"""A key and its value."""

INDENT = 2
"""Spaces per level; shells that scan the file rely on it (spec abi §6.4)."""

LINE_END = re.compile(r"\r\n|\n|\r")
_COMMENT = re.compile(r"( *)#[^\r\n]*")
_BLANK = re.compile(r"[ \t]*(?=[\r\n])")


def pair_of(section: Part, key: str) -> Pair | None:
    """The last entry of a mapping with this key; None if there is none."""
    if section.kind == MAPPING:
        for name, value in reversed(section.pairs_of(key)):
            # A key must be text: its text resolves to itself, not to a number or the like.
            if resolve(name.resolved) == key:
                return name, value
    return None


def column_of(document: Document, part: Part) -> int:
    before = document.text[: part.start]
    return part.start - max(before.rfind("\n"), before.rfind("\r")) - 1


def column_below(document: Document, pair: Pair) -> int:
    """The column of the keys of a section, or of the first key in an empty one."""
    key, value = pair
    if value.kind == MAPPING and not value.is_flow:
        return column_of(document, value.items[0])
    return column_of(document, key) + INDENT


def line_end(document: Document) -> str:
    found = LINE_END.search(document.text)
    return found[0] if found else "\n"


def line_stop(text: str, offset: int) -> int:
    """The end of the line that contains ``offset``, before its line end."""
    found = LINE_END.search(text, offset)
    return found.start() if found else len(text)


def _is_line_start(text: str, offset: int) -> bool:
    return offset == 0 or text[offset - 1] in "\r\n"


def extent(document: Document, pair: Pair) -> tuple[int, int]:
    """The lines of a setting in block style, including the last line end."""
    key, value = pair
    start, end = key.start - column_of(document, key), value.end
    if end == start or not _is_line_start(document.text, end):
        stop = LINE_END.search(document.text, end)
        end = stop.end() if stop else len(document.text)
    return start, end


def flow_extent(section: Part, pair: Pair) -> tuple[int, int]:
    """A setting in braces, with the comma before or after it."""
    index = section.items.index(pair[0])
    if index + 2 < len(section.items):
        return pair[0].start, section.items[index + 2].start
    return section.items[index - 1].end if index else section.start + 1, pair[1].end


def comments_above(document: Document, start: int, column: int) -> int:
    """The start of the comment lines that end at ``start`` and are indented to ``column``."""
    lines = document.text[:start].splitlines(keepends=True)
    while lines and (found := _COMMENT.fullmatch(lines[-1].rstrip("\r\n"))):
        if len(found[1]) != column:
            break
        start -= len(lines.pop())
    return start


def at_end(document: Document, section: Part, lines: list[str]) -> Splice:
    """Add lines to a section in block style, after the comments inside the section."""
    text, end = document.text, line_end(document)
    last, column = section.items[-1].end, column_of(document, section.items[0])
    if last and _is_line_start(text, last) and section.items[-1].start != last:
        return last, last, "".join(line + end for line in lines)
    stop = probe = line_stop(text, last)
    while found := LINE_END.match(text, probe):
        line = found.end()
        if comment := _COMMENT.match(text, line):
            if len(comment[1]) < column:
                break
            stop = probe = comment.end()
        elif blank := _BLANK.match(text, line):
            probe = blank.end()
        else:
            break
    final = end if stop == len(text) else ""
    return stop, stop, "".join(end + line for line in lines) + final


def shifted(line: str, by: int) -> str:
    if by >= 0:
        return " " * by + line if line.strip() else line
    return line[min(-by, len(line) - len(line.lstrip(" "))) :]
