"""Figures of ranked lists against judgements. Pure.

nDCG has linear gain and a log2 discount; the ideal comes from the query's own judgements, unjudged counts as 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

BOOTSTRAP_SAMPLES = 2_000
BOOTSTRAP_SEED = 7
RANDOMISATIONS = 10_000  # of a paired test

Grades = Mapping[str, int]  # item -> grade; larger is better, 0 is irrelevant


def ndcg(ranked: Sequence[str], grades: Grades, k: int = 10) -> float:
    """Discounted cumulative gain of the first k, as a share of the ideal; 0 without a relevant item."""
    gain = sum(grades.get(item, 0) / math.log2(rank + 2) for rank, item in enumerate(ranked[:k]))
    best = sorted((grade for grade in grades.values() if grade > 0), reverse=True)[:k]
    ideal = sum(grade / math.log2(rank + 2) for rank, grade in enumerate(best))
    return gain / ideal if ideal else 0.0


def recall(ranked: Sequence[str], grades: Grades, k: int = 100) -> float:
    """The share of the relevant items among the first k."""
    relevant = {item for item, grade in grades.items() if grade > 0}
    return len(relevant.intersection(ranked[:k])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], grades: Grades, k: int = 10) -> float:
    """One over the rank of the first relevant item among the first k, else 0."""
    return next((1 / (n + 1) for n, item in enumerate(ranked[:k]) if grades.get(item, 0) > 0), 0.0)


def bootstrap_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """The percentile bootstrap interval of the mean; deterministic."""
    if not values:
        return (0.0, 0.0)
    generator = np.random.default_rng(BOOTSTRAP_SEED)
    table = np.asarray(values, dtype=np.float64)
    means = table[generator.integers(0, len(table), (BOOTSTRAP_SAMPLES, len(table)))].mean(axis=1)
    tail = (1 - level) / 2 * 100
    low, high = np.percentile(means, [tail, 100 - tail])
    return (float(low), float(high))


@dataclass(frozen=True, slots=True)
class PairedTest:
    """The mean difference of two runs over the queries both have, its 95 % interval, and how likely chance gives it."""

    queries: int
    difference: float
    ci95: tuple[float, float]
    p_value: float


def paired_test(before: Mapping[str, float], after: Mapping[str, float]) -> PairedTest:
    """A two-sided randomisation test: the sign of each query's difference is drawn anew. Deterministic."""
    shared = sorted(before.keys() & after.keys())
    differences = np.array([after[query] - before[query] for query in shared], dtype=np.float64)
    if not differences.size:
        return PairedTest(0, 0.0, (0.0, 0.0), 1.0)
    generator = np.random.default_rng(BOOTSTRAP_SEED)
    signs = generator.choice([-1.0, 1.0], size=(RANDOMISATIONS, len(differences)))
    observed = abs(differences.mean())
    as_large = np.abs((signs * differences).mean(axis=1)) >= observed - 1e-12
    return PairedTest(
        len(shared),
        float(differences.mean()),
        bootstrap_interval(differences.tolist()),
        float((as_large.sum() + 1) / (RANDOMISATIONS + 1)),
    )


@dataclass(frozen=True, slots=True)
class PairFigures:
    """How found pairs compare with the true ones."""

    precision: float
    recall: float
    f1: float
    pairs: int


def pair_figures(found: set[tuple[str, str]], true: set[tuple[str, str]]) -> PairFigures:
    """Pairs are ordered tuples, the same way in both sets."""
    hits = len(found & true)
    precision = hits / len(found) if found else 0.0
    recalled = hits / len(true) if true else 0.0
    f1 = 2 * precision * recalled / (precision + recalled) if hits else 0.0
    return PairFigures(precision, recalled, f1, len(found))
