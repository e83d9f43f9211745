"""How examples become a direction to look in, and how what is found is scored. Pure."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

NEGATIVE_WEIGHT = 0.5
MOST_TARGETS = 20  # directions that are looked in
MOST_MEDOIDS = 4

Vector = NDArray[np.float32]
Vectors = NDArray[np.float32]


class Strategy(StrEnum):
    AVERAGE = "average"  # near to the mean of the positive examples, less half the mean of the negative ones
    BEST_SCORE = "best_score"  # near to any positive example, and nearer to it than to any negative one
    MEDOIDS = "medoids"  # the same for a few examples that stand for all, which take turns


def average(positive: Vectors, weights: Vector, negative: Vectors, against: Vector) -> Vector | None:
    """One direction of length one; None where the examples cancel each other out."""
    target = (positive * weights[:, None]).sum(axis=0) / max(float(weights.sum()), 1e-9)
    if len(negative):
        target = target - NEGATIVE_WEIGHT * (negative * against[:, None]).mean(axis=0)
    length = float(np.linalg.norm(target))
    return None if length < 1e-6 else np.asarray(target / length, dtype=np.float32)


def medoids(positive: Vectors, weights: Vector) -> list[int]:
    """Rows of a few examples such that each example is near to one of them, chosen greedily."""
    near = positive @ positive.T
    covered = np.full(len(positive), -1.0, dtype=np.float32)
    chosen: list[int] = []
    while len(chosen) < min(MOST_MEDOIDS, len(positive)):
        gains = (np.maximum(near - covered[:, None], 0) * weights[:, None]).sum(axis=0)
        gains[chosen] = -1
        best = int(gains.argmax())
        if chosen and gains[best] < 0.1 * float(weights.sum()):
            break
        chosen.append(best)
        covered = np.maximum(covered, near[:, best])
    return chosen


def best_scores(items: Vectors, positive: Vectors, weights: Vector, negative: Vectors, against: Vector) -> Vector:
    """The best weighted cosine to a positive example; -inf for what is nearer to a negative one."""
    liked = (items @ positive.T * (weights / weights.max())).max(axis=1)
    if not len(negative):
        return np.asarray(liked, dtype=np.float32)
    disliked = (items @ negative.T * np.minimum(against, 1)).max(axis=1)
    return np.asarray(np.where(disliked >= (items @ positive.T).max(axis=1), -np.inf, liked), dtype=np.float32)


def in_turns(scores: Vector, targets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows, best first, such that each target gives one in turn."""
    order = np.argsort(-scores, kind="stable")
    rank = np.zeros(len(scores), dtype=np.int64)
    given: dict[int, int] = {}
    for row in order.tolist():
        target = int(targets[row])
        rank[row] = given.get(target, 0)
        given[target] = given.get(target, 0) + 1
    return np.lexsort((-scores, rank))
