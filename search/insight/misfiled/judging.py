"""Which of the labelled vectors read like another label, and which like nothing else. Pure.

How much each piece of evidence counts, and where the line is drawn, comes from the collection: in copies of it some
labels are changed into ones that are easily taken for them, and what tells those is learnt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.insight.misfiled.evidence import Judges, Labels, LeftOut, Matrix, Shares, mean_shares

PLANTED = 0.1  # of the labels, in a copy
COPIES = 6
CONFUSION_COUNTS = 4.0  # errors of a copy go to other labels by this power of how easily they are taken for them
REGULARISATION = 0.3  # scikit-learn's C, of standardised features
FEWEST_VECTORS = 5  # vectors of a label, for it to be judged at all
LEAST_RECALL = 0.1  # of the planted errors, from which on shares are no accident
TOLD = 1 / 3  # of what is suggested has to be a planted error; others were wrong before that, and count against it
TOLD_RIGHT = 1 / 2  # of the labels have to be told without their vectors' own, or what reads otherwise means nothing
FAR = 4.0  # robust standard deviations from which on a vector is far from everything


@dataclass(frozen=True, slots=True)
class Judgement:
    """For each vector the label that it reads like most, of all but its own, and how likely its own is wrong if one in
    ten is and those that look right are. From `line` on errors are told best; infinite where they cannot be told: what
    a colour is called, say, may not be in the texts."""

    better: Labels
    chances: NDArray[np.float64]
    line: float


def judge(
    vectors: Matrix,
    labels: Labels,
    rows: NDArray[np.int32],
    cosines: Matrix,
    *,
    named: Matrix | None = None,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Judgement:
    """`labels` count from 0 without gaps; the rest is as `Judges` has it. `on_progress` may raise to stop it."""
    judges = Judges(vectors, labels, rows, cosines, named)
    told = judges.told(labels)
    confusion = _confusion(told, labels) ** CONFUSION_COUNTS
    copies = []
    for seed in range(1, COPIES + 1):
        planted, is_planted = _plant(confusion, labels, seed)
        copies.append((judges.evidence(planted).features, is_planted))
        on_progress(0)
    features, is_planted = (np.concatenate(parts) for parts in zip(*copies, strict=True))
    evidence = judges.evidence(labels)
    chances = _learnt(features, is_planted)
    # What looks wrong already is no example of what is right: learnt again without it.
    is_doubtful = chances(evidence.features) >= _line(chances(features), is_planted)
    counts = is_planted | ~np.tile(is_doubtful, COPIES)
    chances = _learnt(features[counts], is_planted[counts])
    is_told = float((told.argmax(axis=1) == labels).mean()) >= TOLD_RIGHT
    line = _line(chances(features), is_planted) if is_told else float("inf")
    return Judgement(evidence.better, chances(evidence.features), line)


def plant(vectors: Matrix, labels: Labels, *, seed: int) -> tuple[Labels, NDArray[np.bool_]]:
    """The labels with some of them changed into the one that is most easily taken for it, and which these are."""
    confusion = _confusion(LeftOut(vectors, labels).shares(labels), labels)
    return _plant((confusion == confusion.max(axis=1, keepdims=True)).astype(np.float64), labels, seed)


def _confusion(shares: Shares, labels: Labels) -> Shares:
    """How easily each label is taken for each other one; rows add up to one."""
    confusion = mean_shares(shares, labels) + 1e-9
    np.fill_diagonal(confusion, 0)
    confusion /= confusion.sum(axis=1, keepdims=True)
    return confusion


def _plant(confusion: Shares, labels: Labels, seed: int) -> tuple[Labels, NDArray[np.bool_]]:
    """Some labels changed into another one, which is drawn by its row of `confusion`."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(labels))[: max(1, round(PLANTED * len(labels)))]
    upper = np.cumsum(confusion, axis=1)[labels[chosen]]
    drawn = (rng.random(len(chosen)) * upper[:, -1])[:, None]
    planted = labels.copy()
    planted[chosen] = np.argmax(upper > drawn, axis=1)
    is_planted = np.zeros(len(labels), dtype=bool)
    is_planted[chosen] = True
    return planted, is_planted


def _learnt(features: NDArray[np.float64], is_planted: NDArray[np.bool_]) -> Callable[[Any], NDArray[np.float64]]:
    """Logistic regression on what tells planted errors; a function from features to chances."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=REGULARISATION, max_iter=1_000))
    model.fit(features, is_planted)
    return lambda rows: np.asarray(model.predict_proba(rows)[:, 1], dtype=np.float64)


def _line(chances: NDArray[np.float64], is_planted: NDArray[np.bool_]) -> float:
    """The chance from which on errors are told best (largest F1), where a good part of what is told is planted."""
    order = np.argsort(-chances, kind="stable")
    hits = np.cumsum(is_planted[order])
    told = np.arange(1, len(order) + 1)
    recall = hits / is_planted.sum()
    before = _errors_before(told - hits, recall)
    f1 = 2 * (hits + recall * before) / (told + is_planted.sum() + before)
    is_right = (hits >= TOLD * told) & (told >= COPIES * FEWEST_VECTORS)
    right = np.flatnonzero(is_right[: int(f1.argmax()) + 1])
    return float(chances[order[right[-1]]]) if len(right) else float("inf")


def _errors_before(others: NDArray[np.int64], recall: NDArray[np.float64]) -> float:
    """How many labels were wrong before any was planted: these are told as readily as planted ones, and the `others`
    that are told beside a share of the planted are at least as many as the same share of them."""
    seen = recall >= LEAST_RECALL
    return float((others[seen] / recall[seen]).min())


def far_out(cosines: Matrix) -> NDArray[np.float64]:
    """How far each vector is from its neighbours, in robust standard deviations of the collection's own distances."""
    distances = 1.0 - cosines.mean(axis=1).astype(np.float64)
    middle = float(np.median(distances))
    spread = 1.4826 * float(np.median(np.abs(distances - middle)))
    scores: NDArray[np.float64] = (distances - middle) / max(spread, 1e-6)
    return scores
