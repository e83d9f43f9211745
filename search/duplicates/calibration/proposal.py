"""From decisions to proposed weights and thresholds, with what to expect of them and what would change. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from search.duplicates.calibration.correction import (
    Labelled,
    Threshold,
    against,
    best_threshold,
    calibrate,
)
from search.duplicates.calibration.weighing import stands_for
from search.duplicates.evidence.scorer import Scorer, to_log_odds, to_score
from search.duplicates.evidence.table import NAMES, Evidence, values_of

Floats = NDArray[np.float64]

FOLDS = 5
FEWEST_IN_A_FOLD = 8  # decisions of either kind that a part of them must hold to learn from
SUGGEST_BELOW = 2.0  # log-odds under the flag threshold from which pairs are suggested


@dataclass(frozen=True, slots=True)
class KnownPair:
    """A stored pair. `others` are the log-odds that the other pairs added; `is_same` is None while it is undecided."""

    pair_id: int
    evidence: Evidence
    others: float
    is_same: bool | None
    is_flagged: bool


@dataclass(frozen=True, slots=True)
class Expected:
    """Precision and recall of flagging, of the pairs that are offered for review at all."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Change:
    """The score of an undecided pair, now and as proposed."""

    pair_id: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Recalibration:
    """What is proposed. Thresholds are scores; `expected` is measured on decisions that were not learnt from.

    The changes are those of undecided pairs: newly flagged, no longer flagged, no longer suggested.
    """

    scorer: Scorer
    flag: float
    suggest: float
    same: int
    not_same: int
    undecided: int
    now: Expected
    expected: Expected
    flagged: list[Change]
    unflagged: list[Change]
    dropped: list[Change]


@dataclass(frozen=True, slots=True)
class Example:
    """A decided pair as it is learnt from."""

    label: Labelled
    others: float


def recalibrate(
    pairs: Sequence[KnownPair], scorer: Scorer, flag: float, *, has_rivals: bool = False
) -> Recalibration | None:
    """What the decisions teach a scorer that is in use with that flag threshold; None while they are too few.

    Where pairs have rivals, across sources, the log-odds as a whole stay: they say which rivals count.
    """
    table = np.array([values_of(pair.evidence) for pair in pairs], dtype=np.float64).reshape(len(pairs), len(NAMES))
    others = np.array([pair.others for pair in pairs], dtype=np.float64)
    own = scorer.log_odds_of_rows(table)
    examples = _examples(pairs, own, own + others)
    learnt = _learn(examples, scorer, has_rivals=has_rivals)
    if learnt is None:
        return None
    learnt_scorer, best = learnt
    before, after = own + others, learnt_scorer.log_odds_of_rows(table) + others
    undecided = [(at, pair) for at, pair in enumerate(pairs) if pair.is_same is None]
    threshold = steadiest(best, [after[at] for at, _ in undecided], [pair.is_flagged for _, pair in undecided])
    proposed_flag, proposed_suggest = to_score(threshold), to_score(threshold - SUGGEST_BELOW)
    changes = [Change(pair.pair_id, to_score(before[at]), to_score(after[at])) for at, pair in undecided]
    was_flagged = {pair.pair_id for _, pair in undecided if pair.is_flagged}
    same = sum(example.label.is_duplicate for example in examples)
    return Recalibration(
        scorer=learnt_scorer,
        flag=round(proposed_flag, 6),
        suggest=round(proposed_suggest, 6),
        same=same,
        not_same=len(examples) - same,
        undecided=len(undecided),
        now=_measure(examples, [_total(one, scorer) >= to_log_odds(flag) for one in examples]),
        expected=_measure(examples, _predicted_unseen(examples, scorer, has_rivals=has_rivals)),
        flagged=[one for one in changes if one.after >= proposed_flag and one.pair_id not in was_flagged],
        unflagged=[one for one in changes if one.after < proposed_flag and one.pair_id in was_flagged],
        dropped=[one for one in changes if one.after < proposed_suggest],
    )


def steadiest(best: Threshold, totals: Sequence[float], is_flagged: Sequence[bool]) -> float:
    """Of the thresholds that separate the labels alike, the one that changes the fewest flags of other pairs.

    Decisions far apart say nothing of what lies between them. Of several such thresholds it is the one in the middle.
    """
    found, flags = np.array(totals, dtype=np.float64), np.array(is_flagged, dtype=bool)
    order = np.argsort(found, kind="stable")
    found, flags = found[order], flags[order]
    inside = found[(found > best.low) & (found < best.high)]
    edges = np.unique(np.concatenate([[best.low], inside, [best.high]]))
    candidates = (edges[1:] + edges[:-1]) / 2
    if not len(candidates):
        return best.log_odds
    below = np.searchsorted(found, candidates)
    flagged_below = np.concatenate([[0], np.cumsum(flags)])[below]
    unflagged_above = np.sum(~flags) - np.concatenate([[0], np.cumsum(~flags)])[below]
    changes = flagged_below + unflagged_above
    fewest = candidates[changes == changes.min()]
    return float(fewest[np.abs(fewest - best.log_odds).argmin()])


def _examples(pairs: Sequence[KnownPair], own: Floats, totals: Floats) -> list[Example]:
    decided = [at for at, pair in enumerate(pairs) if pair.is_same is not None]
    weights = stands_for(dict(enumerate(totals.tolist())), decided)
    return [_example(pairs[at], float(own[at]), weights[at]) for at in decided]


def _example(pair: KnownPair, own: float, weight: float) -> Example:
    return Example(Labelled(pair.evidence, against(own, pair.others), bool(pair.is_same), weight), pair.others)


def _learn(
    examples: Sequence[Example], scorer: Scorer, *, has_rivals: bool, **fewest: int
) -> tuple[Scorer, Threshold] | None:
    """The corrected scorer and the threshold to flag from."""
    labels = [example.label for example in examples]
    correction = calibrate(labels, **fewest)
    if correction is None:
        return None
    corrected = (replace(correction, intercept=0.0) if has_rivals else correction).applied_to(scorer)
    return corrected, best_threshold([_total(one, corrected) for one in examples], labels)


def _predicted_unseen(examples: Sequence[Example], scorer: Scorer, *, has_rivals: bool) -> list[bool]:
    """Whether each example would be flagged by what is learnt from the others, a fifth at a time."""
    folds = _folds(examples)
    predicted = [False] * len(examples)
    for fold in range(FOLDS):
        others = [one for one, its in zip(examples, folds, strict=True) if its != fold]
        learnt = _learn(others, scorer, has_rivals=has_rivals, fewest=FEWEST_IN_A_FOLD)
        for at, (one, its) in enumerate(zip(examples, folds, strict=True)):
            if its == fold and learnt is not None:
                predicted[at] = _total(one, learnt[0]) >= learnt[1].log_odds
    return predicted


def _folds(examples: Sequence[Example]) -> list[int]:
    """The fold of each example: every kind is dealt out in turn, so that each fold has its share of both."""
    dealt = {True: 0, False: 0}
    folds = []
    for example in examples:
        kind = example.label.is_duplicate
        folds.append(dealt[kind] % FOLDS)
        dealt[kind] += 1
    return folds


def _measure(examples: Sequence[Example], predicted: Sequence[bool]) -> Expected:
    """Each decided pair counts for as many as it stands for."""
    hits = flagged = true = 0.0
    for example, is_predicted in zip(examples, predicted, strict=True):
        weight, is_true = example.label.stands_for, example.label.is_duplicate
        hits += weight * (is_predicted and is_true)
        flagged += weight * is_predicted
        true += weight * is_true
    return Expected(hits / flagged if flagged else 0.0, hits / true if true else 0.0)


def _total(example: Example, scorer: Scorer) -> float:
    return scorer.log_odds(example.label.evidence) + example.others
