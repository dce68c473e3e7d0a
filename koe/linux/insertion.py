"""Texts into windows: tries what `koe.linux.delivery` decides."""

from __future__ import annotations

from dataclasses import dataclass

from koe.linux.delivery import Delivered, Window, lost


@dataclass(frozen=True, slots=True)
class Target:
    """Where a text belongs.

    Attributes:
        window: The one that had the focus at the press; None: it is not known.
    """

    window: Window | None = None


class Insertion:
    """Inserts texts, one at a time."""

    def aim(self) -> Target:
        """Note where a text that is about to be spoken belongs."""
        return Target()

    async def insert(self, text: str, target: Target) -> Delivered:
        """Hand over a text in the surest way that there is; never raises."""
        return lost("no desktop was found")
