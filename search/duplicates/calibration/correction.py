"""Curators' decisions to weights and thresholds: deterministic, and close to the defaults while labels are few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.duplicates.evidence.scorer import DEFAULT, Scorer
from search.duplicates.evidence.table import NAMES, Evidence, values_of

Floats = NDArray[np.float64]

FEWEST_DECISIONS = 10  # decisions of either kind
# What a correction of a term costs by how large it is beside the term's default weight, so that terms with small values
# can be learnt, too; and what a shift of all log-odds costs.
HELD, SHIFT_HELD = 3.0, 0.02
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
    """What was learnt: each term is corrected, and the intercept may rise.

    The log-odds in use are kept, never scaled down nor lowered: decisions are on pairs that were offered, and where
    these contradict the scorer they say nothing of the many that it found unlikely, nor of what rivals are. How likely
    pairs are the same on the whole is what the threshold answers.
    """

    terms: dict[str, float]
    intercept: float

    def applied_to(self, scorer: Scorer) -> Scorer:
        """The scorer that gives the corrected log-odds at once: both are sums over the same terms."""
        names = {*scorer.weights, *self.terms}
        weights = {name: scorer.weights.get(name, 0.0) + self.terms.get(name, 0.0) for name in names}
        return Scorer(dict(sorted(weights.items())), scorer.intercept + self.intercept)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Log-odds from which pairs are flagged; another value above `low` and up to `high` separates the labels alike."""

    log_odds: float
    low: float
    high: float


def calibrate(labels: Sequence[Labelled], fewest: int = FEWEST_DECISIONS) -> Correction | None:
    """The correction learnt from `labels`, or None with fewer than so many of either kind.

    The least log loss of what is added to the log-odds in use, with what it costs; a shift down takes no part after.
    """
    from scipy.optimize import minimize

    table = PLAIN * np.array([values_of(label.evidence) for label in labels], dtype=np.float64).reshape(-1, len(PLAIN))
    totals = np.array([label.total for label in labels], dtype=np.float64)
    truth = np.array([label.is_duplicate for label in labels], dtype=bool)
    if min(truth.sum(), (~truth).sum()) < fewest:
        return None

    def loss(added: Floats) -> tuple[float, Floats]:
        found = totals + added[0] + table @ added[1:]
        wrong = 1 / (1 + np.exp(-np.clip(found, -40, 40))) - truth
        held = np.concatenate([[SHIFT_HELD], np.full(len(PLAIN), HELD)])
        value = np.logaddexp(0, np.where(truth, -found, found)).sum() + (held * added**2).sum()
        return float(value), np.concatenate([[wrong.sum()], table.T @ wrong]) + 2 * held * added

    added = minimize(loss, np.zeros(len(PLAIN) + 1), jac=True, method="L-BFGS-B").x
    terms = {name: float(value) for name, value in zip(NAMES, PLAIN * added[1:], strict=True)}
    return Correction(terms, max(float(added[0]), 0.0))


def against(own: float, others: float) -> float:
    """The log-odds to learn weights from. That a pair has a better rival, its own evidence cannot know; that common
    partners speak for it says the same once more."""
    return own + min(others, 0.0)


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
