"""The vector indexes: one partial HNSW index for each large collection in each space.

A collection of its own index is searched without its neighbours getting in the way; a small one is searched exactly.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from django.db import connection

from search.models.embedding import LIVE_STATES

logger = logging.getLogger(__name__)

MIN_INDEXED_PASSAGES = 5_000  # up to here exact search takes a few milliseconds
M = 16
EF_CONSTRUCTION = 64
BUILD_MEMORY = "512MB"
LOCK_KEY = 0x616B696E  # of the advisory lock that lets one process build at a time
NAME = re.compile(r"^passage_hnsw_s(\d+)_c(\d+)$")

WANTED = """
    SELECT p.space_id, s.dimensions, p.collection_id
    FROM search_passage p JOIN search_embeddingspace s ON s.id = p.space_id
    WHERE s.state = ANY(%s)
    GROUP BY p.space_id, s.dimensions, p.collection_id HAVING count(*) >= %s
"""

EXISTING = """
    SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = 'search_passage'::regclass AND c.relname LIKE 'passage\\_hnsw\\_s%%'
"""

BACKLOG = """
    SELECT count(*) FROM (
        SELECT 1 FROM search_itemembedding
        WHERE space_id = %s AND collection_id = %s AND state IN ('pending', 'claimed') LIMIT 20000
    ) AS waiting
"""


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """The index of one collection in one space."""

    space_id: int
    dimensions: int
    collection_id: int

    @property
    def name(self) -> str:
        return f"passage_hnsw_s{self.space_id}_c{self.collection_id}"


def build_missing(*, max_backlog: int = 2_000) -> list[str]:
    """Builds the indexes that are wanted and missing, drops those no longer wanted, and returns the names built.

    A collection with a long backlog waits: building once after an import is far cheaper than growing with it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY])
        if not cursor.fetchone()[0]:
            return []
        try:
            return _build_missing(max_backlog)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])


def _build_missing(max_backlog: int) -> list[str]:
    wanted = {index.name: index for index in _wanted()}
    existing = _existing()
    for name, is_valid in existing.items():
        if name not in wanted and not _is_shrunk(name) or not is_valid:
            _execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')
    built = []
    for name, index in wanted.items():
        if not existing.get(name) and _backlog(index) <= max_backlog:
            build(index)
            built.append(name)
    return built


def _is_shrunk(name: str) -> bool:
    """Whether the collection merely fell below the limit, in which case its index may stay."""
    match = NAME.match(name)
    if match is None:
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM search_passage WHERE space_id = %s AND collection_id = %s)",
            [int(match[1]), int(match[2])],
        )
        return bool(cursor.fetchone()[0])


def build(index: VectorIndex) -> None:
    """Builds concurrently: items can be written and searched meanwhile."""
    logger.info("Building vector index %s", index.name)
    _execute(f"SET maintenance_work_mem = '{BUILD_MEMORY}'")
    _execute(
        f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{index.name}" ON search_passage '
        f"USING hnsw ((embedding::halfvec({index.dimensions})) halfvec_cosine_ops) "
        f"WITH (m = {M}, ef_construction = {EF_CONSTRUCTION}) "
        f"WHERE space_id = {index.space_id} AND collection_id = {index.collection_id}"
    )
    _execute("RESET maintenance_work_mem")
    _execute("ANALYZE search_passage")


def _wanted() -> list[VectorIndex]:
    with connection.cursor() as cursor:
        cursor.execute(WANTED, [list(LIVE_STATES), MIN_INDEXED_PASSAGES])
        return [VectorIndex(*row) for row in cursor.fetchall()]


def _existing() -> dict[str, bool]:
    with connection.cursor() as cursor:
        cursor.execute(EXISTING)
        return dict(cursor.fetchall())


def _backlog(index: VectorIndex) -> int:
    with connection.cursor() as cursor:
        cursor.execute(BACKLOG, [index.space_id, index.collection_id])
        return int(cursor.fetchone()[0])


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
