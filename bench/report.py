"""The report: sections with one table each, as markdown that can be read unrendered too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from statistics import median


@dataclass(frozen=True)
class Section:
    """What one part found.

    Attributes:
        title: The heading.
        method: How it was measured, as far as a reader must know.
        columns: The table's heads.
        rows: The table's cells.
        raw: The figures behind the table, for JSON.
        notes: What the table can't say, a paragraph each.
    """

    title: str
    method: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    raw: object
    notes: Sequence[str] = field(default=())


def spread(values: Sequence[float], scale: float = 1.0, digits: int = 1) -> str:
    """Return the median with the least and the greatest value."""
    low, middle, high = (scale * value for value in (min(values), median(values), max(values)))
    return f"{middle:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least so many percent of them do not exceed."""
    rank = -(-len(values) * percent // 100)
    return sorted(values)[max(0, int(rank) - 1)]


def render(sections: Sequence[Section], failed: Sequence[str]) -> str:
    """Return the whole report."""
    blocks = ["# Benchmarks of koe-core", "Medians with (least–greatest) unless a head says else."]
    for section in sections:
        blocks += [f"## {section.title}", section.method, _table(section), *section.notes]
    if failed:
        blocks.append(f"**Failed:** {', '.join(failed)}.")
    return "\n\n".join(blocks)


def _table(section: Section) -> str:
    columns = list(zip_longest(section.columns, *section.rows, fillvalue=""))
    widths = [max(map(len, column)) for column in columns]

    def line(cells: Sequence[str]) -> str:
        # The first column names the row, the others are figures.
        padded = [cells[0].ljust(widths[0])]
        padded += [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
        return f"| {' | '.join(padded)} |"

    rule = [":" + "-" * (widths[0] - 1)] + ["-" * (width - 1) + ":" for width in widths[1:]]
    return "\n".join([line(section.columns), line(rule), *map(line, section.rows)])
