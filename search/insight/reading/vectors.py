"""The visible items of a collection as arrays, read batch by batch so that only the numbers stay in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

BATCH_SIZE = 4_000

ROWS = f"""
    SELECT i.id, e.digest, {{vector}}, {{attribute}}
    FROM catalog_item i
    JOIN search_passage p ON p.item_id = i.id AND p.space_id = %(space)s AND p.ordinal = 0
    LEFT JOIN search_itemembedding e ON e.item_id = i.id AND e.space_id = %(space)s
    WHERE i.collection_id = %(collection)s AND {VISIBLE} AND i.id > %(after)s
      AND (%(ids)s::bigint[] IS NULL OR i.id = ANY(%(ids)s)) ORDER BY i.id LIMIT {BATCH_SIZE}
"""

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Survey:
    """Row n of everything is one item. `values` are those of the attribute that was asked for."""

    ids: NDArray[np.int64]
    vectors: Vectors  # of length one
    digests: list[bytes]
    values: list[tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.ids)


def survey(
    collection: Collection,
    space: EmbeddingSpace,
    *,
    attribute: str | None = None,
    ids: Sequence[int] | None = None,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Survey:
    """All visible items that have a vector, or those of `ids`, in the order of their ids.

    `on_progress` may raise to stop it.
    """
    column = "NULL" if attribute is None else "(i.attributes -> %(attribute)s::text)::text"
    sql = ROWS.format(vector=sql_of(space).sent(), attribute=column)
    parameters: dict[str, Any] = {"space": space.pk, "collection": collection.pk, "after": 0, "attribute": attribute}
    parameters["ids"] = None if ids is None else list(ids)
    found: list[int] = []
    digests: list[bytes] = []
    values: list[tuple[str, ...]] = []
    parts: list[Vectors] = []
    while rows := _fetch(sql, parameters):
        found += [row[0] for row in rows]
        digests += [bytes(row[1] or b"") for row in rows]
        values += [terms_of(_decoded(row[3])) for row in rows]
        parts.append(unit(sql_of(space).received([row[2] for row in rows])))
        parameters["after"] = found[-1]
        on_progress(len(found))
    vectors = np.concatenate(parts) if parts else np.empty((0, space.dimensions), dtype=np.float32)
    return Survey(np.array(found, dtype=np.int64), vectors, digests, values)


def _fetch(sql: str, parameters: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[Any] = cursor.fetchall()
    return rows


def _decoded(value: Any) -> Any:
    return read_stored(value) if isinstance(value, str) else value


def terms_of(value: Any) -> tuple[str, ...]:
    """The texts that an attribute holds; numbers and truth values are no classes to learn."""
    values = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(text for text in values if isinstance(text, str) and text))


def unit(vectors: Vectors) -> Vectors:
    """The same directions with length one; a zero stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32, copy=False)
    return scaled
