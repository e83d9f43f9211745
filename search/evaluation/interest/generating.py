"""A log of people whose tastes are stated, to try the machinery with. It proves plumbing, not taste. Deterministic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 120
TASTES = (1, 2, 3)  # values that a person likes
STRAYS = 0.15  # of the events, with any item
NEW_TASTE = 0.3  # of the people like something else from some day on

Row = tuple[str, str, str]  # person, item, time


def generate_log(items: Mapping[str, str], *, people: int = 400, seed: int = 1) -> list[Row]:
    """Events of people who each like some values of an attribute; `items` names the value of each item.

    Some have a few events, some many; some items are far more popular than others; some people change their mind.
    """
    rng = np.random.default_rng(seed)
    names = sorted(items)
    values = sorted(set(items.values()))
    fame = 1 / (1 + rng.permutation(len(names))) ** 0.6
    of_value = {value: np.array([n for n, name in enumerate(names) if items[name] == value]) for value in values}
    rows = [row for person in range(people) for row in _events(f"p{person:05d}", rng, names, values, of_value, fame)]
    return sorted(rows, key=lambda row: (row[2], row[0], row[1]))


def _events(
    person: str,
    rng: np.random.Generator,
    names: Sequence[str],
    values: Sequence[str],
    of_value: Mapping[str, np.ndarray],
    fame: np.ndarray,
) -> list[Row]:
    count = int(np.clip(rng.lognormal(2.0, 0.8), 2, 80))
    days = np.sort(rng.uniform(rng.uniform(0, DAYS * 0.6), DAYS, count))
    tastes = rng.permutation(len(values))[: rng.choice(TASTES)]
    later = rng.permutation(len(values))[:1]
    changes_at = rng.uniform(0, DAYS) if rng.random() < NEW_TASTE else DAYS
    rows = []
    for day in days:
        liked = later if day > changes_at else tastes
        among = np.arange(len(names)) if rng.random() < STRAYS else of_value[values[rng.choice(liked)]]
        chosen = rng.choice(among, p=fame[among] / fame[among].sum())
        when = START + timedelta(seconds=round(float(day) * 86_400))
        rows.append((person, names[chosen], when.isoformat()))
    return rows
