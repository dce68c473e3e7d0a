"""Which key was meant by one that there is not."""

from __future__ import annotations

from collections.abc import Iterable

# What editors, word processors and other programs put around or into a key.
_STRAY = "\"'`“”„‟‘’‚‛«»「」＂＇\ufeff\u200b：:=,， \t\u00a0\u3000"
_JOINTS = str.maketrans("", "", "-_ .")

_OPPOSITES = {"disabled": "enabled", "disable": "enabled"}

# As alike as `provdier` and `provider`; `model` and `mode` are too, `url` and `api_key` are not.
_ALIKE = 0.75


def folded(key: str) -> str:
    """A key without case, hyphens and what does not belong to it: ``api-Key`` is ``apikey``."""
    return key.strip(_STRAY).casefold().translate(_JOINTS)


def nearest(key: str, known: Iterable[str]) -> str:
    """The known key that was meant; "" when none is near."""
    by_fold = {folded(it): it for it in known}
    wanted = _OPPOSITES.get(folded(key), folded(key))
    if wanted in by_fold:
        return by_fold[wanted]
    for fold, found in by_fold.items():
        if sorted(fold) == sorted(wanted):  # too short to be alike with two letters exchanged
            return found
    # Only a mistake needs it.
    from difflib import get_close_matches

    near = get_close_matches(wanted, by_fold, n=1, cutoff=_ALIKE)
    return by_fold[near[0]] if near else ""
