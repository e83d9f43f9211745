"""The search indexes of large collections: HNSW for each space, GIN for the words, GiST for each attribute of numbers.

Each collection has its own, so that a query never wades through its neighbours, a private collection has no
influence on another's results, and an import builds once at its end. Small collections are scanned exactly.
"""

from __future__ import annotations

import logging
import re

from django.db import connection

from catalog import locks
from catalog.attributes.types import type_of
from catalog.models import Collection
from catalog.schemas import parse_attribute_schema
from catalog.sessions import lasting_session
from search.models import EmbeddingSpace
from search.models.embedding import LIVE_STATES
from search.retrieval.ranking import legs
from search.retrieval.upkeep.index_kinds import Index, RangeIndex, VectorIndex, WordIndex

logger = logging.getLogger(__name__)

MIN_PASSAGES = 5_000  # up to here exact search takes a few milliseconds
MIN_ITEMS = 500
BUILD_MEMORY = "512MB"  # at least: a server that is told to give more gives more

WANTED_VECTOR = """
    SELECT p.space_id, s.dimensions, s.storage, p.collection_id
    FROM search_passage p JOIN search_embeddingspace s ON s.id = p.space_id
    WHERE s.state = ANY(%s)
    GROUP BY p.space_id, s.dimensions, s.storage, p.collection_id HAVING count(*) >= %s
"""

WANTED_WORD = "SELECT collection_id FROM catalog_item GROUP BY collection_id HAVING count(*) >= %s"

EXISTING = """
    SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relname ~ '^(passage_hnsw_s|item_words_c|item_range_c)[0-9]'
"""

MORE_MEMORY = f"""
    SELECT set_config('maintenance_work_mem', '{BUILD_MEMORY}', false)
    WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('{BUILD_MEMORY}')
"""

_NAME = re.compile(r"^(?:passage_hnsw_s(?P<space>\d+)|item_words)_c(?P<collection>\d+)$")


def build_missing() -> list[str]:
    """Builds what is wanted and missing, drops what is broken or orphaned, and returns the names built."""
    with locks.tried(locks.Lock.INDEXES) as is_mine:
        return _build_missing() if is_mine else []


def missing() -> list[str]:
    """The names of indexes that are wanted and do not stand, but for those that wait for an import to end."""
    existing = _existing()
    return [index.name for index in _wanted() if not existing.get(index.name) and index.is_due()]


def has_vector_index(collection: Collection, space: EmbeddingSpace) -> bool:
    """Whether nearest neighbours of the collection are found by a vector index and not exactly."""
    return _existing().get(VectorIndex(space.pk, space.dimensions, space.storage, collection.pk).name, False)


def _build_missing() -> list[str]:
    existing = _existing()
    wanted = _wanted()
    names = {index.name for index in wanted}
    for name, is_valid in existing.items():
        if not is_valid or _is_orphan(name, names):
            _execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')
    built = []
    for index in wanted:
        if not existing.get(index.name) and index.is_due():
            logger.info("Building index %s", index.name)
            _execute(MORE_MEMORY)
            _execute(index.sql(_table_of(index)))
            _execute("RESET maintenance_work_mem")
            built.append(index.name)
    if built:
        _execute("ANALYZE (SKIP_LOCKED) search_passage, catalog_item")
    return built


def _wanted() -> list[Index]:
    return [*_wanted_word(), *_wanted_vector(), *_wanted_range()]


def _wanted_range() -> list[RangeIndex]:
    with connection.cursor() as cursor:
        cursor.execute(WANTED_WORD, [legs.MIN_RANGED_ITEMS])
        large = [pk for (pk,) in cursor.fetchall()]
    return [
        RangeIndex(collection.pk, name)
        for collection in Collection.objects.filter(pk__in=large)
        for name, one in parse_attribute_schema(collection.attribute_schema).items()
        if type_of(one).is_numeric
    ]


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


def _is_orphan(name: str, wanted: set[str]) -> bool:
    """Whether the collection or the space is gone. But for ranges, the index of what merely shrank may stay."""
    if name.startswith("item_range_c"):
        return name not in wanted
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


def _table_of(index: Index) -> str:
    """The table, or that of its partitions which the collection lies in."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT tableoid::regclass::text FROM {index.table} WHERE collection_id = %s LIMIT 1",
            [index.collection_id],
        )
        row = cursor.fetchone()
        return row[0] if row else index.table


def _execute(sql: str) -> None:
    with lasting_session() as session, session.cursor() as cursor:
        cursor.execute(sql)
