"""Where a setting belongs that stands in a wrong place, and what to do about it."""

from __future__ import annotations

from koe.config.sections import Group, Section
from koe.config.spelling import folded, nearest


def owners(key: str, section: Section) -> list[str]:
    """The groups of a section to which a key belongs that is directly in it."""
    return [
        name
        for name, field in section.declared.items()
        if isinstance(field, Group) and isinstance(field.default, Section)
        if folded(key) in {folded(it.key) for it in field.default.declared.values()}
    ]


def hint_at(key: str, section: Section) -> str:
    """What to do about a key that is no setting of a section."""
    # Only a mistake needs it.
    from koe.yamltext.slips import slip_in_key

    known = [field.key for field in section.declared.values()]
    if slip := slip_in_key(key):
        return slip
    if near := nearest(key, known):
        return f"did you mean {near}?"
    group, dot, rest = key.partition(".")
    if dot and group in known:
        return f"write {rest}: indented in a line below {group}:"
    found = [section.declared[name].key for name in owners(key, section)]
    if len(found) == 1:
        return f"it belongs to {found[0]}: indent it below {found[0]}:"
    return "ignoring it"
