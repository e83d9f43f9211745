"""Evidence to a score in [0, 1]: a sum of contributions in log-odds, each of which can be shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from search.duplicates.evidence.table import (
    ACROSS,
    ACROSS_PRIOR,
    INTERCEPT,
    MOST_OF_A_KIND,
    NAMES,
    OF_KINDS,
    OF_VARIANTS,
    OF_WORDING,
    TERMS,
    Evidence,
    values_of,
)

FLAG, SUGGEST = 0.5, 0.12  # default thresholds on the score


@dataclass(frozen=True, slots=True)
class Term:
    """One line of an explanation; `contribution` is in log-odds, below 0 when it speaks against."""

    name: str
    value: float
    contribution: float


@dataclass(frozen=True)
class Scorer:
    """Weights of the terms in log-odds, and the intercept. No kind of evidence adds more than the intercept takes."""

    weights: Mapping[str, float]
    intercept: float

    @cached_property
    def of_kinds(self) -> list[list[tuple[int, float]]]:
        """The places of the terms of each kind among the values, with their weights."""
        weights = [self.weights.get(name, 0.0) for name in NAMES]
        return [[(at, weights[at]) for at in kind] for kind in OF_KINDS]

    @cached_property
    def most_of_a_kind(self) -> float:
        """What one kind adds at most; more where the intercept takes more, as the weights are larger then, too."""
        return max(MOST_OF_A_KIND, MOST_OF_A_KIND + INTERCEPT - self.intercept)

    def log_odds(self, evidence: Evidence) -> float:
        """What the items' own texts and attributes say, before looking at other pairs."""
        values, total, most = values_of(evidence), self.intercept, self.most_of_a_kind
        for kind in self.of_kinds:
            said = 0.0
            for at, weight in kind:
                said += weight * values[at]
            total += min(most, said)
        return total

    def log_odds_of_rows(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same for rows of values in the order of the table of terms, all at once."""
        totals = np.full(len(table), self.intercept, dtype=np.float64)
        for kind in self.of_kinds:
            places, weights = zip(*kind, strict=True)
            totals += np.minimum(table[:, places] @ np.array(weights), self.most_of_a_kind)
        return totals

    def across_sources(self) -> Scorer:
        """The scorer for pairs of two sources."""
        weights = {name: weight * (ACROSS if name in OF_WORDING else 1) for name, weight in self.weights.items()}
        return Scorer(weights, self.intercept + ACROSS_PRIOR)

    def without_variants(self, evidence: Evidence) -> float:
        """The log-odds if nothing told variants apart, that is, of being the same or variants of one thing."""
        apart: float = sum(min(self.weights.get(name, 0.0), 0.0) * getattr(evidence, name) for name in OF_VARIANTS)
        return float(self.log_odds(evidence) - apart)


DEFAULT = Scorer({term.name: term.weight for term in TERMS}, INTERCEPT)


def explain(evidence: Evidence, scorer: Scorer) -> list[Term]:
    """The terms that count, the weightiest first."""
    values = values_of(evidence)
    terms = []
    for kind in scorer.of_kinds:
        said = sum(weight * values[at] for at, weight in kind)
        share = min(scorer.most_of_a_kind / said, 1.0) if said > 0 else 1.0
        terms += [Term(NAMES[at], values[at], share * weight * values[at]) for at, weight in kind]
    return sorted((term for term in terms if term.contribution), key=lambda term: -abs(term.contribution))


def to_score(total: float) -> float:
    """Log-odds to a score in [0, 1]."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, total))))


def to_log_odds(score: float) -> float:
    """The inverse of `to_score`, which has no value beyond 40 either."""
    if score <= 0 or score >= 1:
        return math.copysign(40.0, score - 0.5)
    return math.log(score / (1 - score))
