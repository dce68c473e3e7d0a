"""Unknown keys and names: what was probably meant, and its place."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from koe.config.sections import Group, Section

# Characters that editors and word processors put around or into a key.
_STRAY = "\"'`“”„‟‘’‚‛«»「」＂＇\ufeff\u200b：:=,， \t\u00a0\u3000"
_JOINTS = str.maketrans("", "", "-_ .")

_OPPOSITES = {"disabled": "enabled", "disable": "enabled"}

# The least similarity of a misspelled key and the key that was meant. `provdier` and `provider`
# reach it, and `model` and `mode`; `url` and `api_key` do not.
_ALIKE = 0.75
# A key of three letters may have one wrong letter.
_SHORT, _ALIKE_IF_SHORT = 3, 0.65


# The known keys are compared with each unknown one.
@lru_cache(maxsize=1024)
def folded(key: str) -> str:
    """A key without case, hyphens and foreign characters: ``api-Key`` becomes ``apikey``."""
    return key.strip(_STRAY).casefold().translate(_JOINTS)


def nearest(key: str, known: Iterable[str]) -> str:
    """The most similar known key; "" if none is similar enough."""
    by_fold = {folded(it): it for it in known}
    wanted = _OPPOSITES.get(folded(key), folded(key))
    if wanted in by_fold:
        return by_fold[wanted]
    for fold, found in by_fold.items():
        if sorted(fold) == sorted(wanted):  # exchanged letters in a short key
            return found
    # Imported only after a mistake.
    from difflib import get_close_matches

    cutoff = _ALIKE if len(wanted) > _SHORT else _ALIKE_IF_SHORT
    near = get_close_matches(wanted, by_fold, n=1, cutoff=cutoff)
    return by_fold[near[0]] if near else ""


def alternatives(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the name that was probably meant, or all."""
    names = list(known)
    if near := nearest(name, names):
        return f" (did you mean {near}?)"
    return f" (choose from: {', '.join(names)})" if names else " (there are none)"


def owners(key: str, section: Section) -> list[str]:
    """The groups of a section that have this key, which stands directly in the section."""
    return [
        name
        for name, field in section.declared.items()
        if isinstance(field, Group) and isinstance(field.default, Section)
        if folded(key) in {folded(it.key) for it in field.default.declared.values()}
    ]


def hint_at(key: str, section: Section) -> str:
    """The remedy for a key that is not a setting of a section."""
    # Imported only after a mistake.
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
