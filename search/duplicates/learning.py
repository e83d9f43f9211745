"""From decisions about pairs to a proposal: corrected weights, thresholds, and what would change with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from search.duplicates.calibration import Labelled, Threshold, best_threshold, calibrate
from search.duplicates.comparison import Settled
from search.duplicates.finding import Findings
from search.duplicates.scoring import Scorer
from search.duplicates.structure import Pair

NEAR = 2.5  # log-odds around the threshold: people look at these pairs first, so each stands for fewer others
LEAST = -9.0  # log-odds below which nobody would look at a pair
SUGGEST_BELOW = 2.0  # log-odds under the flag threshold from which pairs are suggested


@dataclass(frozen=True, slots=True)
class Proposal:
    """Weights and a threshold that a person may apply, with all pairs as they would be scored."""

    scorer: Scorer
    threshold: Threshold
    settled: Settled

    def flagged(self) -> set[Pair]:
        return {pair for pair, total in self.settled.total.items() if total >= self.threshold.log_odds}

    def suggested(self) -> set[Pair]:
        least = self.threshold.log_odds - SUGGEST_BELOW
        return {pair for pair, total in self.settled.total.items() if least <= total < self.threshold.log_odds}


def propose(findings: Findings, decisions: Mapping[Pair, bool]) -> Proposal | None:
    """What the decisions (pairs of item numbers, true when the same) teach; None while they are too few."""
    known = {pair: is_same for pair, is_same in sorted(decisions.items()) if pair in findings.settled.total}
    comparer = findings.comparer
    stands_for = _stands_for(findings.settled.total, known)
    labels = [
        Labelled(comparer.evidence(pair), findings.settled.own[pair], is_same, stands_for[pair])
        for pair, is_same in known.items()
    ]
    correction = calibrate(labels)
    if correction is None:
        return None
    corrected = comparer.with_scorer(correction.applied_to(comparer.scorer))
    own = {pair: corrected.own(pair) for pair in findings.settled.own}
    settled = corrected.settle(own, findings.clean)
    threshold = best_threshold([settled.total[pair] for pair in known], labels)
    return Proposal(corrected.scorer, threshold, settled)


def band_of(total: float) -> int:
    """Far below the threshold, near it, or far above it."""
    return -1 if total < -NEAR else 1 if total > NEAR else 0


def _stands_for(totals: Mapping[Pair, float], known: Mapping[Pair, bool]) -> dict[Pair, float]:
    """How many pairs of its band each decided pair stands for."""
    everyone: dict[int, int] = {}
    for total in totals.values():
        if total < LEAST:
            continue
        band = band_of(total)
        everyone[band] = everyone.get(band, 0) + 1
    decided: dict[int, int] = {}
    for pair in known:
        band = band_of(totals[pair])
        decided[band] = decided.get(band, 0) + 1
    return {pair: max(everyone.get(band_of(totals[pair]), 0) / decided[band_of(totals[pair])], 1.0) for pair in known}
