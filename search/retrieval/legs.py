"""Both legs of a query in one statement: candidates of each, their union, and every candidate's score in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from catalog.models import Collection
from search.embedding.storage import sql_of
from search.models import EmbeddingSpace
from search.retrieval.candidates import DOCUMENT_BUDGET, candidate_tsquery, length_sql, lexical_score_sql
from search.retrieval.filters import VISIBLE, Conditions
from search.retrieval.fusion import Scores
from search.retrieval.words import QueryWords

LEG_CANDIDATES = 150
FEW_ITEMS = 50  # with fewer, long items have crowded the others out of the nearest passages
NUM_PASSAGES = 200  # a few more than candidates, because several may be of one item
EF_SEARCH = 200
EXACT_BELOW = 4_000  # items left by the filters: so few are compared exactly, without the vector index
MAX_SCAN_TUPLES = 20_000  # how far the vector index goes on when a filter drops what it finds

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The union of both legs' candidates, row by row. A leg that was not asked has zeros."""

    ids: NDArray[np.int64]
    lexical: Scores  # BM25
    item_similarity: Scores  # cosine of the whole item
    passage_similarity: Scores  # cosine of the best passage

    def __len__(self) -> int:
        return len(self.ids)


SETTINGS = (
    "SET LOCAL jit = off; SET LOCAL enable_seqscan = off; SET LOCAL hnsw.iterative_scan = relaxed_order;"
    f" SET LOCAL hnsw.ef_search = {EF_SEARCH}; SET LOCAL hnsw.max_scan_tuples = {MAX_SCAN_TUPLES}"
)

SIZES = {
    "num_passages": NUM_PASSAGES,
    "num_candidates": LEG_CANDIDATES,
    "few_items": FEW_ITEMS,
    "hard_limit": 2 * DOCUMENT_BUDGET,
}

NEAREST = """{name} AS MATERIALIZED (
    SELECT p.item_id, {distance} AS distance
    FROM search_passage p
    WHERE p.space_id = {space} AND p.collection_id = {collection} {which}
      AND EXISTS (SELECT 1 FROM catalog_item i WHERE i.id = p.item_id AND {visible})
    ORDER BY {order} LIMIT {num_passages}
)"""

# The sum with zero keeps the planner from the vector index, which is slower where few rows are left.
NEAREST_EXACT = """{name} AS MATERIALIZED (
    SELECT p.item_id, {distance} AS distance
    FROM catalog_item i JOIN search_passage p ON p.item_id = i.id AND p.space_id = {space}
    WHERE i.collection_id = {collection} {which} AND {visible}
    ORDER BY ({distance}) + 0 LIMIT {num_passages}
)"""

SEMANTIC = """, semantic AS MATERIALIZED (
    SELECT item_id AS id FROM nearest GROUP BY item_id ORDER BY min(distance) LIMIT {num_candidates}
)"""

MATCHING = """matching AS MATERIALIZED (
    SELECT i.id, ts_filter(i.search_vector, '{{a,b}}') AS sv FROM catalog_item i
    WHERE i.search_vector @@ %(candidates)s::tsquery AND i.collection_id = {collection} AND {visible}
    LIMIT {hard_limit}
)"""

SCORED = """, scored AS MATERIALIZED (
    SELECT id, {score} AS score FROM (SELECT id, sv, {length} AS k FROM pool OFFSET 0) AS p
), lexical AS (
    SELECT id FROM scored WHERE score > 0 ORDER BY score DESC, id LIMIT {num_candidates}
)"""

LEXICAL_ONLY = """, pool AS (SELECT id, sv FROM matching)"""

UNION = """, pool AS (
    SELECT id, sv FROM matching
    UNION ALL
    SELECT i.id, ts_filter(i.search_vector, '{{a,b}}') FROM semantic JOIN catalog_item i USING (id)
    WHERE i.id NOT IN (SELECT id FROM matching)
)"""

CHOSEN = """, chosen AS (
    SELECT id, score FROM scored WHERE id IN (SELECT id FROM lexical UNION ALL SELECT id FROM semantic)
)"""

SIMILARITIES = """
SELECT c.id, c.score, coalesce(s.item_similarity, 0), coalesce(s.passage_similarity, 0),
       (SELECT count(*) FROM nearest) >= {num_passages} AND (SELECT count(*) FROM semantic) < {few_items}
FROM chosen c CROSS JOIN LATERAL (
    SELECT max(d.similarity) FILTER (WHERE d.ordinal = 0) AS item_similarity, max(d.similarity) AS passage_similarity
    FROM (SELECT p.ordinal, 1 - ({distance}) AS similarity
          FROM search_passage p WHERE p.item_id = c.id AND p.space_id = {space}) AS d
) AS s
"""

FEEDBACK = """
    WITH first AS MATERIALIZED (
        SELECT avg({column}::vector({dimensions}))::{type} AS centroid FROM search_passage
        WHERE space_id = {space} AND ordinal = 0 AND item_id = ANY(%(first)s)
    )
    SELECT p.item_id, 1 - ({distance}) FROM search_passage p, first
    WHERE centroid IS NOT NULL AND space_id = {space} AND ordinal = 0 AND item_id = ANY(%(ids)s)
"""


def settle() -> None:
    """Sets what the statements below rely on, for the transaction that is open."""
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS)


def is_selective(collection: Collection, conditions: Conditions, words: QueryWords) -> bool:
    """Whether the conditions leave so few items that comparing them all is better than the vector index."""
    sql = (
        f"SELECT count(*) FROM (SELECT 1 FROM catalog_item i WHERE i.collection_id = {collection.pk}"
        f" AND {visible_sql(words, conditions)} LIMIT {EXACT_BELOW + 1}) AS found"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {**conditions.parameters, **condition_parameters(words)})
        return int(cursor.fetchone()[0]) <= EXACT_BELOW


def retrieve(
    *,
    collection: Collection,
    conditions: Conditions,
    words: QueryWords,
    space: EmbeddingSpace | None,
    query_vector: Vector | None,
    is_lexical: bool,
    is_exact: bool,
) -> Candidates:
    """The candidates of the legs asked for; the semantic one is, when there are `space` and `query_vector`."""
    is_lexical = is_lexical and bool(words.words)
    is_semantic = space is not None and query_vector is not None
    if not is_lexical and not is_semantic:
        return _candidates([])
    parameters: dict[str, Any] = {**conditions.parameters, **condition_parameters(words)}
    names: dict[str, Any] = {**SIZES, "collection": collection.pk, "visible": visible_sql(words, conditions)}
    if is_semantic and space is not None and query_vector is not None:
        vectors = sql_of(space)
        names |= {"space": space.pk, "distance": vectors.distance(), "order": vectors.order()}
        names["num_passages"] = vectors.candidates(NUM_PASSAGES)
        parameters["query"] = vectors.query_text(query_vector)
    if is_lexical:
        names["score"], more = lexical_score_sql(words, "sv", "k")
        names["length"] = length_sql(words, "sv")
        parameters |= {"candidates": candidate_tsquery(words), **more}
    sql = statement(names, is_lexical=is_lexical, is_semantic=is_semantic, is_exact=is_exact)
    rows = _rows(sql, parameters)
    if rows and rows[0][4]:
        sql = statement(names, is_lexical=is_lexical, is_semantic=True, is_exact=is_exact, is_crowded=True)
        rows = _rows(sql, parameters)
    return _candidates(rows)


def statement(
    names: dict[str, Any], *, is_lexical: bool, is_semantic: bool, is_exact: bool, is_crowded: bool = False
) -> str:
    """The SQL with the names filled in."""
    if not is_semantic:
        return (
            f"WITH {MATCHING}{LEXICAL_ONLY}{SCORED}"
            " SELECT id, score, 0, 0, false FROM scored WHERE id IN (SELECT id FROM lexical)"
        ).format(**names)
    semantic = _nearest(names, is_exact=is_exact, is_crowded=is_crowded) + SEMANTIC.format(**names)
    if not is_lexical:
        chosen = ", chosen AS (SELECT id, 0 AS score FROM semantic)"
        return f"WITH {semantic}{chosen}{SIMILARITIES.format(**names)}"
    lexical = (MATCHING + UNION + SCORED).format(**names)
    return f"WITH {semantic}, {lexical}{CHOSEN}{SIMILARITIES.format(**names)}"


def _nearest(names: dict[str, Any], *, is_exact: bool, is_crowded: bool) -> str:
    """The nearest passages; where these are of a few long items, the nearest whole items as well."""
    template = NEAREST_EXACT if is_exact else NEAREST
    if not is_crowded:
        return template.format(name="nearest", which="", **names)
    passages = template.format(name="passages", which="", **names)
    items = template.format(name="items", which="AND p.ordinal = 0", **names)
    return f"{passages}, {items}, nearest AS (SELECT * FROM passages UNION ALL SELECT * FROM items)"


def feedback_similarity(space: EmbeddingSpace, first: Sequence[int], ids: NDArray[np.int64]) -> Scores:
    """The cosine of each item to the centroid of the first ones, 0 for an item without a vector."""
    vectors = sql_of(space)
    sql = FEEDBACK.format(
        space=space.pk,
        dimensions=space.dimensions,
        column=vectors.column,
        type=vectors.type,
        distance=vectors.distance("centroid"),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {"first": [int(one) for one in first], "ids": ids.tolist()})
        found = dict(cursor.fetchall())
    return np.array([found.get(one, 0.0) for one in ids.tolist()], dtype=np.float64)


def visible_sql(words: QueryWords, conditions: Conditions) -> str:
    """What every hit must be: visible, within the filters, with the quoted phrases and without what is excluded."""
    sql = VISIBLE + conditions.sql
    if words.required:
        sql += " AND i.search_vector @@ %(required)s::tsquery"
    if words.excluded:
        sql += " AND NOT i.search_vector @@ %(excluded)s::tsquery"
    return sql


def condition_parameters(words: QueryWords) -> dict[str, Any]:
    return {"required": words.required, "excluded": words.excluded}


def _rows(sql: str, parameters: dict[str, Any]) -> list[tuple[int, float, float, float, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[int, float, float, float, bool]] = cursor.fetchall()
    return rows


def _candidates(rows: Sequence[tuple[int, float, float, float, bool]]) -> Candidates:
    table = np.array([row[:4] for row in rows], dtype=np.float64).reshape(-1, 4)
    return Candidates(table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3])
