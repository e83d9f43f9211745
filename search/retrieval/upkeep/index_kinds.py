"""The kinds of partial indexes that a large collection has, and their SQL."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from django.db import connection

from search.embedding.storage import VectorSql
from search.retrieval.ranking.filters import number_span

M = 24
EF_CONSTRUCTION = 200
MAX_BACKLOG = 2_000  # waiting items of a collection with which its index is built all the same

BACKLOG = """
    SELECT count(*) FROM (
        SELECT 1 FROM search_itemembedding
        WHERE space_id = %s AND collection_id = %s AND state IN ('pending', 'claimed') LIMIT %s
    ) AS waiting
"""


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """The vector index of one collection in one space."""

    table: ClassVar = "search_passage"

    space_id: int
    dimensions: int
    storage: str
    collection_id: int

    @property
    def name(self) -> str:
        return f"passage_hnsw_s{self.space_id}_c{self.collection_id}"

    def sql(self, table: str) -> str:
        return (
            f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{self.name}" ON {table} '
            f"USING hnsw ({VectorSql(self.storage, self.dimensions).index}) "
            f"WITH (m = {M}, ef_construction = {EF_CONSTRUCTION}) "
            f"WHERE space_id = {self.space_id} AND collection_id = {self.collection_id}"
        )

    def is_due(self) -> bool:
        """Not while many items wait: building once after an import is far cheaper than growing with it."""
        with connection.cursor() as cursor:
            cursor.execute(BACKLOG, [self.space_id, self.collection_id, MAX_BACKLOG + 1])
            return int(cursor.fetchone()[0]) <= MAX_BACKLOG


@dataclass(frozen=True, slots=True)
class WordIndex:
    """The full text index of one collection."""

    table: ClassVar = "catalog_item"

    collection_id: int

    @property
    def name(self) -> str:
        return f"item_words_c{self.collection_id}"

    def sql(self, table: str) -> str:
        return (
            f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{self.name}" ON {table} '
            f"USING gin (search_vector) WHERE collection_id = {self.collection_id}"
        )

    def is_due(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class RangeIndex:
    """What finds the items whose numbers of one attribute may lie in a range."""

    table: ClassVar = "catalog_item"

    collection_id: int
    attribute: str

    @property
    def name(self) -> str:
        digest = hashlib.sha256(self.attribute.encode()).hexdigest()[:12]
        return f"item_range_c{self.collection_id}_{digest}"

    def sql(self, table: str) -> str:
        return (
            f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{self.name}" ON {table} '
            f"USING gist ({number_span('attributes', self.attribute)}) WHERE collection_id = {self.collection_id}"
        )

    def is_due(self) -> bool:
        return True


Index = VectorIndex | WordIndex | RangeIndex
