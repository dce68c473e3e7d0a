"""The figures of bench.llm as one picture, in SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 960, 440
# Of one panel: its left edge, and its size.
PANELS = (70, 560)
PANEL_WIDTH, PANEL_HEIGHT = 360, 270
TOP = 50
COLOURS = ("#c0392b", "#2471a3", "#1e8449")

Points = Sequence[tuple[float, float]]


class Panel:
    """A pair of axes, from 0 on.

    Args:
        left: Its left edge.
        title: Above it.
        x_axis: What x is.
        reach: Where x and y begin and end.
        steps: The distance of the marks on x and y.
    """

    def __init__(
        self,
        left: float,
        title: str,
        x_axis: str,
        reach: tuple[float, float, float, float],
        steps: tuple[float, float],
    ) -> None:
        self._left = left
        self._reach = reach
        bottom, right = TOP + PANEL_HEIGHT, left + PANEL_WIDTH
        self.parts = [
            _text(left, TOP - 18, title, "font-weight='bold'"),
            _text(right, bottom + 38, x_axis, "text-anchor='end'"),
        ]
        low_x, high_x, low_y, high_y = reach
        for mark in _marks(low_x, high_x, steps[0]):
            x, _ = self._place(mark, low_y)
            self.parts.append(_line([(x, TOP), (x, bottom)], "#dddddd", 1))
            self.parts.append(_text(x, bottom + 18, f"{mark:g}", "text-anchor='middle'"))
        for mark in _marks(low_y, high_y, steps[1]):
            _, y = self._place(low_x, mark)
            self.parts.append(_line([(left, y), (right, y)], "#dddddd", 1))
            self.parts.append(_text(left - 8, y + 4, f"{mark:g}", "text-anchor='end'"))

    def curve(self, points: Points, colour: str) -> None:
        """Add a curve."""
        self.parts.append(_line([self._place(*point) for point in points], colour, 2))

    def _place(self, x: float, y: float) -> tuple[float, float]:
        low_x, high_x, low_y, high_y = self._reach
        across = (x - low_x) / (high_x - low_x)
        up = (y - low_y) / (high_y - low_y)
        return self._left + PANEL_WIDTH * across, TOP + PANEL_HEIGHT * (1 - up)


def draw(
    names: Mapping[str, str],
    times: Mapping[str, Sequence[float]],
    averages: Mapping[str, Points],
) -> str:
    """Draw how the times of requests are distributed, and averages over round trips.

    Args:
        names: What to call each way of asking.
        times: Of each way, in seconds.
        averages: Of each way: round trip and average, in seconds, by round trip.
    """
    every = [time for values in times.values() for time in values]
    low, high = min(every) // 0.2 * 0.2, (max(every) // 0.2 + 1) * 0.2
    left = Panel(
        PANELS[0],
        "Percent of the requests that took no longer",
        "seconds",
        (low, high, 0, 100),
        (0.2, 25),
    )
    highest = max(average for points in averages.values() for _, average in points)
    right = Panel(
        PANELS[1],
        "Average in seconds, by round trip",
        "milliseconds",
        (0, 260, 0, (highest // 0.5 + 1) * 0.5),
        (50, 0.5),
    )
    parts = []
    for index, (name, label) in enumerate(names.items()):
        colour = COLOURS[index]
        left.curve(_distribution(times[name]), colour)
        right.curve([(1e3 * trip, average) for trip, average in averages[name]], colour)
        y = TOP + PANEL_HEIGHT + 62 + 18 * index
        parts += [_line([(PANELS[0], y - 4), (PANELS[0] + 24, y - 4)], colour, 3)]
        parts += [_text(PANELS[0] + 32, y, label)]
    body = "\n".join([*left.parts, *right.parts, *parts])
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' "
        f"font-family='sans-serif' font-size='13'>\n"
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='white'/>\n{body}\n</svg>\n"
    )


def _distribution(times: Sequence[float]) -> Points:
    points: list[tuple[float, float]] = []
    share = 0.0
    for rank, time in enumerate(sorted(times), start=1):
        points.append((time, share))
        share = 100 * rank / len(times)
        points.append((time, share))
    return points


def _marks(low: float, high: float, step: float) -> list[float]:
    return [round(low + index * step, 6) for index in range(int((high - low) / step + 1.001))]


def _line(points: Points, colour: str, width: int) -> str:
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f"<polyline points='{places}' fill='none' stroke='{colour}' stroke-width='{width}'/>"


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' {style}>{escape(text)}</text>"
