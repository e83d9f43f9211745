"""Passages of a collection that answer a query, ready as context for a language model."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from catalog.models import Collection
from search.embedding.query_vectors import query_vector
from search.embedding.spaces.lifecycle import active_space
from search.embedding.storage import sql_of
from search.embedding.text import embedded_text
from search.retrieval.ranking.index_query import fetch
from search.retrieval.search import answer, prepare
from search.retrieval.types import SearchRequest
from search.timing import stage

MAX_ITEMS = 50  # whose passages are looked at

BEST = """
    SELECT p.item_id, p.start, p."end", 1 - ({distance}) AS score FROM search_passage p
    WHERE p.space_id = %(space)s AND p.item_id = ANY(%(ids)s) AND p.start < p."end"
      AND (p.ordinal > 0 OR NOT EXISTS (
          SELECT 1 FROM search_passage o WHERE o.item_id = p.item_id AND o.space_id = p.space_id AND o.ordinal = 1))
    ORDER BY score DESC, p.item_id, p.start LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class PassageHit:
    """A span of an item's text (title, line break, body) and its cosine to the query."""

    external_id: str
    title: str
    url: str
    text: str
    start: int
    end: int
    score: float


@stage("search.passages")
def find_passages(*, collection: Collection, query_text: str, limit: int) -> list[PassageHit]:
    """The passages nearest to the query among the items that hybrid search finds. Raises EncoderUnavailable."""
    request = SearchRequest(collection, query_text, limit=MAX_ITEMS)
    prepared = prepare(request)
    if prepared is None:
        return []
    hits = {hit.item_id: hit for hit in answer(request, prepared).hits}
    if not hits:
        return []
    space = prepared.space or active_space()
    vectors = sql_of(space)
    query = vectors.query_text(query_vector(space, prepared.parsed.text))
    rows = fetch(
        BEST.format(distance=vectors.distance()),
        {"query": query, "space": space.pk, "ids": list(hits), "limit": limit},
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, title, body FROM catalog_item WHERE id = ANY(%s)", [[row[0] for row in rows]])
        texts = {row[0]: embedded_text(row[1], row[2]) for row in cursor.fetchall()}
    return [
        PassageHit(hits[i].external_id, hits[i].title, hits[i].url, texts[i][start:end], start, end, float(score))
        for i, start, end, score in rows
        if i in texts
    ]
