"""The queue of items that wait for their vectors: rows of PostgreSQL that are claimed, renewed, failed or released.

Every function is one short transaction. Nothing is encoded while one is open. Whatever locks several rows does so in
the order of their ids or skips what is locked, so that workers, writers and sweeps never deadlock.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from search.models.embedding import Priority
from search.timing import stage

LEASE_SECONDS = 60  # renewed while a worker lives
MAX_ATTEMPTS = 8  # of an item that fails alone; an encoder that is down has as many as it needs
MAX_LOST_WORKERS = 5  # workers that died with the item until it is blamed
SUSPECT_AFTER = 2  # workers that died with the item until it is claimed alone
BACKOFF_SECONDS = 5  # doubled with each attempt, half of it random
MAX_BACKOFF_SECONDS = 900
MAX_OUTAGE_BACKOFF_SECONDS = 60
MAX_ERROR_LENGTH = 2_000  # characters

# A row that was never tried is due whatever the clock says: the clock may have been set back since.
DUE = "e.state = 'pending' AND (e.attempts = 0 OR e.next_attempt_at <= clock_timestamp())"
LIVE_SPACE = """e.space_id IN (
    SELECT id FROM search_embeddingspace WHERE state IN ('building', 'ready', 'active') AND modality = 'text'
)"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """One item in one space, leased to this worker, with the text it had when it was claimed."""

    id: int
    item_id: int
    space_id: int
    collection_id: int
    revision: int
    token: uuid.UUID
    title: str
    body: str
    attribute_texts: tuple[str, ...]
    text_digest: bytes  # of title, body and these
    stored_digest: bytes | None
    attempts: int
    priority: int


CLAIM = f"""
    WITH next AS (
        SELECT e.id FROM search_itemembedding e
        WHERE {DUE} AND e.priority <= %(priority)s AND {LIVE_SPACE} AND e.space_id <> ALL(%(except)s)
          AND (%(collection)s::bigint IS NULL OR e.collection_id = %(collection)s)
          AND (e.lost_workers >= {SUSPECT_AFTER}) = %(suspects)s
          AND EXISTS (SELECT 1 FROM catalog_item i WHERE i.id = e.item_id)
        ORDER BY e.priority, e.id LIMIT %(limit)s
        FOR UPDATE OF e SKIP LOCKED
    )
    UPDATE search_itemembedding e
    SET state = 'claimed', lease_token = %(token)s, attempts = least(attempts + 1, 1000),
        lease_expires_at = clock_timestamp() + make_interval(secs => {LEASE_SECONDS})
    FROM next WHERE e.id = next.id
    RETURNING e.id
"""

# A statement of its own: the claim's snapshot may show an older text than the revision that it locked.
READ = """
    SELECT e.id, e.item_id, e.space_id, e.collection_id, e.revision, e.lease_token,
           i.title, i.body, i.attribute_texts, akin_embedded_digest(i.text_digest, i.attribute_texts), e.digest,
           e.attempts, e.priority
    FROM search_itemembedding e JOIN catalog_item i ON i.id = e.item_id
    WHERE e.id = ANY(%s) AND e.lease_token = %s
    ORDER BY e.priority, e.id
"""


@stage("embedding.claim")
def claim(
    limit: int,
    *,
    priority: Priority = Priority.BACKFILL,
    except_spaces: Collection[int] = (),
    collection_id: int | None = None,
) -> list[Claimed]:
    """Leases up to `limit` due rows of at least that priority, what a person waits for first; of one collection or all.

    Rows that others hold are skipped. An item with which workers died is claimed alone, after all others.
    """
    token = uuid.uuid4()
    parameters: dict[str, Any] = {
        "token": token,
        "priority": priority,
        "except": list(except_spaces),
        "collection": collection_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {**parameters, "limit": limit, "suspects": False})
        if not cursor.rowcount:
            cursor.execute(CLAIM, {**parameters, "limit": 1, "suspects": True})
        if not cursor.rowcount:
            return []
        cursor.execute(READ, [[row[0] for row in cursor.fetchall()], token])
        return [_claimed(row) for row in cursor.fetchall()]


def _claimed(row: tuple[Any, ...]) -> Claimed:
    stored_digest = None if row[10] is None else bytes(row[10])
    return Claimed(*(*row[:8], tuple(row[8]), bytes(row[9]), stored_digest, *row[11:]))


LEASED = """
    WITH leased AS (
        SELECT e.id FROM search_itemembedding e
        WHERE e.id = ANY(%(ids)s) AND e.lease_token = %(token)s AND e.state = 'claimed'
        ORDER BY e.id FOR UPDATE OF e SKIP LOCKED
    )
    UPDATE search_itemembedding e
"""

RENEW = f"""{LEASED}
    SET lease_expires_at = clock_timestamp() + make_interval(secs => {LEASE_SECONDS})
    FROM leased WHERE e.id = leased.id
"""


def renew(claimed: Sequence[Claimed]) -> None:
    """Prolongs the leases that still hold."""
    _update_leased(RENEW, claimed)


RELEASE = f"""{LEASED}
    SET state = 'pending', attempts = greatest(e.attempts - 1, 0), lease_token = NULL, lease_expires_at = NULL
    FROM leased WHERE e.id = leased.id
"""


def release(claimed: Sequence[Claimed]) -> None:
    """Gives leased rows back unharmed, as if they had not been claimed."""
    _update_leased(RELEASE, claimed)


RELEASE_ALL = """
    WITH leased AS (
        SELECT e.id FROM search_itemembedding e
        WHERE e.lease_token = ANY(%s) AND e.state = 'claimed'
        ORDER BY e.id FOR UPDATE OF e SKIP LOCKED
    )
    UPDATE search_itemembedding e
    SET state = 'pending', attempts = greatest(e.attempts - 1, 0), lease_token = NULL, lease_expires_at = NULL
    FROM leased WHERE e.id = leased.id
"""


def release_all(tokens: Sequence[uuid.UUID]) -> None:
    """Gives back whatever is leased under these tokens."""
    with connection.cursor() as cursor:
        cursor.execute(RELEASE_ALL, [list(tokens)])


FAIL = f"""{LEASED}
    SET state = CASE WHEN %(permanent)s OR e.attempts >= %(max)s THEN 'failed' ELSE 'pending' END,
        next_attempt_at = clock_timestamp() + make_interval(secs =>
            (0.5 + random() / 2) * least(%(cap)s, {BACKOFF_SECONDS} * power(2, least(e.attempts, 20) - 1))),
        lease_token = NULL, lease_expires_at = NULL, lost_workers = 0,
        error_class = %(class)s, error_message = %(message)s
    FROM leased WHERE e.id = leased.id
"""


def fail(claimed: Sequence[Claimed], error: Exception, *, is_permanent: bool) -> None:
    """Records what these items fail with. A permanent error waits for a changed text or a retry."""
    _fail(claimed, error, is_permanent=is_permanent, most=MAX_ATTEMPTS, cap=MAX_BACKOFF_SECONDS)


def postpone(claimed: Sequence[Claimed], error: Exception) -> None:
    """Records an outage, which is no fault of the items: they are tried again until it is over."""
    _fail(claimed, error, is_permanent=False, most=1_000_000, cap=MAX_OUTAGE_BACKOFF_SECONDS)


def _fail(claimed: Sequence[Claimed], error: Exception, *, is_permanent: bool, most: int, cap: int) -> None:
    parameters = {
        "permanent": is_permanent,
        "max": most,
        "cap": cap,
        "class": type(error).__name__[:200],
        "message": str(error).replace("\x00", "")[:MAX_ERROR_LENGTH],
    }
    _update_leased(FAIL, claimed, parameters)


def _update_leased(sql: str, claimed: Sequence[Claimed], parameters: dict[str, Any] | None = None) -> None:
    """Runs the statement for the rows of each claim among them."""
    for token in {row.token for row in claimed}:
        ids = [row.id for row in claimed if row.token == token]
        with connection.cursor() as cursor:
            cursor.execute(sql, {**(parameters or {}), "ids": ids, "token": token})


def has_due_work() -> bool:
    """Whether a row could be claimed now."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT 1 FROM search_itemembedding e WHERE {DUE} AND {LIVE_SPACE})")
        return bool(cursor.fetchone()[0])
