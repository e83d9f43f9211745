"""Reading the items to be compared, and their vectors, from PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from catalog.json_text import read_stored
from catalog.models import Collection
from catalog.models.item import VISIBLE
from search.embedding.storage import sql_of
from search.models import EmbeddingSpace

BATCH_SIZE = 5_000
MAX_BODY = 20_000  # characters of a body that are compared

Vectors = NDArray[np.float32]

# Identifiers come from attributes here: an external id is a name in one system, and says nothing across two.
COLUMNS = f"""
    SELECT i.id, i.title, left(i.body, {MAX_BODY}), i.attributes::text, i.text_digest,
           array_remove(i.identifiers, akin_normalize_identifier(i.external_id)),
           CASE WHEN p.ordinal = 0 THEN {{vector}} END
    FROM catalog_item i
    LEFT JOIN search_passage p ON p.item_id = i.id AND p.space_id = %(space)s AND p.ordinal = 0
"""
OF_COLLECTION = (
    f"{COLUMNS} WHERE i.collection_id = %(collection)s AND {VISIBLE} AND i.id > %(after)s ORDER BY i.id LIMIT %(limit)s"
)
BY_IDS = f"{COLUMNS} WHERE i.id = ANY(%(ids)s) AND {VISIBLE} ORDER BY i.id"


@dataclass(frozen=True, slots=True)
class Record:
    """One visible item as it is compared. `vector` is empty while the item has none in the space."""

    item_id: int
    title: str
    body: str
    attributes: dict[str, Any]
    digest: bytes
    identifiers: frozenset[str]
    vector: Vectors


def records_of_collection(collection: Collection, space: EmbeddingSpace) -> Iterator[list[Record]]:
    """All visible items of the collection in the order of their ids, batch by batch."""
    after = 0
    while True:
        batch = _records(space, OF_COLLECTION, {"collection": collection.pk, "after": after, "limit": BATCH_SIZE})
        if not batch:
            return
        yield batch
        after = batch[-1].item_id


def records_by_id(ids: Iterable[int], space: EmbeddingSpace) -> dict[int, Record]:
    """The visible ones of these items."""
    wanted = sorted(set(ids))
    return {record.item_id: record for record in _records(space, BY_IDS, {"ids": wanted})}


def _records(space: EmbeddingSpace, sql: str, parameters: dict[str, Any]) -> list[Record]:
    vectors = sql_of(space)
    with connection.cursor() as cursor:
        cursor.execute(sql.format(vector=vectors.sent()), {**parameters, "space": space.pk})
        rows = cursor.fetchall()
    return [_record(row, own) for row, own in zip(rows, vectors.received([row[-1] for row in rows]), strict=True)]


def _record(row: Sequence[Any], vector: Vectors) -> Record:
    item_id, title, body, attributes, digest, identifiers, sent = row
    return Record(
        item_id=item_id,
        title=title,
        body=body,
        attributes=read_stored(attributes),
        digest=bytes(digest),
        identifiers=frozenset(one for one in identifiers if len(one) >= 3),
        vector=vector if sent is not None else np.empty(0, dtype=np.float32),
    )
