"""What one person is interested in: a few directions among the items' vectors, the latest strongest. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_INTERESTS = 5
JOINS = 0.4  # cosine from which on two items are one interest, where the collection does not say

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Interests:
    """Row n of `vectors` is a direction of length one; the strongest interest has the strength 1.

    `of_event` names the interest of each event that was folded.
    """

    vectors: Vectors
    strengths: Vectors
    of_event: NDArray[np.int32]

    def scores(self, items: Vectors) -> Vectors:
        """How well each item suits the interest that it suits best; weaker interests count less."""
        if not len(self.vectors):
            return np.zeros(len(items), dtype=np.float32)
        near = np.maximum(items @ self.vectors.T, 0) * np.sqrt(self.strengths)
        best: Vectors = near.max(axis=1)
        return best

    def serving(self, vectors: dict[int, Vectors]) -> dict[int, int]:
        """By item the interest that it suits best."""
        if not len(self.vectors) or not vectors:
            return {}
        near = np.stack(list(vectors.values())) @ self.vectors.T
        return dict(zip(vectors, near.argmax(axis=1).tolist(), strict=True))


def fold(vectors: Vectors, weights: Vectors, *, joins: float = JOINS) -> Interests:
    """Events, oldest first, each with its weight (decayed already).

    Each joins the interest that it is nearest to, or begins one; beyond the most, the two nearest become one.
    """
    sums: list[Vectors] = []
    of_event: list[int] = []
    for vector, weight in zip(vectors, weights, strict=True):
        near = [float(vector @ total) / max(float(np.linalg.norm(total)), 1e-9) for total in sums]
        best = int(np.argmax(near)) if near else -1
        if best < 0 or near[best] < joins:
            sums.append(np.zeros_like(vector))
            best = len(sums) - 1
        sums[best] = sums[best] + weight * vector
        of_event.append(best)
        if len(sums) > MOST_INTERESTS:
            kept, gone = _nearest_two(np.stack(sums))
            sums[kept] = sums[kept] + sums.pop(gone)
            of_event = [kept if n == gone else n - (n > gone) for n in of_event]
    return _interests(sums, of_event, vectors)


def _nearest_two(sums: Vectors) -> tuple[int, int]:
    unit = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    near = np.tril(unit @ unit.T + 2, -1)
    gone, kept = np.unravel_index(int(near.argmax()), near.shape)
    return int(kept), int(gone)


def _interests(sums: list[Vectors], of_event: list[int], vectors: Vectors) -> Interests:
    if not sums:
        none = np.zeros(0, dtype=np.float32)
        return Interests(np.zeros((0, vectors.shape[1]), dtype=np.float32), none, np.zeros(0, dtype=np.int32))
    totals = np.stack(sums)
    lengths = np.linalg.norm(totals, axis=1)
    units = (totals / np.maximum(lengths[:, None], 1e-9)).astype(np.float32)
    strengths = (lengths / max(float(lengths.max()), 1e-9)).astype(np.float32)
    return Interests(units, strengths, np.array(of_event, dtype=np.int32))


def joins_in(vectors: Vectors, *, pairs: int = 5_000) -> float:
    """The cosine that one in fifty pairs of items drawn by chance exceeds: what is nearer is one interest."""
    if len(vectors) < 20:
        return JOINS
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, len(vectors), (2, pairs))
    apart = first != second
    cosines = np.einsum("nd,nd->n", vectors[first[apart]], vectors[second[apart]])
    return float(np.clip(np.quantile(cosines, 0.98), 0.1, 0.9))
