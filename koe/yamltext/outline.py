"""What a YAML text means, in a form that can be compared: the check on every edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from koe.yamltext.document import ALIAS, MAPPING, SCALAR, SEQUENCE, Part
from koe.yamltext.scalars import resolve

if TYPE_CHECKING:
    from koe.yamltext.scalars import Value

Outline = tuple[object, ...]
"""Kind, tag, and what is in it. Comments, order of bytes, quotes and anchors are not."""


@dataclass(frozen=True, slots=True)
class Change:
    """What the result of an edit must differ in, and in nothing else.

    Attributes:
        whole: What the whole file is to mean, when nothing was in it.
        replaced: A value that gives way.
        by: What comes in its place.
        dropped: A key that goes, with its value.
        section: A mapping that gets one more pair.
        added: That pair.
    """

    whole: Outline | None = None
    replaced: Part | None = None
    by: Outline | None = None
    dropped: Part | None = None
    section: Part | None = None
    added: tuple[Outline, Outline] | None = None


_NO_CHANGE = Change()


def outline_of(part: Part, change: Change = _NO_CHANGE) -> Outline:
    """What a part means, or would mean after ``change``."""
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


def value_outline(value: Value) -> Outline:
    """The outline that a value has once it is written."""
    if isinstance(value, dict):
        pairs = ((value_outline(key), value_outline(item)) for key, item in value.items())
        return MAPPING, None, *pairs
    if isinstance(value, list):
        return SEQUENCE, None, *(value_outline(item) for item in value)
    return SCALAR, None, type(value), repr(value)
