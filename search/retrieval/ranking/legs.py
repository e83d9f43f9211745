"""Both legs of a query in one statement: candidates of each, their union, and every candidate's score in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from catalog.models import Collection
from catalog.models.item import VISIBLE
from search.embedding.storage import VectorSql, sql_of
from search.models import EmbeddingSpace
from search.retrieval.query.query_words import QueryWords
from search.retrieval.ranking.filters import Conditions, narrowed
from search.retrieval.ranking.fusion import Scores
from search.retrieval.ranking.index_query import ef_search_in, fetch
from search.retrieval.ranking.lexical import DOCUMENT_BUDGET, candidate_tsquery, length_sql, lexical_score_sql
from search.retrieval.types import Filter
from search.timing import stage

LEG_CANDIDATES = 150
FEW_ITEMS = 50  # with fewer, long items have crowded the others out of the nearest passages
NUM_PASSAGES = 200  # a few more than candidates, because several may be of one item
MIN_RANGED_ITEMS = 10_000  # from here on there is an index for each attribute of numbers
EXACT_BELOW = 4_000  # items left by the filters: so few are compared exactly, without the vector index

Vector = NDArray[np.float32]
Vectors = NDArray[np.float32]


# id, lexical score, similarities of the item and its best passage, its vector as sent, whether items are crowded out
Row = tuple[int, float, float, float, bytes | None, bool]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The union of both legs' candidates, row by row. A leg that was not asked has zeros."""

    ids: NDArray[np.int64]
    lexical: Scores  # BM25
    item_similarity: Scores  # cosine of the whole item
    passage_similarity: Scores  # cosine of the best passage
    vectors: Vectors  # (candidates, dimensions) of the whole items, unit; no columns without the semantic leg

    def __len__(self) -> int:
        return len(self.ids)


SIZES = {
    "num_passages": NUM_PASSAGES,
    "num_candidates": LEG_CANDIDATES,
    "few_items": FEW_ITEMS,
    "hard_limit": 2 * DOCUMENT_BUDGET,
}

# Whether an item may be seen is asked of the nearest alone, unless the index has to go on until enough may be.
NEAREST = """{name} AS MATERIALIZED (
    SELECT p.item_id, {distance} AS distance
    FROM search_passage p
    WHERE p.space_id = {space} AND p.collection_id = {collection} {which} {seen}
    ORDER BY {order} LIMIT {num_passages}
)"""

SEEN = """AND EXISTS (
    SELECT 1 FROM catalog_item i WHERE (i.id, i.collection_id) = (p.item_id, p.collection_id) AND {visible}
)"""

# The sum with zero keeps the planner from the vector index, which is slower where few rows are left.
NEAREST_EXACT = """{name} AS MATERIALIZED (
    SELECT p.item_id, {distance} AS distance
    FROM catalog_item i JOIN search_passage p ON p.item_id = i.id AND p.space_id = {space}
    WHERE i.collection_id = {collection} AND p.collection_id = {collection} {which} AND {visible}
    ORDER BY ({distance}) + 0 LIMIT {num_passages}
)"""

SEMANTIC = """, semantic AS MATERIALIZED (
    SELECT i.id, i.search_vector FROM catalog_item i
    JOIN (SELECT item_id, min(distance) AS distance FROM nearest GROUP BY item_id) AS n ON n.item_id = i.id
    WHERE i.collection_id = {collection} AND {visible} ORDER BY n.distance LIMIT {num_candidates}
)"""

MATCHING = """matching AS MATERIALIZED (
    SELECT i.id, i.search_vector AS sv FROM catalog_item i
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
    SELECT id, search_vector FROM semantic WHERE id NOT IN (SELECT id FROM matching)
)"""

CHOSEN = """, chosen AS (
    SELECT id, score FROM scored WHERE id IN (SELECT id FROM lexical UNION ALL SELECT id FROM semantic)
)"""

SIMILARITIES = """
SELECT c.id, c.score, coalesce(s.item_similarity, 0), coalesce(s.passage_similarity, 0), s.vector,
       (SELECT count(*) FROM nearest) >= {num_passages} AND (SELECT count(*) FROM semantic) < {few_items}
FROM chosen c CROSS JOIN LATERAL (
    SELECT max(d.similarity) FILTER (WHERE d.ordinal = 0) AS item_similarity, max(d.similarity) AS passage_similarity,
           (array_agg(d.vector) FILTER (WHERE d.ordinal = 0))[1] AS vector
    FROM (SELECT p.ordinal, 1 - ({distance}) AS similarity, CASE WHEN p.ordinal = 0 THEN {sent} END AS vector
          FROM search_passage p WHERE p.item_id = c.id AND p.space_id = {space} AND p.collection_id = {collection}) AS d
) AS s
"""


def few_left(
    collection: Collection, conditions: Conditions, words: QueryWords, filters: Sequence[Filter] = ()
) -> list[int] | None:
    """The ids of the items within the conditions, where these are so few that comparing them all is better than the
    vector index; else None. `filters` are those of the conditions that an index may answer."""
    if words.documents >= MIN_RANGED_ITEMS:
        conditions = narrowed(conditions, filters)
    sql = (
        f"SELECT i.id FROM catalog_item i WHERE i.collection_id = {collection.pk}"
        f" AND {visible_sql(words, conditions)} LIMIT {EXACT_BELOW + 1}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {**conditions.parameters, **condition_parameters(words)})
        ids = [item_id for (item_id,) in cursor.fetchall()]
    return ids if len(ids) <= EXACT_BELOW else None


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
        return _candidates([], None)
    parameters: dict[str, Any] = {**conditions.parameters, **condition_parameters(words)}
    visible = visible_sql(words, conditions)
    names: dict[str, Any] = {**SIZES, "collection": collection.pk, "visible": visible}
    names["seen"] = "" if visible == VISIBLE else SEEN.format(visible=visible)
    vectors = sql_of(space) if space is not None else None
    if vectors is not None and space is not None and query_vector is not None:
        names |= {"space": space.pk, "distance": vectors.distance(), "order": vectors.order(), "sent": vectors.sent()}
        names["num_passages"] = vectors.candidates(NUM_PASSAGES)
        parameters["query"] = vectors.query_text(query_vector)
    if is_lexical:
        names["score"], more = lexical_score_sql(words, "sv", "k")
        names["length"] = length_sql(words, "sv")
        parameters |= {"candidates": candidate_tsquery(words), **more}
    sql = statement(names, is_lexical=is_lexical, is_semantic=is_semantic, is_exact=is_exact)
    asked = "both_legs" if is_lexical and is_semantic else "lexical_leg" if is_lexical else "semantic_leg"
    with stage(f"search.{asked}"):
        rows: list[Row] = fetch(sql, parameters, ef_search=ef_search_in(collection.pk))
        if rows and rows[0][-1]:
            names["seen"] = SEEN.format(visible=visible)
            sql = statement(names, is_lexical=is_lexical, is_semantic=True, is_exact=is_exact, is_crowded=True)
            rows = fetch(sql, parameters, ef_search=ef_search_in(collection.pk))
    return _candidates(rows, vectors if is_semantic else None)


def statement(
    names: dict[str, Any], *, is_lexical: bool, is_semantic: bool, is_exact: bool, is_crowded: bool = False
) -> str:
    """The SQL with the names filled in."""
    if not is_semantic:
        return (
            f"WITH {MATCHING}{LEXICAL_ONLY}{SCORED}"
            " SELECT id, score, 0, 0, NULL, false FROM scored WHERE id IN (SELECT id FROM lexical)"
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


def _candidates(rows: Sequence[Row], vectors: VectorSql | None) -> Candidates:
    table = np.array([row[:4] for row in rows], dtype=np.float64).reshape(-1, 4)
    own = vectors.received([row[4] for row in rows]) if vectors else np.zeros((len(rows), 0), dtype=np.float32)
    return Candidates(table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3], own)
