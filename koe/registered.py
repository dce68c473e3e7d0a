"""C functions that the host process has registered, for engines to call.

In a host whose linker drops or hides functions that are not called, looking them up would fail.
"""

from __future__ import annotations

from collections.abc import Callable

Lookup = Callable[[str, str], int]


def _find_nothing(engine: str, function: str) -> int:
    return 0


_lookup: Lookup = _find_nothing


def set_lookup(lookup: Lookup) -> None:
    """Set the function that finds the address of an engine's function; it returns 0 for none."""
    global _lookup
    _lookup = lookup


def address_of(engine: str, function: str) -> int:
    """Return the address of an engine's function; 0: the host has not registered it."""
    return _lookup(engine, function)
