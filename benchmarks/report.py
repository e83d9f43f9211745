"""The table of a comparison, and where it stands in a page. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

START, END = "<!-- comparison -->", "<!-- end of comparison -->"


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one system. The judged set may have been left out."""

    name: str
    kind: str
    version: str
    items_per_second: float
    settling_seconds: float
    one_client: Mapping[str, float]  # as latency.Latencies
    many_clients: Mapping[str, float]
    memory_mb: Mapping[str, float]  # by part
    ndcg: float | None = None
    ndcg_low: float = 0.0
    ndcg_high: float = 0.0


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """A system that could not be installed or run here."""

    name: str
    reason: str


def table(results: Sequence[Figures | NotMeasured]) -> str:
    """A column for each system that was measured, and a line below for each that was not."""
    measured = [one for one in results if isinstance(one, Figures)]
    parts = []
    if measured:
        head = ["", *(f"{one.name} {one.version}" for one in measured)]
        rows = [head, ["---"] * len(head), *([label, *map(show, measured)] for label, show in ROWS)]
        parts.append("\n".join(f"| {' | '.join(row)} |" for row in rows).replace("|  |", "| |"))
    parts += [f"{one.name} was not measured: {one.reason}" for one in results if isinstance(one, NotMeasured)]
    return "\n\n".join(parts)


def put_between_marks(page: str, content: str) -> str:
    """The page with what stands between its two marks replaced. Raises ValueError where it lacks them."""
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"The page has no {START} followed by {END}.")
    return f"{before}{START}\n\n{content}\n\n{END}{after}"


def _memory(one: Figures) -> str:
    parts = " + ".join(f"{name} {size:,.0f}" for name, size in one.memory_mb.items())
    return parts if len(one.memory_mb) > 1 else f"{sum(one.memory_mb.values()):,.0f}"


def _ndcg(one: Figures) -> str:
    return "" if one.ndcg is None else f"{one.ndcg:.3f} ({one.ndcg_low:.3f}–{one.ndcg_high:.3f})"


def _milliseconds(percentile: str) -> Callable[[Figures], str]:
    return lambda one: f"{one.one_client[percentile]:.1f}"


ROWS: tuple[tuple[str, Callable[[Figures], str]], ...] = (
    ("search", lambda one: one.kind),
    ("items indexed a second", lambda one: f"{one.items_per_second:,.0f}"),
    ("busy after that, s", lambda one: f"{one.settling_seconds:.0f}"),
    ("p50 at one client, ms", _milliseconds("p50_ms")),
    ("p95", _milliseconds("p95_ms")),
    ("p99", _milliseconds("p99_ms")),
    ("requests a second at eight clients", lambda one: f"{one.many_clients['per_second']:,.0f}"),
    ("memory, MB", _memory),
    ("nDCG@10 on the judged set (95 %)", _ndcg),
)
