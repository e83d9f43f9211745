"""Phrases in quotes inside a running text: no condition, but what has them comes before what has not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from search.retrieval.query.query_words import QueryWords
from search.retrieval.ranking import fusion

MAX_WISHES = 8  # of one query


def with_wishes(scores: fusion.Scores, words: QueryWords, ids: NDArray[np.int64]) -> fusion.Scores:
    """The scores, standardised and lifted for each phrase that the item has: the rarer the phrase, the further."""
    if not words.wished or not len(ids):
        return scores
    lifted = fusion.standardise(scores)
    for has_phrase in _having(words.wished[:MAX_WISHES], ids):
        lifted += phrase_lift(has_phrase, words.documents)
    return lifted


def phrase_lift(has_phrase: fusion.Scores, documents: int) -> fusion.Scores:
    """The phrase's inverse document frequency where it is, in standard deviations of the scores; never negative."""
    lift: fusion.Scores = has_phrase * max(math.log((documents + 1) / (has_phrase.sum() + 0.5)), 0.0)
    return lift


def _having(wished: Sequence[str], ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """1 where the item has the phrase, of shape (phrases, items)."""
    columns = ", ".join(f"search_vector @@ %(wish{n})s::tsquery" for n in range(len(wished)))
    parameters: dict[str, Any] = {f"wish{n}": wish for n, wish in enumerate(wished)} | {"ids": ids.tolist()}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {columns} FROM catalog_item WHERE id = ANY(%(ids)s)", parameters)
        having = {row[0]: row[1:] for row in cursor.fetchall()}
    nothing = (False,) * len(wished)
    return np.array([having.get(item_id, nothing) for item_id in ids.tolist()], dtype=np.float64).T
