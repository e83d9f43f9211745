"""What speaks against the label of each vector, and which other label it reads like. Pure.

A label is judged by those who have not seen it: linear classification with each vector left out in turn, the votes of
the nearest neighbours, and, where the labels' names say something, what each is called.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST_VOTERS, MOST_VOTERS = 5, 20  # neighbours; of small labels few, or the others around them would outvote them
BIAS = 0.3  # a constant beside vectors of length one
PENALTIES = (0.1, 0.3, 1.0, 3.0, 10.0)  # of large weights; the one with which labels are foretold best is taken
SHARPNESS = np.geomspace(0.5, 100, 24)  # of what is told by scores, chosen likewise
LEAST = 1e-3  # of a share, for its logarithm

Matrix = NDArray[np.float32]
Labels = NDArray[np.int64]
Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Row n is vector n's: the label that it reads like most, of all but its own, and what speaks for that one."""

    better: Labels
    features: NDArray[np.float64]


class Judges:
    """Of one set of vectors, under any labels. `rows` and `cosines` are of each vector's neighbours, nearest first;
    `named` (vectors, labels) is how likely each label is by its name alone."""

    def __init__(
        self, vectors: Matrix, labels: Labels, rows: NDArray[np.int32], cosines: Matrix, named: Matrix | None
    ) -> None:
        self._number = int(labels.max()) + 1
        self._left_out = LeftOut(vectors, labels)
        self._voters = rows
        self._weights = np.maximum(cosines, 0.0).astype(np.float64) ** 4
        self._named = named if named is not None and _names_say_something(named, labels) else None

    def told(self, labels: Labels) -> Shares:
        """How likely each label is for each vector, by linear classification without it."""
        return self._left_out.shares(labels)

    def evidence(self, labels: Labels) -> Evidence:
        few = int(np.clip(np.median(np.bincount(labels)) // 3, FEWEST_VOTERS, MOST_VOTERS))
        judges = [self.told(labels), self._votes(labels, few)]
        if self._named is not None:
            judges.append(self._named.astype(np.float64))
        shares = np.mean(judges, axis=0)
        at = np.arange(len(labels))
        others = shares.copy()
        others[at, labels] = -1
        better = others.argmax(axis=1)
        features = [*_sizes(labels, better, self._number), *_confusion(shares, labels, better)]
        for judge in (*judges, self._votes(labels, MOST_VOTERS)):
            own, other = judge[at, labels], judge[at, better]
            features += [np.log(other + LEAST) - np.log(own + LEAST), other - own, judge.max(axis=1) - other]
        return Evidence(better, np.column_stack(features))

    def _votes(self, labels: Labels, voters: int) -> Shares:
        votes = np.full((len(labels), self._number), LEAST)
        at = np.arange(len(labels))
        for column, weight in zip(self._voters.T[:voters], self._weights.T[:voters], strict=True):
            votes[at, labels[column]] += weight
        shares: Shares = votes / votes.sum(axis=1, keepdims=True)
        return shares


class LeftOut:
    """Ridge regression on the labels. What it says of a vector that it was not fitted to follows from the fit to all
    (Hastie, Tibshirani, Friedman, *The Elements of Statistical Learning*, 7.10)."""

    def __init__(self, vectors: Matrix, labels: Labels) -> None:
        self._vectors = np.hstack([vectors, np.full((len(vectors), 1), BIAS, dtype=np.float32)])
        self._gram = (self._vectors.T @ self._vectors).astype(np.float64)
        self._number = int(labels.max()) + 1
        fits = [self._fit(penalty) for penalty in PENALTIES]
        self._inverse, self._leverage = max(fits, key=lambda fit: _sharpened(self._scores(labels, *fit), labels)[0])

    def shares(self, labels: Labels) -> Shares:
        return _sharpened(self._scores(labels, self._inverse, self._leverage), labels)[1]

    def _fit(self, penalty: float) -> tuple[Matrix, Matrix]:
        inverse = np.linalg.inv(self._gram + penalty * np.eye(len(self._gram))).astype(np.float32)
        return inverse, np.einsum("nd,nd->n", self._vectors @ inverse, self._vectors)

    def _scores(self, labels: Labels, inverse: Matrix, leverage: Matrix) -> Matrix:
        sums = np.zeros((self._number, self._vectors.shape[1]), dtype=np.float32)
        np.add.at(sums, labels, self._vectors)
        scores: Matrix = self._vectors @ (inverse @ sums.T)
        scores[np.arange(len(labels)), labels] -= leverage
        scores /= np.maximum(1 - leverage, 1e-3)[:, None]
        return scores


def _sharpened(scores: Matrix, labels: Labels) -> tuple[float, Shares]:
    """Shares from scores, as sharp as the labels bear out, and the mean logarithm of what the labels get."""
    at = np.arange(len(labels))
    best, told = -np.inf, np.empty(0)
    for sharpness in SHARPNESS:
        logits = (scores - scores.max(axis=1, keepdims=True)).astype(np.float64) * sharpness
        shares = np.exp(logits)
        shares /= shares.sum(axis=1, keepdims=True)
        likelihood = float(np.log(shares[at, labels] + 1e-12).mean())
        if likelihood <= best:
            break  # there is one optimum
        best, told = likelihood, shares
    return best, told


def _sizes(labels: Labels, better: Labels, number: int) -> list[NDArray[np.float64]]:
    logarithms = np.log1p(np.bincount(labels, minlength=number))
    return [logarithms[labels], logarithms[better]]


def _confusion(shares: Shares, labels: Labels, better: Labels) -> list[NDArray[np.float64]]:
    """The shares of both labels, and as against what vectors of these labels get on the average."""
    at = np.arange(len(labels))
    own, other = shares[at, labels], shares[at, better]
    usual = mean_shares(shares, labels)
    sure = usual.diagonal()
    return [
        *(other - own, other, own, other - sure[better], own - sure[labels]),
        *(usual[labels, better], usual[better, labels], sure[better], sure[labels]),
    ]


def mean_shares(shares: Shares, labels: Labels) -> Shares:
    """Row k: what vectors of label k get on the average; shape (labels, labels)."""
    number = shares.shape[1]
    means = np.zeros((number, number))
    np.add.at(means, labels, shares)
    means /= np.maximum(np.bincount(labels, minlength=number), 1)[:, None]
    return means


def _names_say_something(named: Matrix, labels: Labels) -> bool:
    """Whether they tell labels at least twice as well as always naming the largest."""
    is_right = float((named.argmax(axis=1) == labels).mean())
    return is_right >= 2 * float(np.bincount(labels).max()) / len(labels)
