"""What a crowd saw, in figures. Pure."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, as its sender saw it."""

    at: float
    name: str
    status: int  # 0 where no answer came
    milliseconds: float
    says_when: bool  # whether a refusal says when to come back

    @property
    def is_shed(self) -> bool:
        return self.status == 503 and self.says_when

    @property
    def is_answered(self) -> bool:
        return 200 <= self.status < 300


def told(crowd: Sequence[Seen]) -> dict[str, Any]:
    """How many were answered, refused and lost, and how long those that were answered took."""
    lost = Counter(f"{one.name}: {one.status}" for one in crowd if not one.is_answered and not one.is_shed)
    p50, p95, p99 = percentiles(crowd)
    return {
        "requests": len(crowd),
        "answered": share(one.is_answered for one in crowd),
        "shed_with_retry_after": share(one.is_shed for one in crowd),
        "errors": dict(lost),
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99,
        "by_kind": {name: percentiles([one for one in crowd if one.name == name]) for name in names(crowd)},
    }


def names(crowd: Sequence[Seen]) -> list[str]:
    return sorted({one.name for one in crowd})


def percentiles(crowd: Sequence[Seen]) -> tuple[float, float, float]:
    """p50, p95 and p99 in milliseconds of what was answered."""
    taken = [one.milliseconds for one in crowd if one.is_answered]
    if len(taken) < 2:
        return (0.0, 0.0, 0.0)
    hundredths = statistics.quantiles(taken, n=100)
    return round(hundredths[49], 1), round(hundredths[94], 1), round(hundredths[98], 1)


def share(which: Iterable[bool]) -> float:
    found = list(which)
    return round(sum(found) / max(len(found), 1), 4)


def seconds_until_as_before(crowd: Sequence[Seen], seconds: int) -> int:
    """The end of the last second of the first half in which something was refused, lost, or took three times as long
    as the second half's p95."""
    started = min(one.at for one in crowd)
    usual = percentiles([one for one in crowd if one.at > started + seconds / 2])[1]
    bad = [int(one.at - started) for one in crowd if not one.is_answered or one.milliseconds > 3 * usual]
    return max((second + 1 for second in bad if second < seconds / 2), default=0)
