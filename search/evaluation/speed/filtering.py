"""How search holds where a filter leaves little: on a collection of `scale_corpus`, whose items each drew a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from catalog.models import Collection
from search.embedding.query_vectors import query_vector
from search.embedding.spaces.lifecycle import active_space
from search.evaluation.scaling.corpus import DRAW, DRAWN_BELOW
from search.evaluation.speed import latency
from search.retrieval.query.parsing import parse_query
from search.retrieval.query.query_words import QueryWords, query_words
from search.retrieval.ranking import legs
from search.retrieval.ranking.filters import conditions_of
from search.retrieval.ranking.fusion import Scores
from search.retrieval.search import search
from search.retrieval.types import Filter, SearchRequest

SHARES: Final = (0.5, 0.1, 0.01, 0.001)  # of the items that the filter leaves
LIMIT: Final = 10
ROUNDING: Final = 1e-6  # of a similarity, beyond which one is nearer than another


@dataclass(frozen=True, slots=True)
class FilteredFigures:
    """Latency of hybrid search, recall of its nearest ten against exact search, and the share of full first pages."""

    p50_ms: float
    p95_ms: float
    recall_at_10: float
    full_pages: float


def measure_filters(collection: Collection, queries: Sequence[str]) -> dict[str, FilteredFigures]:
    """By the share that the filter leaves, as "10%". Empty for a collection without numbers drawn."""
    if DRAW not in collection.attribute_schema:
        return {}
    parts = [queries[n :: len(SHARES)] for n in range(len(SHARES))]
    return {
        f"{share:.1%}".replace(".0%", "%"): _measure(collection, part, share)
        for share, part in zip(SHARES, parts, strict=True)
    }


def _measure(collection: Collection, queries: Sequence[str], share: float) -> FilteredFigures:
    wanted = Filter(DRAW, minimum=0, maximum=DRAWN_BELOW * share - 1)
    full: list[bool] = []

    def ask(query: str) -> None:
        found = search(SearchRequest(collection, query, limit=LIMIT, filters=(wanted,)))
        full.append(len(found.hits) == LIMIT)

    taken = latency.measure(queries, ask, clients=1)
    recall = float(np.mean([_recall(collection, query, wanted) for query in queries]))
    return FilteredFigures(taken.p50_ms, taken.p95_ms, round(recall, 4), round(float(np.mean(full)), 4))


def _recall(collection: Collection, query: str, wanted: Filter) -> float:
    """Of the semantic leg as search asks it, by the similarity that the nearest ten reach."""
    words = query_words(collection, parse_query(query))
    few = legs.few_left(collection, conditions_of([wanted]), words, [wanted])
    found, exact = (_similarities(collection, query, wanted, words, one) for one in (few is not None, True))
    if not len(exact):
        return 1.0
    return float(np.count_nonzero(found >= exact[-1] - ROUNDING)) / len(exact)


def _similarities(collection: Collection, query: str, wanted: Filter, words: QueryWords, is_exact: bool) -> Scores:
    """Of the nearest ten, nearest first."""
    space = active_space()
    candidates = legs.retrieve(
        collection=collection,
        conditions=conditions_of([wanted]),
        words=words,
        space=space,
        query_vector=query_vector(space, query),
        is_lexical=False,
        is_exact=is_exact,
    )
    return np.sort(candidates.passage_similarity)[::-1][:LIMIT]
