"""The indexes: there and valid, not swollen, and without many dead rows under them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection

from config.doctor.findings import Finding, error, warning
from search.retrieval.upkeep import indexes

MIN_ROWS = 1_000  # of a smaller table it does not matter
MAX_DEAD_SHARE = 0.2  # of a table's rows, before searches slow down
MAX_BLOAT = 2.0  # times the size that the rows would take in an index just built

INVALID = """
    SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT i.indisvalid AND n.nspname = current_schema()
      AND NOT EXISTS (SELECT 1 FROM pg_stat_progress_create_index p WHERE p.index_relid = c.oid)
    ORDER BY c.relname
"""

DEAD = """
    SELECT relname, n_live_tup, n_dead_tup FROM pg_stat_user_tables
    WHERE schemaname = current_schema() AND n_live_tup + n_dead_tup >= %s
      AND n_dead_tup > %s * (n_live_tup + n_dead_tup)
    ORDER BY relname
"""

# Of one vector an HNSW index keeps the vector with a header, and 6 bytes for each of its neighbours: 2 m on the lowest
# level, and as good as none on higher ones. As many of both go on a page of 8,192 bytes as fit.
VECTOR_INDEXES = """
    SELECT c.relname, pg_relation_size(c.oid), c.reltuples, a.atttypmod,
           coalesce((SELECT split_part(o, '=', 2)::int FROM unnest(c.reloptions) o WHERE o LIKE 'm=%%'), 16),
           format_type(a.atttypid, NULL)
    FROM pg_class c JOIN pg_am m ON m.oid = c.relam JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = 1
    WHERE m.amname = 'hnsw' AND c.reltuples >= %s ORDER BY c.relname
"""
BYTES_PER_DIMENSION = {"halfvec": 2.0, "vector": 4.0, "bit": 1 / 8}
HEADERS = 120  # bytes of both tuples of a vector, with their line pointers and alignment
PAGE = 8_192 - 32


def validity() -> Iterator[Finding]:
    """Indexes that no search uses because their build broke off, and such as are missing."""
    for name in _column(INVALID):
        yield error("indexes", f"{name} is not valid: searches do without it.", f"REINDEX INDEX CONCURRENTLY {name}")
    for name in indexes.missing():
        yield warning(
            "indexes",
            f"{name} is missing: searches of its collection compare every row.",
            "A running Akin builds it within a minute, unless many items wait to be embedded; else: manage.py start",
        )


def dead_rows() -> Iterator[Finding]:
    """Tables that deleted and replaced rows fill."""
    for table, live, dead in _rows(DEAD, [MIN_ROWS, MAX_DEAD_SHARE]):
        remedy = f"VACUUM (ANALYZE) {table}"
        if table == "search_passage":
            # Vacuum repairs the graph of an HNSW index row by row, which takes longer than a new one.
            remedy = "REINDEX INDEX CONCURRENTLY for each passage_hnsw_… index, then VACUUM (ANALYZE) search_passage"
        yield warning("dead rows", f"{dead:,} of {live + dead:,} rows of {table} are dead.", remedy)


def bloat() -> Iterator[Finding]:
    """Vector indexes that are much larger than they would be if they were built now."""
    for name, size, rows, dimensions, m, kind in _rows(VECTOR_INDEXES, [MIN_ROWS]):
        expected = expected_bytes(rows, dimensions, m, kind)
        if size > MAX_BLOAT * expected:
            yield warning(
                "bloat",
                f"{name} takes {size / 2**20:,.0f} MB, built anew it would take about {expected / 2**20:,.0f} MB.",
                f"REINDEX INDEX CONCURRENTLY {name}",
            )


def expected_bytes(rows: float, dimensions: int, m: int, kind: str) -> float:
    """The size of an HNSW index that was just built."""
    each = dimensions * BYTES_PER_DIMENSION.get(kind, 4.0) + 6 * 2 * m + HEADERS
    on_a_page = max(int(PAGE // each), 1)
    return rows / on_a_page * 8_192


def _rows(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _column(sql: str) -> list[str]:
    return [row[0] for row in _rows(sql, [])]
