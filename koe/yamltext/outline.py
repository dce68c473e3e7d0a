"""The meaning of a YAML text, in a comparable form: the check on every edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from koe.yamltext.document import ALIAS, MAPPING, SCALAR, SEQUENCE, Part
from koe.yamltext.scalars import resolve

if TYPE_CHECKING:
    from koe.yamltext.scalars import YamlValue

Outline = tuple[object, ...]
"""Kind, tag and content of a node. Comments, exact bytes, quotes and anchors are left out."""


@dataclass(frozen=True, slots=True)
class Change:
    """The intended difference between the texts before and after an edit.

    Attributes:
        whole: The meaning of the whole new file, if the old one was empty.
        replaced: A value that is replaced.
        by: The value in its place.
        dropped: A key that is removed with its value.
        section: A mapping that gets one more pair.
        added: This pair.
    """

    whole: Outline | None = None
    replaced: Part | None = None
    by: Outline | None = None
    dropped: Part | None = None
    section: Part | None = None
    added: tuple[Outline, Outline] | None = None


_NO_CHANGE = Change()


def outline_of(part: Part, change: Change = _NO_CHANGE) -> Outline:
    """The outline of a part, or the one that it has after ``change``."""
    if part is change.replaced:
        assert change.by
        return change.by
    if part.kind == SCALAR:
        value = resolve(part)
        return SCALAR, part.tag, type(value), repr(value)
    if part.kind == ALIAS:
        target = part.resolved
        return ALIAS, part.anchor, target.kind, target.text
    if part.kind == SEQUENCE:
        return SEQUENCE, part.tag, *(outline_of(item, change) for item in part.items)
    pairs = [
        (outline_of(key, change), outline_of(value, change))
        for key, value in part.pairs()
        if key is not change.dropped
    ]
    if part is change.section and change.added:
        pairs.append(change.added)
    return MAPPING, part.tag, *pairs


def value_outline(value: YamlValue) -> Outline:
    """The outline of a value that is to be written."""
    if isinstance(value, dict):
        pairs = ((value_outline(key), value_outline(item)) for key, item in value.items())
        return MAPPING, None, *pairs
    if isinstance(value, list):
        return SEQUENCE, None, *(value_outline(item) for item in value)
    return SCALAR, None, type(value), repr(value)
