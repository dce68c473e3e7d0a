"""What was measured, against what is wanted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A number, and the most that it may be."""

    name: str
    value: float
    limit: float
    unit: str = ""
    note: str = ""

    @property
    def is_fine(self) -> bool:
        return self.value <= self.limit

    def __str__(self) -> str:
        verdict = "ok" if self.is_fine else "TOO MUCH"
        note = f" ({self.note})" if self.note else ""
        unit = f" {self.unit}" if self.unit else ""
        return (
            f"{verdict:8} {self.name}: {self.value:.1f}{unit}, at most {self.limit:g}{unit}{note}"
        )
