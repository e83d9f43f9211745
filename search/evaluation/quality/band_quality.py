"""Whether bands tell the truth: the share of relevant items in each, and whether order and headings agree with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from catalog.models import Collection
from search.evaluation.datasets import JudgedQuery
from search.retrieval.answer.bands import BANDS
from search.retrieval.search import search
from search.retrieval.types import MAX_QUERY_LENGTH, Band, SearchRequest

DEPTH: Final = 10  # hits of each query
CLEARLY: Final = 2  # the grade from which an item is relevant, in sets that tell grades apart


@dataclass(slots=True)
class BandFigures:
    """Of the first ten hits of each query. `least_grade` is the grade from which an item counts as relevant."""

    least_grade: int
    queries: int = 0
    contradicted: int = 0  # queries with a better band below a worse one
    nothing_relevant: list[str] = field(default_factory=list)  # queries that are said to have no answer
    hits: dict[Band, int] = field(default_factory=lambda: defaultdict(int))
    relevant: dict[Band, int] = field(default_factory=lambda: defaultdict(int))

    def rounded(self) -> dict[str, Any]:
        """The figures as they are reported."""
        bands = {
            band: {"hits": self.hits[band], "relevant": round(self.relevant[band] / self.hits[band], 4)}
            for band in BANDS
            if self.hits[band]
        }
        return {
            "least_grade": self.least_grade,
            "bands": bands,
            "contradicted": self.contradicted,
            "nothing_relevant": self.nothing_relevant,
        }


def evaluate_bands(collection: Collection, queries: Sequence[JudgedQuery]) -> BandFigures:
    """The figures of hybrid search, over the queries that have a relevant item; what is not judged is irrelevant."""
    judged = [query for query in queries if any(grade > 0 for grade in query.grades.values())]
    best = max((grade for query in judged for grade in query.grades.values()), default=1)
    figures = BandFigures(min(CLEARLY, best))
    for query in judged:
        _add(figures, collection, query)
    return figures


def _add(figures: BandFigures, collection: Collection, query: JudgedQuery) -> None:
    found = search(SearchRequest(collection, query.text[:MAX_QUERY_LENGTH], limit=DEPTH))
    places = [BANDS.index(hit.band) for hit in found.hits]
    figures.queries += 1
    figures.contradicted += places != sorted(places)
    if found.is_nothing_relevant or not found.hits:
        figures.nothing_relevant.append(query.text)
    for hit in found.hits:
        figures.hits[hit.band] += 1
        figures.relevant[hit.band] += query.grades.get(hit.external_id, 0) >= figures.least_grade
