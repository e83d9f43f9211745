"""Evidence to a score in [0, 1]: a sum of contributions in log-odds, each of which can be shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from search.duplicates.evidence.table import ACROSS, ACROSS_PRIOR, INTERCEPT, OF_VARIANTS, OF_WORDING, TERMS, Evidence

FLAG, SUGGEST = 0.5, 0.12  # default thresholds on the score


@dataclass(frozen=True, slots=True)
class Term:
    """One line of an explanation; `contribution` is in log-odds, below 0 when it speaks against."""

    name: str
    value: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Scorer:
    """Weights of the terms in log-odds, and the intercept."""

    weights: Mapping[str, float]
    intercept: float

    def log_odds(self, evidence: Evidence) -> float:
        """What the items' own texts and attributes say, before looking at other pairs."""
        total = self.intercept
        for name, weight in self.weights.items():
            total += weight * getattr(evidence, name)
        return total

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
    values = asdict(evidence)
    terms = [Term(name, values[name], weight * values[name]) for name, weight in scorer.weights.items()]
    return sorted((term for term in terms if term.contribution), key=lambda term: -abs(term.contribution))


def to_score(total: float) -> float:
    """Log-odds to a score in [0, 1]."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, total))))


def to_log_odds(score: float) -> float:
    """The inverse of `to_score`, which has no value beyond 40 either."""
    if score <= 0 or score >= 1:
        return math.copysign(40.0, score - 0.5)
    return math.log(score / (1 - score))
