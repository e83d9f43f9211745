"""Examples of what is wanted or not, and their vectors: of items, of free texts, or given as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from catalog.errors import InvalidInput, NotFound
from catalog.models import Collection, Item
from search.embedding.encoders.registry import encoder_of
from search.models import EmbeddingSpace
from search.related.neighbours import Vector, item_vectors


@dataclass(frozen=True, slots=True)
class Example:
    """One of item (an external id), text and vector; one of weight 2 counts twice."""

    item: str = ""
    text: str = ""
    vector: tuple[float, ...] = ()
    weight: float = 1.0

    @property
    def is_item(self) -> bool:
        return not self.text and not self.vector


@dataclass(frozen=True, slots=True)
class Known:
    """An example with its vector of length one, and the item it is, if it is one."""

    example: Example
    vector: Vector
    item: Item | None


def known_examples(collection: Collection, space: EmbeddingSpace, examples: Sequence[Example]) -> list[Known]:
    """Those that have a vector by now. Raises NotFound, InvalidInput, EncoderUnavailable."""
    items = _items(collection, [example.item for example in examples if example.is_item])
    stored = item_vectors(space, [item.pk for item in items.values()])
    texts = list(dict.fromkeys(example.text for example in examples if example.text))
    encoded = dict(zip(texts, encoder_of(space).encode_documents(texts), strict=True)) if texts else {}
    found = []
    for example in examples:
        item = items.get(example.item) if example.is_item else None
        vector = stored.get(item.pk) if item is not None else encoded.get(example.text)
        if example.vector:
            vector = _given(space, example.vector)
        if vector is not None:
            found.append(Known(example, _unit(np.asarray(vector, dtype=np.float32)), item))
    return found


def _items(collection: Collection, external_ids: Sequence[str]) -> dict[str, Item]:
    rows = Item.objects.visible().light().filter(collection=collection, external_id__in=external_ids)
    found = {item.external_id: item for item in rows}
    if missing := [external_id for external_id in external_ids if external_id not in found]:
        raise NotFound(f"There is no item '{missing[0]}' in '{collection.slug}'.", {"external_ids": missing})
    return found


def _given(space: EmbeddingSpace, vector: Sequence[float]) -> Vector:
    if len(vector) != space.dimensions:
        reason = f"must have the {space.dimensions} numbers of this catalog's vectors"
        raise InvalidInput(f"vector: {reason}", [{"field": "vector", "reason": reason}])
    found = np.asarray(vector, dtype=np.float32)
    if not np.isfinite(found).all() or float(np.linalg.norm(found)) < 1e-6:
        reason = "must point somewhere"
        raise InvalidInput(f"vector: {reason}", [{"field": "vector", "reason": reason}])
    return found


def _unit(vector: Vector) -> Vector:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), dtype=np.float32)
