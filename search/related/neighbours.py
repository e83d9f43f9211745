"""The items nearest to a vector in a collection, by the whole item's vector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from catalog.models import Collection
from catalog.models.item import VISIBLE
from search.embedding.storage import sql_of
from search.models import EmbeddingSpace
from search.retrieval.query.query_words import NO_WORDS
from search.retrieval.ranking import legs
from search.retrieval.ranking.filters import Conditions, among
from search.retrieval.ranking.index_query import ef_search_in, fetch

# The index may return near ones slightly out of order; the sum with zero makes the planner sort them.
NEAREST = """
    SELECT c.item_id, 1 - c.distance, c.vector FROM (
        SELECT p.item_id, {sent} AS vector, {distance} AS distance FROM search_passage p
        WHERE p.space_id = {space} AND p.collection_id = {collection} AND p.ordinal = 0
          AND EXISTS (SELECT 1 FROM catalog_item i
                      WHERE (i.id, i.collection_id) = (p.item_id, p.collection_id) AND {visible})
        ORDER BY {order} LIMIT {candidates}
    ) AS c ORDER BY c.distance + 0 LIMIT {limit}
"""

Vector = NDArray[np.float32]


def nearest_items(
    collection: Collection,
    space: EmbeddingSpace,
    vector: Vector,
    *,
    limit: int,
    conditions: Conditions | None = None,
    is_exact: bool = False,
) -> list[tuple[int, float, Vector]]:
    """(item id, cosine, unit vector) of the visible items nearest to the vector, nearest first.

    With `is_exact` all of them are compared, without the vector index; so they are where conditions leave few.
    """
    vectors = sql_of(space)
    conditions = conditions or Conditions()
    few = legs.few_left(collection, conditions, NO_WORDS) if conditions.sql else None
    if few is not None:
        is_exact, conditions = True, among(few)
    sql = NEAREST.format(
        sent=vectors.sent(),
        distance=vectors.distance(),
        # The sum keeps the planner from the vector index, which runs dry where a filter leaves few rows.
        order=f"({vectors.distance()}) + 0" if is_exact else vectors.order(),
        candidates=limit if is_exact else vectors.candidates(limit),
        space=space.pk,
        collection=collection.pk,
        visible=VISIBLE + conditions.sql,
        limit=limit,
    )
    parameters = {**conditions.parameters, "query": vectors.query_text(vector)}
    rows = fetch(sql, parameters, ef_search=ef_search_in(collection.pk))
    found = vectors.received([row[2] for row in rows])
    return [(row[0], float(row[1]), own) for row, own in zip(rows, found, strict=True)]


def item_vectors(space: EmbeddingSpace, ids: Sequence[int]) -> dict[int, Vector]:
    """The vector of each whole item that has one."""
    vectors = sql_of(space)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT p.item_id, {vectors.sent()} FROM search_passage p"
            " WHERE p.item_id = ANY(%s) AND p.space_id = %s AND p.ordinal = 0",
            [list(ids), space.pk],
        )
        rows = cursor.fetchall()
    return dict(zip((row[0] for row in rows), vectors.received([row[1] for row in rows]), strict=True))
