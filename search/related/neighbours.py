"""The items nearest to a vector in a collection, by the whole item's vector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray
from pgvector import HalfVector

from catalog.models import Collection
from search.models import EmbeddingSpace
from search.retrieval import legs
from search.retrieval.filters import VISIBLE, Conditions
from search.retrieval.words import QueryWords

NEAREST = """
    SELECT p.item_id, 1 - (p.embedding::halfvec({dimensions}) <=> %(query)s::halfvec({dimensions})), p.embedding::text
    FROM search_passage p
    WHERE p.space_id = {space} AND p.collection_id = {collection} AND p.ordinal = 0
      AND EXISTS (SELECT 1 FROM catalog_item i WHERE i.id = p.item_id AND {visible})
    ORDER BY (p.embedding::halfvec({dimensions}) <=> %(query)s::halfvec({dimensions})) {exactly} LIMIT {limit}
"""

EXACTLY = "+ 0"  # keeps the planner from the vector index, which runs dry where a filter leaves few rows

NO_WORDS = QueryWords((), 0, 1.0)

Vector = NDArray[np.float32]


def nearest_items(
    collection: Collection,
    space: EmbeddingSpace,
    vector: Vector,
    *,
    limit: int,
    conditions: Conditions | None = None,
) -> list[tuple[int, float, Vector]]:
    """(item id, cosine, unit vector) of the visible items nearest to the vector, nearest first."""
    conditions = conditions or Conditions()
    is_exact = bool(conditions.sql) and legs.is_selective(collection, conditions, NO_WORDS)
    sql = NEAREST.format(
        dimensions=space.dimensions,
        space=space.pk,
        collection=collection.pk,
        visible=VISIBLE + conditions.sql,
        exactly=EXACTLY if is_exact else "",
        limit=int(limit),
    )
    with transaction.atomic(), connection.cursor() as cursor:
        legs.settle()
        query = HalfVector(vector.astype(np.float16)).to_text()
        cursor.execute(sql, {**conditions.parameters, "query": query})
        return [(row[0], float(row[1]), parse_vector(row[2])) for row in cursor.fetchall()]


def item_vectors(space: EmbeddingSpace, ids: Sequence[int]) -> dict[int, Vector]:
    """The vector of each whole item that has one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT item_id, embedding::text FROM search_passage"
            " WHERE item_id = ANY(%s) AND space_id = %s AND ordinal = 0",
            [list(ids), space.pk],
        )
        return {row[0]: parse_vector(row[1]) for row in cursor.fetchall()}


def parse_vector(text: str) -> Vector:
    return np.fromstring(text[1:-1], sep=",", dtype=np.float32)
