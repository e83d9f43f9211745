"""The queue of items that wait for their vectors: rows of PostgreSQL that are claimed, stored, failed or released.

Every function is one short transaction. Nothing is encoded while one is open.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from pgvector import HalfVector

from search.embedding.text import Span

LEASE_SECONDS = 300
MAX_ATTEMPTS = 8
BACKOFF_SECONDS = 5  # doubled with each attempt, half of it random
MAX_BACKOFF_SECONDS = 3_600
MAX_ERROR_LENGTH = 2_000  # characters


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
    text_digest: bytes
    stored_digest: bytes | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """The vectors of a claimed item: row 0 stands for the whole item, the others for its passages."""

    claimed: Claimed
    spans: Sequence[Span]
    vectors: npt.NDArray[np.float32]  # (spans, dimensions)


CLAIM = """
    WITH next AS (
        SELECT id FROM search_itemembedding
        WHERE state = 'pending' AND next_attempt_at <= clock_timestamp()
        ORDER BY priority, id LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE search_itemembedding e
        SET state = 'claimed', lease_token = %(token)s, attempts = attempts + 1,
            lease_expires_at = clock_timestamp() + make_interval(secs => %(lease)s)
        FROM next WHERE e.id = next.id
        RETURNING e.id, e.item_id, e.space_id, e.collection_id, e.revision, e.digest, e.attempts, e.priority
    )
    SELECT c.id, c.item_id, c.space_id, c.collection_id, c.revision,
           i.title, i.body, i.text_digest, c.digest, c.attempts
    FROM claimed c JOIN catalog_item i ON i.id = c.item_id
    ORDER BY c.priority, c.id
"""


def claim(limit: int) -> list[Claimed]:
    """Leases up to `limit` pending rows, what a person waits for first. Rows that others hold are skipped."""
    token = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"limit": limit, "token": token, "lease": LEASE_SECONDS})
        rows = cursor.fetchall()
    return [
        Claimed(*row[:5], token, row[5], row[6], bytes(row[7]), _bytes(row[8]), row[9]) for row in rows
    ]


def _bytes(value: memoryview | bytes | None) -> bytes | None:
    return None if value is None else bytes(value)


FINISH = """
    WITH results AS (
        SELECT * FROM unnest(%(ids)s::bigint[], %(revisions)s::bigint[], %(digests)s::bytea[])
            AS r(id, revision, digest)
    ), locked AS (
        SELECT e.id, r.digest FROM search_itemembedding e JOIN results r USING (id, revision)
        WHERE e.state = 'claimed' AND e.lease_token = %(token)s
        ORDER BY e.id FOR UPDATE OF e
    )
    UPDATE search_itemembedding e
    SET state = 'embedded', digest = locked.digest, embedded_at = clock_timestamp(), attempts = 0,
        lease_token = NULL, lease_expires_at = NULL, error_class = '', error_message = ''
    FROM locked WHERE e.id = locked.id
    RETURNING e.id
"""


def finish(claimed: Sequence[Claimed]) -> set[int]:
    """Marks rows embedded whose text and lease still hold, and returns their ids; the others changed meanwhile."""
    if not claimed:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            FINISH,
            {
                "ids": [row.id for row in claimed],
                "revisions": [row.revision for row in claimed],
                "digests": [row.text_digest for row in claimed],
                "token": claimed[0].token,
            },
        )
        return {row[0] for row in cursor.fetchall()}


def store(results: Sequence[Encoded]) -> int:
    """Replaces the passages of the items whose claim still holds, and returns how many these were."""
    with transaction.atomic():
        kept_ids = finish([result.claimed for result in results])
        kept = [result for result in results if result.claimed.id in kept_ids]
        if kept:
            _replace_passages(kept)
    return len(kept)


def _replace_passages(results: Sequence[Encoded]) -> None:
    replaced = [r for r in results if r.claimed.stored_digest is not None]
    with connection.cursor() as cursor:
        if replaced:
            cursor.execute(
                "DELETE FROM search_passage p USING unnest(%s::bigint[], %s::bigint[]) AS r(item_id, space_id)"
                " WHERE p.item_id = r.item_id AND p.space_id = r.space_id",
                [[r.claimed.item_id for r in replaced], [r.claimed.space_id for r in replaced]],
            )
        with cursor.copy(  # type: ignore[attr-defined]
            'COPY search_passage (item_id, space_id, collection_id, ordinal, start, "end", embedding) FROM STDIN'
        ) as copy:
            for row in _passage_rows(results):
                copy.write_row(row)


def _passage_rows(results: Iterable[Encoded]) -> Iterable[tuple[int | str, ...]]:
    for result in results:
        row = result.claimed
        for ordinal, (span, vector) in enumerate(zip(result.spans, result.vectors, strict=True)):
            text = HalfVector(vector.astype(np.float16)).to_text()
            yield row.item_id, row.space_id, row.collection_id, ordinal, span.start, span.end, text


FAIL = """
    UPDATE search_itemembedding
    SET state = CASE WHEN %(permanent)s OR attempts >= %(max)s THEN 'failed' ELSE 'pending' END,
        next_attempt_at = clock_timestamp() + make_interval(secs =>
            (0.5 + random() / 2) * least(%(cap)s, %(base)s * power(2, attempts - 1))),
        lease_token = NULL, lease_expires_at = NULL,
        error_class = %(class)s, error_message = %(message)s
    WHERE id = %(id)s AND revision = %(revision)s AND lease_token = %(token)s
"""


def fail(claimed: Claimed, error: Exception, *, is_permanent: bool) -> None:
    """Records the error. A transient one is tried again later, a permanent one waits for a changed text or a retry."""
    with connection.cursor() as cursor:
        cursor.execute(
            FAIL,
            {
                "permanent": is_permanent,
                "max": MAX_ATTEMPTS,
                "cap": MAX_BACKOFF_SECONDS,
                "base": BACKOFF_SECONDS,
                "class": type(error).__name__[:200],
                "message": str(error).replace("\x00", "")[:MAX_ERROR_LENGTH],
                "id": claimed.id,
                "revision": claimed.revision,
                "token": claimed.token,
            },
        )


def release(claimed: Sequence[Claimed]) -> None:
    """Gives leased rows back unharmed, as if they had not been claimed."""
    if not claimed:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE search_itemembedding SET state = 'pending', attempts = greatest(attempts - 1, 0),"
            " lease_token = NULL, lease_expires_at = NULL WHERE id = ANY(%s) AND lease_token = %s",
            [[row.id for row in claimed], claimed[0].token],
        )
