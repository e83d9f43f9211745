"""The value of an attribute from a vector: what the values are called slides into what their examples look like. Pure.

All items take part, with a value or without. Each value is a Gaussian around the mean of its items, the spread is the
same for all; items without a value count for each as far as they are thought to have it (expectation maximisation),
starting from how near they are to the values' descriptions. How sure an answer sounds is then set by the neighbours:
it may be no surer than they bear out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DIRECTIONS = 32  # that the vectors are reduced to
SHRINKAGE = 0.4  # of the spread towards one that is the same in every direction
ROUNDS = 6
SHARPNESS = 2.0  # of the first guess by descriptions, in standard deviations
SIZE_COUNTS = 0.5  # how far a large value is expected more than a small one
EXAMPLE_WEIGHT = 10.0  # of an item that has a value, against one that has none
DESCRIPTION_WEIGHT = 4.0  # of the description where a value has no items, and
DESCRIPTION_ITEMS = 50.0  # the items of a value by which it weighs half as much
TEMPERATURES = np.geomspace(0.7, 60, 28)

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Posterior:
    """Linear: `probabilities` of vectors of shape (n, dimensions) are of shape (n, values)."""

    weights: Matrix  # (dimensions, values)
    bias: Matrix  # (values,)

    def probabilities(self, vectors: Matrix) -> Matrix:
        return softmax(vectors @ self.weights + self.bias)


def learn(smooth: Matrix, descriptions: Matrix, known: Matrix, neighbours: NDArray[np.int32]) -> Posterior:
    """`smooth` (n, d) are the items' vectors smoothed by their `neighbours` (n, m), `descriptions` (k, d) those of the
    values, `known` (n, k) has in each row what the item has, summing to one, or zeros.

    guess by descriptions -> repeat: fit the Gaussians, guess anew -> set the temperature by the neighbours
    """
    mean = smooth.mean(axis=0)
    directions = _directions(smooth - mean)
    near, near_bias = by_descriptions(smooth, mean, descriptions)
    reduced = (smooth - mean) @ directions
    has_value = known.sum(axis=1) > 0
    importance = np.where(has_value, EXAMPLE_WEIGHT, 1.0).astype(np.float32)
    closeness = smooth @ near + near_bias
    guess = np.where(has_value[:, None], known, softmax(closeness * SHARPNESS))
    described = _description_weight(len(smooth), len(descriptions))
    for _ in range(ROUNDS):
        inner, inner_bias = _fit(reduced, guess, importance)
        logits = reduced @ inner + inner_bias + described * closeness
        guess = np.where(has_value[:, None], known, softmax(logits))
    temperature = _temperature(logits, neighbours, guess)
    weights = directions @ inner
    bias = inner_bias - mean @ weights + described * near_bias
    weights = weights + described * near
    return Posterior((weights / temperature).astype(np.float32), (bias / temperature).astype(np.float32))


def softmax(logits: Matrix) -> Matrix:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Matrix = (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def _directions(centred: Matrix) -> Matrix:
    """The main directions, shape (d, at most DIRECTIONS)."""
    _, vectors = np.linalg.eigh(centred.T @ centred)
    return np.ascontiguousarray(vectors[:, ::-1][:, : min(DIRECTIONS, max(len(centred) - 1, 1))])


def told_by_descriptions(vectors: Matrix, descriptions: Matrix) -> Matrix:
    """How likely each value is for each vector, by its description alone; shape (n, k)."""
    weights, bias = by_descriptions(vectors, vectors.mean(axis=0), descriptions)
    return softmax((vectors @ weights + bias) * SHARPNESS)


def by_descriptions(smooth: Matrix, mean: Matrix, descriptions: Matrix) -> tuple[Matrix, Matrix]:
    """Weights and bias of the likeness to each description. What all items, or all descriptions, share does not count;
    its standard deviation is one."""
    centred = descriptions - descriptions.mean(axis=0)
    centred = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    spread = max(float(((smooth - mean) @ centred.T).std()), 1e-6)
    weights = centred.T / spread
    return weights, -(mean @ weights)


def _description_weight(items: int, values: int) -> float:
    return DESCRIPTION_WEIGHT * DESCRIPTION_ITEMS / (items / values + DESCRIPTION_ITEMS)


def _fit(reduced: Matrix, shares: Matrix, importance: Matrix) -> tuple[Matrix, Matrix]:
    """Weights and bias of the Gaussians around the means of what is shared out to each value."""
    weighted = shares * importance[:, None]
    sizes = weighted.sum(axis=0) + 1e-6
    means = (weighted.T @ reduced) / sizes[:, None]
    total = float(importance.sum())
    spread = (reduced * importance[:, None]).T @ reduced / total - (means.T * sizes) @ means / total
    level = max(float(np.trace(spread)) / len(spread), 1e-9)
    spread = (1 - SHRINKAGE) * spread + SHRINKAGE * level * np.eye(len(spread), dtype=np.float32)
    weights = np.linalg.solve(spread, means.T)
    bias = -0.5 * np.einsum("kd,dk->k", means, weights) + SIZE_COUNTS * np.log(sizes / sizes.sum())
    return weights, bias


def _temperature(logits: Matrix, neighbours: NDArray[np.int32], guess: Matrix) -> float:
    """The one under which the answers foretell best what the neighbours' answers are."""
    if neighbours.shape[1] == 0:
        return 1.0
    answers = guess.argmax(axis=1)
    rows = np.arange(len(logits))
    votes = np.zeros_like(logits)
    for column in neighbours.T:
        votes[rows, answers[column]] += 1 / neighbours.shape[1]
    losses = [-float((votes * np.log(softmax(logits / t) + 1e-9)).sum()) for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])
