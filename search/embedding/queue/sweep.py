"""Finds what no message announced: expired leases, items without a row, rows without an item, stale digests."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from search.embedding.queue.claims import LEASE_SECONDS, MAX_BACKOFF_SECONDS, MAX_LOST_WORKERS

# A lease or an attempt that lies further in the future than any can was set before the clock was put back.
EXPIRED = f"""
    UPDATE search_itemembedding e
    SET state = CASE WHEN e.lost_workers + 1 >= {MAX_LOST_WORKERS} THEN 'failed' ELSE 'pending' END,
        lost_workers = e.lost_workers + 1, attempts = greatest(e.attempts - 1, 0),
        error_class = 'WorkerLost', error_message = 'A worker died, or hung, while it held this item.',
        lease_token = NULL, lease_expires_at = NULL, next_attempt_at = clock_timestamp()
    WHERE e.id IN (
        SELECT id FROM search_itemembedding
        WHERE state = 'claimed' AND (lease_expires_at < clock_timestamp()
            OR lease_expires_at > clock_timestamp() + make_interval(secs => {2 * LEASE_SECONDS}))
        ORDER BY id FOR UPDATE SKIP LOCKED
    )
"""

FAR_FUTURE = f"""
    UPDATE search_itemembedding e SET next_attempt_at = clock_timestamp()
    WHERE e.id IN (
        SELECT id FROM search_itemembedding
        WHERE state = 'pending' AND next_attempt_at > clock_timestamp() + make_interval(secs => {MAX_BACKOFF_SECONDS})
        ORDER BY id FOR UPDATE SKIP LOCKED
    )
"""

MISSING = """
    INSERT INTO search_itemembedding (item_id, space_id, collection_id, priority, marked_at, next_attempt_at)
    SELECT i.id, s.id, i.collection_id, 20, clock_timestamp(), clock_timestamp()
    FROM search_embeddingspace s CROSS JOIN catalog_item i
    WHERE s.state IN ('building', 'ready', 'active') AND s.modality = 'text'
      AND NOT EXISTS (SELECT 1 FROM search_itemembedding e WHERE e.item_id = i.id AND e.space_id = s.id)
    ORDER BY i.id, s.id
    ON CONFLICT (item_id, space_id) DO NOTHING
"""

STALE = """
    UPDATE search_itemembedding e
    SET state = 'pending', revision = revision + 1, marked_at = clock_timestamp(), priority = 20, attempts = 0,
        digest = NULL, next_attempt_at = clock_timestamp()
    WHERE e.id IN (
        SELECT x.id FROM search_itemembedding x JOIN catalog_item i ON i.id = x.item_id
        WHERE x.state = 'embedded' AND (
            x.digest IS DISTINCT FROM akin_embedded_digest(i.text_digest, i.attribute_texts)
         OR NOT EXISTS (
            SELECT 1 FROM search_passage p WHERE p.item_id = x.item_id AND p.space_id = x.space_id AND p.ordinal = 0
        ))
        ORDER BY x.id FOR UPDATE OF x SKIP LOCKED
    )
"""

ORPHANED_ROWS = """
    DELETE FROM search_itemembedding e
    WHERE e.id IN (
        SELECT o.id FROM search_itemembedding o
        WHERE NOT EXISTS (SELECT 1 FROM catalog_item i WHERE i.id = o.item_id)
           OR o.space_id IN (SELECT id FROM search_embeddingspace WHERE state IN ('added', 'retired'))
        ORDER BY o.id FOR UPDATE OF o SKIP LOCKED
    )
"""

ORPHANED_PASSAGES = """
    DELETE FROM search_passage p
    WHERE p.id IN (
        SELECT o.id FROM search_passage o WHERE NOT EXISTS (
            SELECT 1 FROM search_itemembedding e WHERE e.item_id = o.item_id AND e.space_id = o.space_id
        )
        ORDER BY o.id FOR UPDATE OF o SKIP LOCKED
    )
"""

# In the order of ids like every statement that locks several rows; in parts, so that writers wait for moments only.
FORGET = """
    WITH next AS (
        SELECT id FROM {table} WHERE space_id = %(space)s AND id > %(after)s
        ORDER BY id LIMIT {size} FOR UPDATE {locked}
    ), gone AS (
        DELETE FROM {table} t USING next WHERE t.id = next.id
    )
    SELECT max(id) FROM next
"""
FORGET_SIZE = 10_000  # rows


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


def add_missing() -> int:
    """Adds a row for each item that lacks one in a space that items are embedded in."""
    return _execute(MISSING)


def sweep() -> SweepReport:
    """Compares every item with its rows. Reads whole tables, so beat runs it every few minutes only."""
    return SweepReport(
        expired=release_expired() + _execute(FAR_FUTURE),
        missing=add_missing(),
        stale=_execute(STALE),
        orphans=_execute(ORPHANED_ROWS) + _execute(ORPHANED_PASSAGES),
    )


def forget_space(space_id: int) -> None:
    """Deletes the rows of a space, then their vectors, which nobody stores any more by then.

    Vectors that move to another collection at this moment are left to the sweep.
    """
    for table, locked in (("search_itemembedding", ""), ("search_passage", "SKIP LOCKED")):
        sql = FORGET.format(table=table, size=FORGET_SIZE, locked=locked)
        last: int | None = 0
        while last is not None:
            with connection.cursor() as cursor:
                cursor.execute(sql, {"space": space_id, "after": last})
                last = cursor.fetchone()[0]


def _execute(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.rowcount)
