"""Storing vectors: only of items whose text and lease still are those that were encoded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from pgvector import HalfVector, Vector

from search.embedding.queue.claims import Claimed
from search.embedding.text import Span
from search.models import EmbeddingSpace
from search.models.embedding import Storage
from search.timing import stage


@dataclass(frozen=True, slots=True)
class Encoded:
    """The vectors of a claimed item: row 0 stands for the whole item, the others for its passages."""

    claimed: Claimed
    spans: Sequence[Span]
    vectors: npt.NDArray[np.float32]  # (spans, dimensions)


# A row that is locked is being changed: it is left to its writer, and to the next claim if the writer gives up.
FINISH = """
    WITH results AS (
        SELECT * FROM unnest(%(ids)s::bigint[], %(revisions)s::bigint[], %(tokens)s::uuid[], %(digests)s::bytea[])
            AS r(id, revision, lease_token, digest)
    ), locked AS (
        SELECT e.id, r.digest FROM search_itemembedding e JOIN results r USING (id, revision, lease_token)
        WHERE e.state = 'claimed'
        ORDER BY e.id FOR UPDATE OF e SKIP LOCKED
    )
    UPDATE search_itemembedding e
    SET state = 'embedded', digest = locked.digest, embedded_at = clock_timestamp(), attempts = 0, lost_workers = 0,
        lease_token = NULL, lease_expires_at = NULL, error_class = '', error_message = ''
    FROM locked WHERE e.id = locked.id
    RETURNING e.id, e.collection_id
"""


def finish(claimed: Sequence[Claimed]) -> dict[int, int]:
    """Marks rows embedded whose text and lease still hold: their ids with the collection that the item is in now."""
    if not claimed:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            FINISH,
            {
                "ids": [row.id for row in claimed],
                "revisions": [row.revision for row in claimed],
                "tokens": [row.token for row in claimed],
                "digests": [row.text_digest for row in claimed],
            },
        )
        return dict(cursor.fetchall())


@stage("embedding.store")
def store(results: Sequence[Encoded]) -> set[int]:
    """Replaces the passages of the items whose claim still holds, and returns the ids of these rows."""
    with transaction.atomic():
        collections = finish([result.claimed for result in results])
        kept = [result for result in results if result.claimed.id in collections]
        if kept:
            _replace_passages(kept, collections)
    return set(collections)


def _replace_passages(results: Sequence[Encoded], collections: dict[int, int]) -> None:
    replaced = [result.claimed for result in results]
    full_spaces = _full_spaces(replaced)  # not while the connection copies
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM search_passage p USING unnest(%s::bigint[], %s::bigint[]) AS r(item_id, space_id)"
            " WHERE p.item_id = r.item_id AND p.space_id = r.space_id",
            [[row.item_id for row in replaced], [row.space_id for row in replaced]],
        )
        with (
            connection.wrap_database_errors,
            cursor.copy(  # which Django does for what it executes itself
                'COPY search_passage (item_id, space_id, collection_id, ordinal, start, "end", embedding,'
                " full_embedding) FROM STDIN"
            ) as copy,
        ):
            for row in _passage_rows(results, collections, full_spaces):
                copy.write_row(row)


def _full_spaces(claimed: Sequence[Claimed]) -> set[int]:
    """Those of the rows' spaces that keep full precision."""
    ids = {row.space_id for row in claimed}
    return set(EmbeddingSpace.objects.filter(pk__in=ids, storage=Storage.FLOAT).values_list("pk", flat=True))


def _passage_rows(
    results: Iterable[Encoded], collections: dict[int, int], full_spaces: set[int]
) -> Iterable[tuple[int | str | None, ...]]:
    for result in results:
        row = result.claimed
        for ordinal, (span, vector) in enumerate(zip(result.spans, result.vectors, strict=True)):
            text = HalfVector(vector.astype(np.float16)).to_text()
            full = Vector(vector).to_text() if row.space_id in full_spaces else None
            yield row.item_id, row.space_id, collections[row.id], ordinal, span.start, span.end, text, full
