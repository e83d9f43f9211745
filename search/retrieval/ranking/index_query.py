"""Queries that have to use the indexes of vectors and words, run with the settings that they rely on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection

EF_SEARCH = 280  # finds 0.98 of the nearest ten among 63,666; 200 finds 0.975
MEASURED_AT = 64_000  # items up to which that many are enough
MAX_EF_SEARCH = 1_000  # pgvector's own bound
MAX_SCAN_TUPLES = 20_000  # how far the vector index goes on when a filter drops what it finds

SETTINGS = (
    "SET LOCAL jit = off; SET LOCAL enable_seqscan = off; SET LOCAL hnsw.iterative_scan = relaxed_order;"
    f" SET LOCAL hnsw.max_scan_tuples = {MAX_SCAN_TUPLES};"
    " SELECT set_config('hnsw.ef_search', ({ef_search})::text, true)"
)


def ef_search_in(collection_id: int) -> str:
    """SQL of how many candidates the vector index keeps in that collection: recall falls slowly with its size."""
    return (
        f"SELECT least({MAX_EF_SEARCH}, round({EF_SEARCH} * sqrt(greatest(1, coalesce((SELECT documents FROM"
        f" search_collectionstatistic WHERE collection_id = {collection_id}), 0) / {MEASURED_AT}.0))))"
    )


def fetch(sql: str, parameters: Mapping[str, Any], *, ef_search: int | str = EF_SEARCH) -> list[Any]:
    """The rows of one query. It goes with its settings in one message, of which PostgreSQL makes a transaction.

    `ef_search` is a number or the SQL of one.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"{SETTINGS.format(ef_search=ef_search)}; {sql}", parameters)
        while cursor.nextset():
            pass
        return list(cursor.fetchall())
