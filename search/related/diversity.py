"""Maximal marginal relevance: near to what was asked for, far from what was chosen already. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def diversify(scores: NDArray[np.float32], vectors: NDArray[np.float32], *, limit: int, diversity: float) -> list[int]:
    """Positions of the chosen rows. `diversity` 0 keeps the order of the scores, 1 looks at novelty alone.

    Source: Carbonell and Goldstein, 1998.
    """
    chosen: list[int] = []
    nearest = np.full(len(scores), -1.0, dtype=np.float32)  # cosine to the nearest chosen row
    left = np.ones(len(scores), dtype=bool)
    while left.any() and len(chosen) < limit:
        novelty = nearest if chosen else np.zeros_like(nearest)
        value = np.where(left, (1 - diversity) * scores - diversity * novelty, -np.inf)
        best = int(np.argmax(value))
        chosen.append(best)
        left[best] = False
        nearest = np.maximum(nearest, vectors @ vectors[best])
    return chosen
