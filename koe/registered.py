"""C functions that the host process has registered; a place below engines, which call them.

A host whose linker drops what is not called, or that hides it, can't have its functions looked up.
"""

from __future__ import annotations

from collections.abc import Callable

Lookup = Callable[[str, str], int]


def _find_nothing(engine: str, function: str) -> int:
    return 0


_lookup: Lookup = _find_nothing


def set_lookup(lookup: Lookup) -> None:
    """Say how the address of a function of an engine is found; 0 where there is none."""
    global _lookup
    _lookup = lookup


def address_of(engine: str, function: str) -> int:
    """Return where a function of an engine is, or 0: the host has not registered it."""
    return _lookup(engine, function)
