"""How far the words of a query can be trusted: by what chance alone would reach in the collection. Pure: numpy only.

Standardising makes the best of poor matches look as good as a real one. Words that have nothing to do with each other
still meet in some item, and the more words there are, the more of them do. So the best score is compared with what the
best of as many items would reach if each word fell on items independently of the others.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from search.retrieval.query.query_words import QueryWords
from search.retrieval.ranking.lexical import K1

ONCE = 1 / (1 + K1)  # what BM25 gives a word that an item of average length has once, of what it gives at most
TILTS = np.geomspace(0.01, 10.0, 120)  # of the bound below, which is the tightest among them
MAX_EXPONENT = 60.0


def word_trust(best_score: float, words: QueryWords) -> float:
    """How far the words count beside the meaning, in [0, 1], given the best lexical score.

    Fully when chance would give such an item once in as many collections as this one has items, proportionally less
    below, by Chernoff's bound on the sum of the words' independent scores.
    """
    if best_score <= 0 or not words.words:
        return 0.0
    if words.documents < 2:
        return 1.0
    surprise = float(np.max(TILTS * best_score - _log_moments(words)))
    return float(np.clip(surprise / (2 * math.log(words.documents)), 0.0, 1.0))


def _log_moments(words: QueryWords) -> NDArray[np.float64]:
    """The logarithm of the moment generating function of a random item's score, at each tilt."""
    share = np.array([min(word.documents / words.documents, 1.0) for word in words.words])
    scores = ONCE * np.array([words.weight(word) for word in words.words])
    exponents = np.minimum(TILTS[:, None] * scores, MAX_EXPONENT)
    moments: NDArray[np.float64] = np.log1p(share * np.expm1(exponents)).sum(axis=1)
    return moments
