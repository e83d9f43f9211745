"""How truly a map shows who is near to whom, and how far it moves when a tenth more items come."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from catalog.models import Collection
from catalog.schemas import ItemInput
from catalog.services.items import upsert_items
from search.embedding.spaces.lifecycle import active_space
from search.embedding.waiting import wait_until_embedded
from search.evaluation.scratch import BATCH_SIZE, scratch_collection
from search.insight.map.computing import compute_map
from search.insight.map.projecting import Places, trustworthiness
from search.insight.reading.vectors import survey
from search.models import ItemPlace

NEW_SHARE = 0.1  # of the items that were there, added before the second run
MOST_JUDGED = 20_000  # items; of more a sample


@dataclass(frozen=True, slots=True)
class MapFigures:
    """Trustworthiness of 15 neighbours; mean move of an item at the second run, of a map that is 2 wide."""

    trustworthiness_at_15: float
    moved: float


def evaluate_map(items: Sequence[ItemInput], *, on_progress: Callable[[int], None] = lambda done: None) -> MapFigures:
    """Items -> map -> a tenth more items -> map again, which is judged."""
    shuffled = sorted(items, key=lambda item: item.external_id)
    random.Random(0).shuffle(shuffled)
    first = round(len(shuffled) / (1 + NEW_SHARE))
    with scratch_collection(shuffled[:first], on_progress=on_progress) as collection:
        compute_map(collection)
        before = _places(collection)
        for start in range(first, len(shuffled), BATCH_SIZE):
            upsert_items(collection=collection, entries=shuffled[start : start + BATCH_SIZE])
        wait_until_embedded(collection, on_progress=lambda p: on_progress(p.embedded), patience=0)
        compute_map(collection)
        after = _places(collection)
        found = survey(collection, active_space())
    moved = [np.hypot(*(np.subtract(after[pk], place))) for pk, place in before.items() if pk in after]
    rows = np.array([n for n, pk in enumerate(found.ids.tolist()) if pk in after])
    if len(rows) > MOST_JUDGED:
        rows = np.sort(np.random.default_rng(0).permutation(rows)[:MOST_JUDGED])
    places: Places = np.array([after[pk] for pk in found.ids[rows].tolist()])
    return MapFigures(trustworthiness(found.vectors[rows], places), float(np.mean(moved or [0.0])))


def _places(collection: Collection) -> dict[int, tuple[float, float]]:
    rows = ItemPlace.objects.filter(collection=collection).values_list("item_id", "x", "y")
    return {pk: (x, y) for pk, x, y in rows}
