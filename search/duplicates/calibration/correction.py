"""Curators' decisions to weights and thresholds: deterministic, and close to the defaults while labels are few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.duplicates.evidence.scorer import DEFAULT, Scorer
from search.duplicates.evidence.table import NAMES, Evidence, values_of

FEWEST_DECISIONS = 10  # decisions of either kind
# A correction is held back by how large it is beside the term's default weight, so that terms with small values can be
# learnt, too; rescaling the log-odds in use is held back less.
TRUST = 2.0
LOOSENESS = 0.3
LEAST_SCALE = 0.25
PLAIN = np.array([max(abs(DEFAULT.weights.get(name, 0.0)), 1.0) for name in NAMES])


@dataclass(frozen=True, slots=True)
class Labelled:
    """A decided pair: its evidence, its log-odds, what was decided, and how many pairs it stands for.

    `total` is what the pair's own evidence says and what other pairs say against it: see `against`.
    """

    evidence: Evidence
    total: float
    is_duplicate: bool
    stands_for: float = 1.0


@dataclass(frozen=True, slots=True)
class Correction:
    """What was learnt: log-odds are rescaled, each term is corrected, and the intercept moves.

    The scale is 1 unless the decisions contradict the scorer, so that what other pairs say keeps its part.
    """

    scale: float
    terms: dict[str, float]
    intercept: float

    def applied_to(self, scorer: Scorer) -> Scorer:
        """The scorer that gives the corrected log-odds at once: both are sums over the same terms."""
        names = {*scorer.weights, *self.terms}
        weights = {name: self.scale * scorer.weights.get(name, 0.0) + self.terms.get(name, 0.0) for name in names}
        return Scorer(dict(sorted(weights.items())), self.scale * scorer.intercept + self.intercept)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Log-odds from which pairs are flagged; another value above `low` and up to `high` separates the labels alike."""

    log_odds: float
    low: float
    high: float


def calibrate(labels: Sequence[Labelled], fewest: int = FEWEST_DECISIONS) -> Correction | None:
    """The correction learnt from `labels`, or None with fewer than so many of either kind."""
    from sklearn.linear_model import LogisticRegression  # 70 MB in each process that imports it

    table = np.array([_row(label) for label in labels], dtype=np.float64)
    truth = np.array([label.is_duplicate for label in labels], dtype=bool)
    if min(truth.sum(), (~truth).sum()) < fewest:
        return None
    model = LogisticRegression(C=LOOSENESS, max_iter=5000).fit(table, truth)
    scale = TRUST * float(model.coef_[0][0])
    unit = max(scale, LEAST_SCALE)
    terms = {name: float(value) / unit for name, value in zip(NAMES, PLAIN * model.coef_[0][1:], strict=True)}
    return Correction(scale / unit, terms, float(model.intercept_[0]) / unit)


def against(own: float, others: float) -> float:
    """The log-odds to learn weights from. That a pair has a better rival, its own evidence cannot know; that common
    partners speak for it says the same once more."""
    return own + min(others, 0.0)


def _row(label: Labelled) -> list[float]:
    return [TRUST * label.total, *(PLAIN * values_of(label.evidence))]


def best_threshold(totals: Sequence[float], labels: Sequence[Labelled]) -> Threshold:
    """The threshold of the best F1 to expect, midway between the pairs it separates.

    How likely pairs of some log-odds are the same is read from a rising curve through the labels: by the labels
    themselves, one that stands for hundreds of pairs would decide alone.
    """
    from sklearn.isotonic import IsotonicRegression

    found = np.array(totals, dtype=np.float64)
    order = np.argsort(-found, kind="stable")
    found = found[order]
    weight = np.array([label.stands_for for label in labels])[order]
    truth = np.array([label.is_duplicate for label in labels], dtype=np.float64)[order]
    likely = IsotonicRegression().fit(found, truth).predict(found)
    hits, flagged = np.cumsum(weight * likely), np.cumsum(weight)
    at = int((2 * hits / (flagged + hits[-1])).argmax())
    after = found[min(at + 1, len(found) - 1)]
    return Threshold(float((found[at] + after) / 2), float(after), float(found[at]))
