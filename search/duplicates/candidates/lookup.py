"""Candidates for some items, found by PostgreSQL: the vector index and the index of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from catalog.models import Collection
from catalog.models.item import VISIBLE
from search.duplicates.candidates.generation import MOST_NEIGHBOURS, NEAR_COSINE, NEAREST, RARE, RARE_PARTNERS, Floats
from search.duplicates.reading.words import WordStatistics
from search.duplicates.rules import Rules
from search.embedding.storage import MAX_EF_SEARCH, QUERY, VectorSql, sql_of
from search.models import EmbeddingSpace
from search.retrieval.ranking.index_query import fetch

MAX_RARE_WORDS = 30  # of an item, the rarest first
NARROW = NEAREST + 1  # the item itself is among its neighbours

# The index may return near ones slightly out of order; the sum with zero makes the planner sort them.
NEIGHBOURS = """
    SELECT q.item_id, n.item_id, n.similarity
    FROM search_passage q JOIN catalog_item own ON own.id = q.item_id
    CROSS JOIN LATERAL (
        SELECT c.item_id, 1 - c.distance AS similarity FROM (
            SELECT p.item_id, {distance} AS distance FROM search_passage p
            WHERE p.space_id = {space} AND p.collection_id = {collection} AND p.ordinal = 0
              AND EXISTS (SELECT 1 FROM catalog_item i
                      WHERE (i.id, i.collection_id) = (p.item_id, p.collection_id) AND {allowed})
            ORDER BY {order} LIMIT {candidates}
        ) AS c ORDER BY c.distance + 0 LIMIT {limit}
    ) AS n
    WHERE q.item_id = ANY(%(ids)s) AND q.space_id = {space} AND q.ordinal = 0 AND n.item_id <> q.item_id
"""

NEAREST_TO = """
    SELECT c.item_id FROM (
        SELECT p.item_id, {distance} AS distance FROM search_passage p
        WHERE p.space_id = {space} AND p.collection_id = {collection} AND p.ordinal = 0
          AND EXISTS (SELECT 1 FROM catalog_item i
                      WHERE (i.id, i.collection_id) = (p.item_id, p.collection_id) AND {allowed})
        ORDER BY {order} LIMIT {candidates}
    ) AS c ORDER BY c.distance + 0 LIMIT {limit}
"""

# One word at a time: the index answers each at once, and a word that turned out common adds at most `most` items.
SHARING = """
    WITH rare AS MATERIALIZED (
        SELECT plainto_tsquery(%(language)s::regconfig, word) AS query, idf
        FROM unnest(%(words)s::text[], %(idfs)s::float8[]) AS w(word, idf)
    )
    SELECT found.id FROM rare
    CROSS JOIN LATERAL (
        SELECT i.id FROM catalog_item i
        WHERE i.collection_id = {collection} AND {visible}
          AND i.search_vector @@ rare.query LIMIT {most}
    ) AS found
    WHERE found.id <> ALL(%(without)s)
    GROUP BY found.id ORDER BY sum(rare.idf) DESC, found.id LIMIT {limit}
"""

TWINS = """
    SELECT i.id FROM catalog_item i
    WHERE i.collection_id = {collection} AND {visible}
      AND (i.text_digest = %(digest)s OR i.identifiers && %(identifiers)s::text[]) LIMIT 20
"""


def neighbours(
    collection: Collection, space: EmbeddingSpace, ids: Sequence[int], rules: Rules
) -> list[tuple[int, int]]:
    """(item, neighbour) for the items that have a vector: ten, and more while they are near."""
    found = _neighbours(collection, space, ids, rules, NARROW)
    crowded = _crowded(found)
    wide = _neighbours(collection, space, crowded, rules, MOST_NEIGHBOURS + 1) if crowded else []
    return [(left, right) for left, right, _ in found] + [(left, right) for left, right, s in wide if s >= NEAR_COSINE]


def _crowded(found: Sequence[tuple[int, int, float]]) -> list[int]:
    """The items whose tenth neighbour is still near."""
    near: dict[int, int] = {}
    for left, _, similarity in found:
        near[left] = near.get(left, 0) + (similarity >= NEAR_COSINE)
    return [item for item, count in near.items() if count >= NEAREST]


def _neighbours(
    collection: Collection, space: EmbeddingSpace, ids: Sequence[int], rules: Rules, limit: int
) -> list[tuple[int, int, float]]:
    allowed, parameters = _allowed(rules)
    vectors = sql_of(space)
    names = _names(collection, space, vectors, to=f"q.{vectors.column}", limit=limit)
    sql = NEIGHBOURS.format(**names, allowed=allowed)
    rows = fetch(sql, {"ids": list(ids), **parameters}, ef_search=_ef_search(vectors.candidates(limit)))
    return [(row[0], row[1], float(row[2])) for row in rows]


def _allowed(rules: Rules) -> tuple[str, dict[str, Any]]:
    """The policy as a condition on item `i` against item `own`; what it lets through is checked once more."""
    sql, parameters = VISIBLE, {}
    if rules.across:
        sql += " AND (i.attributes -> %(across)s::text) IS DISTINCT FROM (own.attributes -> %(across)s::text)"
        parameters["across"] = rules.across
    for at, name in enumerate(rules.same):
        sql += f" AND (i.attributes -> %(same{at})s::text) = (own.attributes -> %(same{at})s::text)"
        parameters[f"same{at}"] = name
    return sql, parameters


def nearest_to(collection: Collection, space: EmbeddingSpace, vector: Floats, limit: int) -> list[int]:
    """The visible items nearest to a vector."""
    vectors = sql_of(space)
    sql = NEAREST_TO.format(**_names(collection, space, vectors, to=QUERY, limit=limit), allowed=VISIBLE)
    rows = fetch(sql, {"query": vectors.query_text(vector)}, ef_search=_ef_search(vectors.candidates(limit)))
    return [row[0] for row in rows]


def sharing_rare_words(
    collection: Collection, words: Sequence[str], statistics: WordStatistics, without: Sequence[int] = ()
) -> list[int]:
    """The visible items that share the most rare words with these, by summed IDF."""
    rare = {word: statistics.idf(word) for word in words if statistics.frequencies.get(word, 1) <= RARE}
    chosen = sorted(rare, key=lambda word: (-rare[word], word))[:MAX_RARE_WORDS]
    if not chosen:
        return []
    sql = SHARING.format(collection=collection.pk, visible=VISIBLE, most=RARE + 1, limit=RARE_PARTNERS)
    parameters: dict[str, Any] = {"words": chosen, "idfs": [rare[word] for word in chosen], "without": list(without)}
    return [row[0] for row in fetch(sql, {**parameters, "language": collection.language})]


def twins(collection: Collection, digest: bytes, identifiers: Sequence[str]) -> list[int]:
    """The visible items of exactly this text, or with one of these identifiers."""
    sql = TWINS.format(collection=collection.pk, visible=VISIBLE)
    with connection.cursor() as cursor:
        cursor.execute(sql, {"digest": digest, "identifiers": list(identifiers)})
        return [row[0] for row in cursor.fetchall()]


def _names(
    collection: Collection, space: EmbeddingSpace, vectors: VectorSql, *, to: str, limit: int
) -> dict[str, int | str]:
    return {
        "collection": collection.pk,
        "space": space.pk,
        "distance": vectors.distance(to),
        "order": vectors.order(to),
        "candidates": vectors.candidates(limit),
        "limit": limit,
    }


def _ef_search(limit: int) -> int:
    return min(max(40, limit), MAX_EF_SEARCH)
