"""Curators' decisions to weights and thresholds: deterministic, and close to the defaults while labels are few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter

import numpy as np

from search.duplicates.evidence import Evidence
from search.duplicates.scoring import Scorer

NAMES = tuple(field.name for field in fields(Evidence))
values_of = attrgetter(*NAMES)  # the values of the terms, in the order of NAMES
FEWEST = 10  # decisions of either kind
# The default log-odds may be rescaled freely; each term's own correction is held back.
_TRUST, _CORRECTION = 1.0, 0.5


@dataclass(frozen=True, slots=True)
class Labelled:
    """A decided pair: its evidence, its log-odds, what was decided, and how many pairs it stands for."""

    evidence: Evidence
    total: float
    is_duplicate: bool
    stands_for: float = 1.0


@dataclass(frozen=True, slots=True)
class Correction:
    """What was learnt: log-odds are rescaled, each term is corrected, and the intercept moves."""

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
    """Log-odds from which pairs are flagged, and the precision and recall of the labels that this gives.

    Any other value above `low` and up to `high` separates the labels as well.
    """

    log_odds: float
    low: float
    high: float
    precision: float
    recall: float


def calibrate(labels: Sequence[Labelled], fewest: int = FEWEST) -> Correction | None:
    """The correction learnt from `labels`, or None with fewer than so many of either kind."""
    from sklearn.linear_model import LogisticRegression  # 70 MB in each process that imports it

    table = np.array([_row(label) for label in labels], dtype=np.float64)
    truth = np.array([label.is_duplicate for label in labels], dtype=bool)
    weight = np.array([label.stands_for for label in labels], dtype=np.float64)
    if min(truth.sum(), (~truth).sum()) < fewest:
        return None
    model = LogisticRegression(C=0.1, max_iter=2000).fit(
        table, truth, sample_weight=weight * len(weight) / weight.sum()
    )
    terms = {name: float(value) * _CORRECTION for name, value in zip(NAMES, model.coef_[0][1:], strict=True)}
    return Correction(float(model.coef_[0][0]) * _TRUST, terms, float(model.intercept_[0]))


def _row(label: Labelled) -> list[float]:
    return [_TRUST * label.total, *(_CORRECTION * value for value in values_of(label.evidence))]


def best_threshold(totals: Sequence[float], labels: Sequence[Labelled]) -> Threshold:
    """The threshold of the best F1 over the labels, midway between the pairs it separates."""
    found = np.array(totals, dtype=np.float64)
    order = np.argsort(-found, kind="stable")
    found = found[order]
    weight = np.array([label.stands_for for label in labels])[order]
    truth = np.array([label.is_duplicate for label in labels], dtype=bool)[order]
    hits, flagged = np.cumsum(weight * truth), np.cumsum(weight)
    at = int((2 * hits / (flagged + hits[-1])).argmax())
    after = found[min(at + 1, len(found) - 1)]
    middle, low, high = float((found[at] + after) / 2), float(after), float(found[at])
    return Threshold(middle, low, high, float(hits[at] / flagged[at]), float(hits[at] / hits[-1]))
