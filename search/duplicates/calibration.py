"""Curators' decisions to weights and thresholds: deterministic, and close to the defaults while labels are few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from search.duplicates.evidence import Evidence

Floats = NDArray[np.float64]
NAMES = tuple(field.name for field in fields(Evidence))
_FEWEST = 10
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
class Calibration:
    """A correction of default log-odds, the threshold in log-odds, and what to expect of it (cross-validated)."""

    scale: float
    corrections: dict[str, float]
    intercept: float
    flag: float
    suggest: float
    precision: float
    recall: float

    def log_odds(self, evidence: Evidence, total: float) -> float:
        """Corrected log-odds of a pair with default log-odds `total`."""
        own: float = sum(weight * getattr(evidence, name) for name, weight in self.corrections.items())
        return self.scale * total + own + self.intercept


def calibrate(labels: Sequence[Labelled]) -> Calibration | None:
    """The correction learnt from `labels`, or None with fewer than ten of either kind."""
    table = np.array([_row(label) for label in labels], dtype=np.float64)
    truth = np.array([label.is_duplicate for label in labels])
    weight = np.array([label.stands_for for label in labels], dtype=np.float64)
    if min(truth.sum(), (~truth).sum()) < _FEWEST:
        return None
    weight *= len(weight) / weight.sum()
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    held_out = cross_val_predict(
        _model(), table, truth, cv=folds, method="decision_function", params={"sample_weight": weight}
    )
    flag, precision, recall = best_threshold(held_out, truth, weight)
    fitted = _model().fit(table, truth, sample_weight=weight)
    return _calibration(fitted, flag, precision, recall)


def _row(label: Labelled) -> list[float]:
    return [_TRUST * label.total, *(_CORRECTION * value for value in astuple(label.evidence))]


def _model() -> LogisticRegression:
    return LogisticRegression(C=0.1, max_iter=2000)


def _calibration(model: LogisticRegression, flag: float, precision: float, recall: float) -> Calibration:
    coefficients = model.coef_[0]
    corrections = {name: float(value) * _CORRECTION for name, value in zip(NAMES, coefficients[1:], strict=True)}
    return Calibration(
        scale=float(coefficients[0]) * _TRUST,
        corrections=corrections,
        intercept=float(model.intercept_[0]),
        flag=flag,
        suggest=flag - 2.0,
        precision=precision,
        recall=recall,
    )


def best_threshold(totals: Floats, truth: NDArray[np.bool_], weight: Floats) -> tuple[float, float, float]:
    """The threshold of the best F1 with its precision and recall, midway between the pairs it separates."""
    order = np.argsort(-totals, kind="stable")
    hits = np.cumsum((weight * truth)[order])
    flagged = np.cumsum(weight[order])
    f1 = 2 * hits / (flagged + hits[-1])
    at = int(f1.argmax())
    after = totals[order][min(at + 1, len(order) - 1)]
    return float((totals[order][at] + after) / 2), float(hits[at] / flagged[at]), float(hits[at] / hits[-1])
