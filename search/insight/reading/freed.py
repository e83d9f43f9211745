"""Vectors as they would be if an attribute were not part of the texts that are embedded.

Values of attributes are embedded with the texts, so that they are searched by meaning. Whoever asks whether a value is
the right one must not read it out of the vector. Some items are encoded again without it; from all others goes what
the value added to those.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from catalog.models import Collection
from catalog.schemas import AttributeDefinition, parse_attribute_schema
from search.embedding.encoders.registry import encoder_of
from search.embedding.text import embedded_text, embedded_values
from search.insight.reading.vectors import Survey, Vectors, unit
from search.models import EmbeddingSpace

ENCODED = 1_000  # items at most that are encoded again, as many of each value
BATCH_SIZE = 64
TOKEN_LENGTH = 3  # characters that a token stands for at least, in most texts

LENGTHS = "SELECT i.id, length(i.title) + length(i.body) FROM catalog_item i WHERE i.id = ANY(%s)"
TEXTS = """
    SELECT i.id, i.title, i.body, akin_attribute_texts(i.attributes - %s::text, c.attribute_schema)
    FROM catalog_item i JOIN catalog_collection c ON c.id = i.collection_id WHERE i.id = ANY(%s)
"""


def without_attribute(
    found: Survey,
    collection: Collection,
    space: EmbeddingSpace,
    attribute: str,
    *,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Survey:
    """The survey, whose values are those of the attribute, with other vectors where these are embedded."""
    if not is_embedded(parse_attribute_schema(collection.attribute_schema).get(attribute)):
        return found
    having = [n for n, own in enumerate(found.values) if own]
    lengths = _lengths(found.ids)
    room = encoder_of(space).max_tokens * TOKEN_LENGTH
    short = [n for n in having if lengths[n] <= room]
    if not short:
        return found
    chosen = np.array(_chosen([found.values[n] for n in short], short))
    vectors = found.vectors.copy()
    encoded = _encoded(space, attribute, found.ids[chosen], on_progress)
    added = _added(vectors[chosen] - encoded, [found.values[n] for n in chosen])
    usual_length = float(lengths[chosen].mean())
    for n in having:
        # A value is one of few words in a short text, one of many in a long one.
        share = min(1.0, usual_length / max(float(lengths[n]), 1.0))
        vectors[n] -= share * added.get(found.values[n], added[()])
    vectors[chosen] = encoded
    return Survey(found.ids, unit(vectors), found.digests, found.values)


def is_embedded(definition: AttributeDefinition | None) -> bool:
    """Whether values of words that are so defined are part of the embedded texts."""
    return definition is not None and not definition.identifier and definition.searched in ("default", "normal", "high")


def _lengths(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    with connection.cursor() as cursor:
        cursor.execute(LENGTHS, [ids.tolist()])
        known = dict(cursor.fetchall())
    return np.array([known.get(own, 0) for own in ids.tolist()], dtype=np.int64)


def _chosen(values: Sequence[tuple[str, ...]], rows: Sequence[int]) -> list[int]:
    """At most ENCODED of the rows: one of each value, then the next of each."""
    order = np.random.default_rng(0).permutation(len(rows))
    turns: dict[tuple[str, ...], int] = defaultdict(int)
    ranked: list[tuple[int, int]] = []
    for at in order.tolist():
        ranked.append((turns[values[at]], rows[at]))
        turns[values[at]] += 1
    ranked.sort(key=lambda one: one[0])
    return sorted(row for _, row in ranked[:ENCODED])


def _encoded(
    space: EmbeddingSpace, attribute: str, ids: NDArray[np.int64], on_progress: Callable[[int], None]
) -> Vectors:
    with connection.cursor() as cursor:
        cursor.execute(TEXTS, [attribute, ids.tolist()])
        rows: dict[int, Any] = {row[0]: row[1:] for row in cursor.fetchall()}
    none = ("", "", ())  # of an item that went meanwhile
    texts = [
        embedded_text(title, body) + embedded_values(values)
        for title, body, values in (rows.get(own, none) for own in ids.tolist())
    ]
    parts: list[Vectors] = []
    for start in range(0, len(texts), BATCH_SIZE):
        on_progress(start)
        parts.append(encoder_of(space).encode_documents(texts[start : start + BATCH_SIZE]))
    return unit(np.concatenate(parts))


def _added(differences: Vectors, values: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], Vectors]:
    """What each value added to the vectors in the mean; `()` is for values of which nothing was encoded."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, own in enumerate(values):
        groups[own].append(row)
    means: dict[tuple[str, ...], Vectors] = {own: differences[rows].mean(axis=0) for own, rows in groups.items()}
    return {**means, (): np.mean(list(means.values()), axis=0)}
