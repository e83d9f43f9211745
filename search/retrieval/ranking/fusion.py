"""From the scores of two legs to one order. Pure: numpy only."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FEEDBACK_HITS = 5
FEEDBACK_WEIGHT = 0.5
RRF_K = 60

Scores: TypeAlias = NDArray[np.float64]  # (candidates,), larger is better
Known: TypeAlias = NDArray[np.bool_]  # (candidates,), whether there is a score yet


def standardise(scores: Scores, is_known: Known | None = None) -> Scores:
    """Z-scores, all zero where the scores do not differ. What is not known neither gains nor loses: it has zero."""
    known = scores if is_known is None else scores[is_known]
    deviation = float(known.std()) if known.size else 0.0
    if deviation < 1e-9:
        return np.zeros_like(scores)
    standardised = (scores - known.mean()) / deviation
    return standardised if is_known is None else np.where(is_known, standardised, 0.0)


def semantic_score(item_similarity: Scores, passage_similarity: Scores) -> Scores:
    """The mean of the whole item's similarity and its best passage's."""
    return (item_similarity + passage_similarity) / 2


def fuse(
    lexical: Scores,
    semantic: Scores,
    is_embedded: Known | None = None,
    *,
    word_weight: float = 1.0,
    semantic_weight: float = 1.0,
) -> Scores:
    """Standardised words, as far as they are trusted, plus standardised meaning."""
    return word_weight * standardise(lexical) + semantic_weight * standardise(semantic, is_embedded)


def centroid_similarity(vectors: NDArray[np.float32], first: NDArray[np.int64]) -> Scores:
    """The cosine of each unit vector to the mean of the `first` ones; zero for one without a vector."""
    known = vectors[first][vectors[first].any(axis=1)]
    centroid = known.mean(axis=0) if len(known) else np.zeros(vectors.shape[1], dtype=np.float32)
    length = float(np.linalg.norm(centroid))
    similarity: Scores = (vectors @ centroid).astype(np.float64) / (length or 1.0)
    return similarity


def add_feedback(fused: Scores, feedback_similarity: Scores, is_embedded: Known | None = None) -> Scores:
    """Moves the scores towards items that resemble the first hits' centroid."""
    return fused + FEEDBACK_WEIGHT * standardise(feedback_similarity, is_embedded)


def fuse_reciprocal_ranks(
    lexical: Scores,
    semantic: Scores,
    is_embedded: Known | None = None,
    *,
    k: int = RRF_K,
    word_weight: float = 1.0,
    semantic_weight: float = 1.0,
) -> Scores:
    """Reciprocal rank fusion: 1 / (k + rank) of each leg that found the item, weighted and summed."""
    words = np.where(lexical > 0, word_weight / (k + ranks(lexical)), 0.0)
    meaning = semantic_weight / (k + ranks(semantic))
    return words + (meaning if is_embedded is None else np.where(is_embedded, meaning, 0.0))


def ranks(scores: Scores) -> NDArray[np.int64]:
    """The rank of each score, from 1; equal scores keep their order."""
    result = np.empty(len(scores), dtype=np.int64)
    result[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return result


def order_of(scores: Scores, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions by descending score, ties by ascending id."""
    return np.lexsort((ids, -np.round(scores, 9)))
