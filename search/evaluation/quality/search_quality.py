"""How good search is on a judged set, for each mode, through the same function that people search with."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from catalog.models import Collection
from search.evaluation import metrics
from search.evaluation.datasets import JudgedQuery
from search.retrieval.search import search
from search.retrieval.types import MAX_QUERY_LENGTH, MODES, Mode, SearchRequest

DEPTH = 100  # hits asked for


@dataclass(frozen=True, slots=True)
class ModeFigures:
    """Means over the queries that have a relevant item, and latencies of one query in milliseconds.

    `gains` is the nDCG@10 of each query by its id.
    """

    ndcg_at_10: float
    ci95: tuple[float, float]
    recall_at_100: float
    mrr_at_10: float
    p50_ms: float
    p95_ms: float
    gains: dict[str, float] = field(default_factory=dict)

    def rounded(self) -> dict[str, Any]:
        """The means as they are reported and stored."""
        means = {name: value for name, value in asdict(self).items() if name != "gains"}
        return {
            name: [round(part, 4) for part in value] if isinstance(value, tuple) else round(value, 4)
            for name, value in means.items()
        }


def evaluate_search(collection: Collection, queries: Sequence[JudgedQuery]) -> dict[Mode, ModeFigures]:
    """The figures of each mode."""
    judged = [query for query in queries if any(grade > 0 for grade in query.grades.values())]
    return {mode: evaluate_mode(collection, judged, mode) for mode in MODES}


def evaluate_mode(collection: Collection, queries: Sequence[JudgedQuery], mode: Mode) -> ModeFigures:
    """The figures of one mode; every query has a relevant item."""
    if not queries:
        return ModeFigures(0.0, (0.0, 0.0), 0.0, 0.0, 0.0, 0.0)
    rankings, latencies = [], []
    for query in queries:
        started = time.perf_counter()
        rankings.append(_ranking(collection, query.text, mode))
        latencies.append((time.perf_counter() - started) * 1_000)
    pairs = list(zip(rankings, (query.grades for query in queries), strict=True))
    gains = [metrics.ndcg(ranking, grades) for ranking, grades in pairs]
    return ModeFigures(
        ndcg_at_10=float(np.mean(gains)),
        ci95=metrics.bootstrap_interval(gains),
        recall_at_100=float(np.mean([metrics.recall(ranking, grades) for ranking, grades in pairs])),
        mrr_at_10=float(np.mean([metrics.reciprocal_rank(ranking, grades) for ranking, grades in pairs])),
        p50_ms=float(np.percentile(latencies, 50)),
        p95_ms=float(np.percentile(latencies, 95)),
        gains={query.id: round(gain, 6) for query, gain in zip(queries, gains, strict=True)},
    )


def _ranking(collection: Collection, text: str, mode: Mode) -> list[str]:
    request = SearchRequest(collection, text[:MAX_QUERY_LENGTH], mode=mode, limit=DEPTH)
    return [hit.external_id for hit in search(request).hits]
