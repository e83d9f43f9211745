"""Recommendations from examples: near to the positive items, away from the negative ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from catalog.errors import NotFound
from catalog.models import Collection, Item
from search.embedding.spaces.lifecycle import active_space
from search.related.diversity import diversify
from search.related.neighbours import Vector, item_vectors, nearest_items
from search.related.related import RelatedItem, load_items
from search.retrieval.ranking.filters import conditions_of
from search.retrieval.types import Filter

POOL_FACTOR = 5  # neighbours looked at for each one wanted, when diversity is asked for
MAX_POOL = 300
NEGATIVE_WEIGHT = 0.5


def recommend(
    *,
    collection: Collection,
    positive: Sequence[str],
    negative: Sequence[str] = (),
    limit: int = 10,
    diversity: float = 0.0,
    filters: Sequence[Filter] = (),
) -> list[RelatedItem]:
    """Items like the positive and unlike the negative ones, which are left out. Raises NotFound for unknown ids."""
    ids = _ids(collection, [*positive, *negative])
    space = active_space()
    vectors = item_vectors(space, list(ids.values()))
    target = _target([vectors.get(ids[p]) for p in positive], [vectors.get(ids[n]) for n in negative])
    if target is None:
        return []
    size = min(MAX_POOL, limit * POOL_FACTOR if diversity else limit) + len(ids)
    found = nearest_items(collection, space, target, limit=size, conditions=conditions_of(filters))
    pool = [row for row in found if row[0] not in set(ids.values())]
    if not pool:
        return []
    scores = np.array([row[1] for row in pool], dtype=np.float32)
    order = diversify(scores, np.stack([row[2] for row in pool]), limit=limit, diversity=diversity)
    return load_items([(pool[n][0], pool[n][1]) for n in order])


def _ids(collection: Collection, external_ids: Sequence[str]) -> dict[str, int]:
    found = dict(
        Item.objects.visible()
        .filter(collection=collection, external_id__in=external_ids)
        .values_list("external_id", "pk")
    )
    if missing := [one for one in external_ids if one not in found]:
        raise NotFound(f"There is no item '{missing[0]}' in '{collection.slug}'.", {"external_ids": missing})
    return found


def _target(positive: Sequence[Vector | None], negative: Sequence[Vector | None]) -> Vector | None:
    """The mean of the positive minus half the mean of the negative vectors, of length one."""
    liked = [one for one in positive if one is not None]
    disliked = [one for one in negative if one is not None]
    if not liked:
        return None
    target = np.mean(liked, axis=0)
    if disliked:
        target = target - NEGATIVE_WEIGHT * np.mean(disliked, axis=0)
    length = float(np.linalg.norm(target))
    return None if length < 1e-6 else np.asarray(target / length, dtype=np.float32)
