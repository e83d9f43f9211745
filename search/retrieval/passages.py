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
from search.retrieval.types import Hit, SearchRequest
from search.timing import stage

MAX_ITEMS = 50  # whose passages are looked at

BEST = """
    SELECT p.item_id, p.ordinal, p.start, p."end", 1 - ({distance}) AS score FROM search_passage p
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


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """`ordinal` is 0 for an item of one passage, and else counts its passages from 1."""

    item_id: int
    ordinal: int
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """The passages nearest to a query, best first, with the hits and texts of their items by id."""

    space_id: int
    hits: dict[int, Hit]
    texts: dict[int, str]
    passages: tuple[FoundPassage, ...]


def find_passages(*, collection: Collection, query_text: str, limit: int) -> list[PassageHit]:
    """The passages nearest to the query among the items that hybrid search finds. Raises EncoderUnavailable."""
    found = nearest_passages(collection=collection, query_text=query_text, limit=limit)
    return [] if found is None else [_hit(one, found) for one in found.passages]


def _hit(one: FoundPassage, found: Found) -> PassageHit:
    hit, text = found.hits[one.item_id], found.texts[one.item_id][one.start : one.end]
    return PassageHit(hit.external_id, hit.title, hit.url, text, one.start, one.end, one.score)


@stage("search.passages")
def nearest_passages(*, collection: Collection, query_text: str, limit: int) -> Found | None:
    """The same as rows; None where nothing is found. Raises EncoderUnavailable."""
    request = SearchRequest(collection, query_text, limit=MAX_ITEMS)
    prepared = prepare(request)
    if prepared is None:
        return None
    hits = {hit.item_id: hit for hit in answer(request, prepared).hits}
    if not hits:
        return None
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
    found = tuple(FoundPassage(i, n, start, end, float(score)) for i, n, start, end, score in rows if i in texts)
    return Found(space.pk, hits, texts, found)
