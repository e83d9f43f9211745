"""From the scores of two legs to one order. Pure: numpy only."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FEEDBACK_HITS = 5
FEEDBACK_WEIGHT = 0.5
RRF_K = 60

Scores: TypeAlias = NDArray[np.float64]  # (candidates,), larger is better


def standardise(scores: Scores) -> Scores:
    """Z-scores, all zero where the scores do not differ."""
    deviation = float(scores.std()) if scores.size else 0.0
    if deviation < 1e-9:
        return np.zeros_like(scores)
    return np.asarray((scores - scores.mean()) / deviation)


def semantic_score(item_similarity: Scores, passage_similarity: Scores) -> Scores:
    """The mean of the whole item's similarity and its best passage's."""
    return (item_similarity + passage_similarity) / 2


def fuse(lexical: Scores, semantic: Scores) -> Scores:
    """Standardised words plus standardised meaning, in equal parts."""
    return standardise(lexical) + standardise(semantic)


def add_feedback(fused: Scores, feedback_similarity: Scores) -> Scores:
    """Moves the scores towards items that resemble the first hits' centroid."""
    return fused + FEEDBACK_WEIGHT * standardise(feedback_similarity)


def fuse_reciprocal_ranks(lexical: Scores, semantic: Scores, k: int = RRF_K) -> Scores:
    """Reciprocal rank fusion, for comparison: 1 / (k + rank) of each leg, summed."""
    return 1 / (k + ranks(lexical)) + 1 / (k + ranks(semantic))


def ranks(scores: Scores) -> NDArray[np.int64]:
    """The rank of each score, from 1; equal scores keep their order."""
    result = np.empty(len(scores), dtype=np.int64)
    result[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return result


def order_of(scores: Scores, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions by descending score, ties by ascending id."""
    return np.lexsort((ids, -np.round(scores, 9)))
