"""The search indexes of large collections: a partial HNSW for each space and a partial GIN for the words.

Each collection has its own, so that a query never wades through its neighbours, a private collection has no
influence on another's results, and an import builds once at its end. Small collections are scanned exactly.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from django.db import connection

from catalog import locks
from catalog.models import Collection
from catalog.sessions import lasting_session
from search.embedding.storage import VectorSql
from search.models import EmbeddingSpace
from search.models.embedding import LIVE_STATES

logger = logging.getLogger(__name__)

MIN_PASSAGES = 5_000  # up to here exact search takes a few milliseconds
MIN_ITEMS = 500
M = 24
EF_CONSTRUCTION = 200
BUILD_MEMORY = "512MB"  # at least: a server that is told to give more gives more
MAX_BACKLOG = 2_000  # waiting items of a collection with which its index is built all the same

WANTED_VECTOR = """
    SELECT p.space_id, s.dimensions, s.storage, p.collection_id
    FROM search_passage p JOIN search_embeddingspace s ON s.id = p.space_id
    WHERE s.state = ANY(%s)
    GROUP BY p.space_id, s.dimensions, s.storage, p.collection_id HAVING count(*) >= %s
"""

WANTED_WORD = "SELECT collection_id FROM catalog_item GROUP BY collection_id HAVING count(*) >= %s"

EXISTING = """
    SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid IN ('search_passage'::regclass, 'catalog_item'::regclass)
      AND c.relname ~ '^(passage_hnsw_s|item_words_c)[0-9]'
"""

BACKLOG = """
    SELECT count(*) FROM (
        SELECT 1 FROM search_itemembedding
        WHERE space_id = %s AND collection_id = %s AND state IN ('pending', 'claimed') LIMIT %s
    ) AS waiting
"""

MORE_MEMORY = f"""
    SELECT set_config('maintenance_work_mem', '{BUILD_MEMORY}', false)
    WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('{BUILD_MEMORY}')
"""

_NAME = re.compile(r"^(?:passage_hnsw_s(?P<space>\d+)|item_words)_c(?P<collection>\d+)$")


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """The vector index of one collection in one space."""

    space_id: int
    dimensions: int
    storage: str
    collection_id: int

    @property
    def name(self) -> str:
        return f"passage_hnsw_s{self.space_id}_c{self.collection_id}"

    @property
    def sql(self) -> str:
        return (
            f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{self.name}" ON search_passage '
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

    collection_id: int

    @property
    def name(self) -> str:
        return f"item_words_c{self.collection_id}"

    @property
    def sql(self) -> str:
        return (
            f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{self.name}" ON catalog_item '
            f"USING gin (search_vector) WHERE collection_id = {self.collection_id}"
        )

    def is_due(self) -> bool:
        return True


def build_missing() -> list[str]:
    """Builds what is wanted and missing, drops what is broken or orphaned, and returns the names built."""
    with locks.tried(locks.Lock.INDEXES) as is_mine:
        return _build_missing() if is_mine else []


def missing() -> list[str]:
    """The names of indexes that are wanted and do not stand, but for those that wait for an import to end."""
    existing = _existing()
    wanted: list[WordIndex | VectorIndex] = [*_wanted_word(), *_wanted_vector()]
    return [index.name for index in wanted if not existing.get(index.name) and index.is_due()]


def has_vector_index(collection: Collection, space: EmbeddingSpace) -> bool:
    """Whether nearest neighbours of the collection are found by a vector index and not exactly."""
    return _existing().get(VectorIndex(space.pk, space.dimensions, space.storage, collection.pk).name, False)


def _build_missing() -> list[str]:
    existing = _existing()
    for name, is_valid in existing.items():
        if not is_valid or _is_orphan(name):
            _execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')
    built = []
    wanted: list[WordIndex | VectorIndex] = [*_wanted_word(), *_wanted_vector()]
    for index in wanted:
        if not existing.get(index.name) and index.is_due():
            logger.info("Building index %s", index.name)
            _execute(MORE_MEMORY)
            _execute(index.sql)
            _execute("RESET maintenance_work_mem")
            built.append(index.name)
    if built:
        _execute("ANALYZE (SKIP_LOCKED) search_passage, catalog_item")
    return built


def _wanted_vector() -> list[VectorIndex]:
    with connection.cursor() as cursor:
        cursor.execute(WANTED_VECTOR, [list(LIVE_STATES), MIN_PASSAGES])
        return [VectorIndex(*row) for row in cursor.fetchall()]


def _wanted_word() -> list[WordIndex]:
    with connection.cursor() as cursor:
        cursor.execute(WANTED_WORD, [MIN_ITEMS])
        return [WordIndex(*row) for row in cursor.fetchall()]


def _existing() -> dict[str, bool]:
    with connection.cursor() as cursor:
        cursor.execute(EXISTING)
        return dict(cursor.fetchall())


def _is_orphan(name: str) -> bool:
    """Whether the collection or the space is gone. An index of a collection that merely shrank may stay."""
    match = _NAME.match(name)
    if match is None:
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM catalog_collection WHERE id = %s", [match["collection"]])
        if cursor.fetchone() is None:
            return True
        if match["space"] is None:
            return False
        cursor.execute(
            "SELECT 1 FROM search_embeddingspace WHERE id = %s AND state = ANY(%s)",
            [match["space"], list(LIVE_STATES)],
        )
        return cursor.fetchone() is None


def _execute(sql: str) -> None:
    with lasting_session() as session, session.cursor() as cursor:
        cursor.execute(sql)
