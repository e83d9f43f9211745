"""Which of the labelled vectors read like another label, and which like nothing else. Pure.

A label is judged by those who have not seen it: logistic regression on the other folds, the votes of the nearest
neighbours, and, where the labels' names say something, what each is called. Where the line is drawn comes from the
collection: in a copy some labels are changed into the one that is most easily taken for them, and the line is where
those are told best.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
TRAINED = 8_000  # vectors that a fold is learnt from
PLANTED = 0.1  # of the labels, in the copy
REGULARISATION = 10.0  # scikit-learn's C: vectors of length one have small differences
MOST_VOTERS = 20  # neighbours, of large labels; a small one would be outvoted by the others around it
FEWEST_VECTORS = 5  # vectors of a label, for it to be judged at all
LEAST_RECALL = 0.1  # of the planted errors, from which on shares are no accident
TOLD = 1 / 3  # of what is suggested has to be a planted error; others were wrong before that, and count against it
FAR = 4.0  # robust standard deviations from which on a vector is far from everything

Matrix = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Judgement:
    """For each vector the label that it reads like most, of all but its own, and by how much more than its own."""

    better: Labels
    margins: NDArray[np.float64]


def judge(
    vectors: Matrix, labels: Labels, rows: NDArray[np.int32], cosines: Matrix, *, named: Matrix | None = None
) -> Judgement:
    """`labels` count from 0 without gaps; `rows` and `cosines` are of each vector's neighbours, nearest first; `named`
    (vectors, labels) is how likely each label is by its name alone."""
    judges: list[NDArray[np.floating]] = [_out_of_fold(vectors, labels), _votes(labels, rows, cosines)]
    if named is not None and _names_say_something(named, labels):
        judges.append(named)
    shares = np.mean(judges, axis=0)
    at = np.arange(len(labels))
    own = shares[at, labels].copy()
    shares[at, labels] = -1
    better = shares.argmax(axis=1)
    return Judgement(better, shares[at, better] - own)


def line(
    vectors: Matrix, labels: Labels, rows: NDArray[np.int32], cosines: Matrix, *, named: Matrix | None = None
) -> float:
    """The margin from which on errors are told best (largest F1), where a good part of what is told is planted.

    Infinite where they cannot be told: what a colour is called, say, may not be in the texts.
    """
    planted, is_planted = plant(vectors, labels, seed=1)
    margins = judge(vectors, planted, rows, cosines, named=named).margins
    order = np.argsort(-margins, kind="stable")
    hits = np.cumsum(is_planted[order])
    told = np.arange(1, len(order) + 1)
    recall = hits / is_planted.sum()
    before = _errors_before(told - hits, recall)
    f1 = 2 * (hits + recall * before) / (told + is_planted.sum() + before)
    is_right = (hits >= TOLD * told) & (told >= FEWEST_VECTORS)
    right = np.flatnonzero(is_right[: int(f1.argmax()) + 1])
    return float(max(margins[order[right[-1]]], 0.0)) if len(right) else float("inf")


def _errors_before(others: NDArray[np.int64], recall: NDArray[np.float64]) -> float:
    """How many labels were wrong before any was planted: these are told as readily as planted ones, and the `others`
    that are told beside a share of the planted are at least as many as the same share of them."""
    seen = recall >= LEAST_RECALL
    return float((others[seen] / recall[seen]).min())


def plant(vectors: Matrix, labels: Labels, *, seed: int) -> tuple[Labels, NDArray[np.bool_]]:
    """The labels with some of them changed into the one that is most easily taken for it, and which these are."""
    shares = _out_of_fold(vectors, labels)
    number = int(labels.max()) + 1
    taken = np.zeros((number, number))
    np.add.at(taken, labels, shares)
    np.fill_diagonal(taken, -1)
    confusable = taken.argmax(axis=1)
    chosen = np.random.default_rng(seed).permutation(len(labels))[: max(1, round(PLANTED * len(labels)))]
    is_planted = np.zeros(len(labels), dtype=bool)
    is_planted[chosen] = True
    return np.where(is_planted, confusable[labels], labels), is_planted


def far_out(cosines: Matrix) -> NDArray[np.float64]:
    """How far each vector is from its neighbours, in robust standard deviations of the collection's own distances."""
    distances = 1.0 - cosines.mean(axis=1).astype(np.float64)
    middle = float(np.median(distances))
    spread = 1.4826 * float(np.median(np.abs(distances - middle)))
    scores: NDArray[np.float64] = (distances - middle) / max(spread, 1e-6)
    return scores


def _votes(labels: Labels, rows: NDArray[np.int32], cosines: Matrix) -> NDArray[np.float64]:
    sizes = np.bincount(labels)
    votes = np.full((len(labels), len(sizes)), 1e-9)
    at = np.arange(len(labels))
    voters = int(np.clip(np.median(sizes) // 3, FEWEST_VECTORS, MOST_VOTERS))
    for column, weight in zip(rows.T[:voters], np.maximum(cosines.T[:voters], 0.0) ** 4, strict=True):
        votes[at, labels[column]] += weight
    shares: NDArray[np.float64] = votes / votes.sum(axis=1, keepdims=True)
    return shares


def _names_say_something(named: Matrix, labels: Labels) -> bool:
    """Whether they tell labels at least twice as well as always naming the largest."""
    is_right = float((named.argmax(axis=1) == labels).mean())
    return is_right >= 2 * float(np.bincount(labels).max()) / len(labels)


def _out_of_fold(vectors: Matrix, labels: Labels) -> NDArray[np.float64]:
    """Probabilities from a model that was trained without the vector."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    folds = rng.permutation(len(labels)) % FOLDS
    shares = np.zeros((len(labels), int(labels.max()) + 1))
    for fold in range(FOLDS):
        inside, others = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        others = rng.permutation(others)[:TRAINED]
        if not len(inside) or len(set(labels[others].tolist())) < 2:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a little short of the optimum does as well
            model = LogisticRegression(C=REGULARISATION, max_iter=60).fit(vectors[others], labels[others])
        shares[np.ix_(inside, model.classes_)] = model.predict_proba(vectors[inside])
    return shares
