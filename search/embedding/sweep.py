"""Finds what no message announced: expired leases, items without a row, rows without an item, stale digests."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

EXPIRED = """
    UPDATE search_itemembedding
    SET state = 'pending', lease_token = NULL, lease_expires_at = NULL, next_attempt_at = clock_timestamp()
    WHERE id IN (
        SELECT id FROM search_itemembedding
        WHERE state = 'claimed' AND lease_expires_at < clock_timestamp()
        ORDER BY id FOR UPDATE SKIP LOCKED
    )
"""

MISSING = """
    INSERT INTO search_itemembedding (item_id, space_id, collection_id, priority, marked_at, next_attempt_at)
    SELECT i.id, s.id, i.collection_id, 20, clock_timestamp(), clock_timestamp()
    FROM search_embeddingspace s CROSS JOIN catalog_item i
    WHERE s.state IN ('building', 'ready', 'active') AND s.modality = 'text'
      AND NOT EXISTS (SELECT 1 FROM search_itemembedding e WHERE e.item_id = i.id AND e.space_id = s.id)
    ON CONFLICT (item_id, space_id) DO NOTHING
"""

STALE = """
    UPDATE search_itemembedding e
    SET state = 'pending', revision = revision + 1, marked_at = clock_timestamp(), priority = 20,
        next_attempt_at = clock_timestamp()
    WHERE e.id IN (
        SELECT x.id FROM search_itemembedding x JOIN catalog_item i ON i.id = x.item_id
        WHERE x.state = 'embedded' AND x.digest IS DISTINCT FROM i.text_digest
        ORDER BY x.id FOR UPDATE OF x SKIP LOCKED
    )
"""

ORPHANED_PASSAGES = """
    DELETE FROM search_passage p WHERE NOT EXISTS (
        SELECT 1 FROM search_itemembedding e WHERE e.item_id = p.item_id AND e.space_id = p.space_id
    )
"""

ORPHANED_ROWS = """
    DELETE FROM search_itemembedding e WHERE NOT EXISTS (SELECT 1 FROM catalog_item i WHERE i.id = e.item_id)
"""


@dataclass(frozen=True, slots=True)
class SweepReport:
    """How many rows each search set right."""

    expired: int = 0
    missing: int = 0
    stale: int = 0
    orphans: int = 0


def release_expired() -> int:
    """Gives back the leases of workers that died. Cheap: one partial index."""
    return _execute(EXPIRED)


def sweep() -> SweepReport:
    """Compares every item with its rows. Reads whole tables, so beat runs it every few minutes only."""
    return SweepReport(
        expired=release_expired(),
        missing=_execute(MISSING),
        stale=_execute(STALE),
        orphans=_execute(ORPHANED_ROWS) + _execute(ORPHANED_PASSAGES),
    )


def has_due_work() -> bool:
    """Whether a row could be claimed now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM search_itemembedding"
            " WHERE state = 'pending' AND next_attempt_at <= clock_timestamp())"
        )
        return bool(cursor.fetchone()[0])


def _execute(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.rowcount)
