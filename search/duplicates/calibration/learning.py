"""From decisions about pairs to a proposal: corrected weights, thresholds, and what would change with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from search.duplicates.calibration.correction import Labelled, Threshold, against, best_threshold, calibrate
from search.duplicates.calibration.proposal import SUGGEST_BELOW
from search.duplicates.calibration.weighing import stands_for
from search.duplicates.comparing.comparison import Settled
from search.duplicates.comparing.finding import Findings
from search.duplicates.evidence.scorer import Scorer
from search.duplicates.evidence.structure import Pair


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
    comparer, own, total = findings.comparer, findings.settled.own, findings.settled.total
    weights = stands_for(total, known)
    labels = [
        Labelled(comparer.evidence(pair), against(own[pair], total[pair] - own[pair]), is_same, weights[pair])
        for pair, is_same in known.items()
    ]
    correction = calibrate(labels)
    if correction is None:
        return None
    corrected = comparer.with_scorer(correction.applied_to(comparer.scorer))
    settled = corrected.settle({pair: corrected.own(pair) for pair in own}, findings.clean)
    threshold = best_threshold([settled.total[pair] for pair in known], labels)
    return Proposal(corrected.scorer, threshold, settled)
