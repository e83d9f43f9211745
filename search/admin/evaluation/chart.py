"""Small line charts as inline SVG, which need no script and no style attribute. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 560, 140, 16


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: its points as SVG wants them, and its newest value."""

    name: str
    points: str
    ends: tuple[tuple[float, float], ...]
    newest: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over the same steps, scaled to the smallest and largest value among them."""

    title: str
    lowest: float
    highest: float
    lines: tuple[Line, ...]
    width: int = WIDTH
    height: int = HEIGHT


def draw(title: str, series: Mapping[str, Sequence[float | None]]) -> Chart:
    """The chart of the series, oldest value first; None leaves a step out. A series without a value has no line."""
    values = [value for row in series.values() for value in row if value is not None]
    lowest, highest = (min(values), max(values)) if values else (0.0, 1.0)
    lines = tuple(_line(name, row, lowest, highest) for name, row in series.items() if any(v is not None for v in row))
    return Chart(title, lowest, highest, lines)


def _line(name: str, row: Sequence[float | None], lowest: float, highest: float) -> Line:
    step = (WIDTH - 2 * MARGIN) / max(len(row) - 1, 1)
    scale = (HEIGHT - 2 * MARGIN) / ((highest - lowest) or 1)
    ends = tuple(
        (round(MARGIN + n * step, 1), round(HEIGHT - MARGIN - (value - lowest) * scale, 1))
        for n, value in enumerate(row)
        if value is not None
    )
    newest = next(value for value in reversed(row) if value is not None)
    return Line(name, " ".join(f"{x},{y}" for x, y in ends), ends, newest)
