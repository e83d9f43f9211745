"""Computing the map of a collection, and giving new items their place on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from catalog import locks
from catalog.models import Collection, Run
from catalog.models.item import VISIBLE
from catalog.services.runs import Progress
from search.embedding.spaces.lifecycle import active_space
from search.insight.map.projecting import MAP_NEIGHBOURS, OnStep, Places, among_neighbours, project
from search.insight.reading.vectors import survey
from search.insight.runs import told
from search.models import EmbeddingSpace, ItemPlace
from search.related.neighbours import item_vectors, nearest_items

FEWEST_PLACED = 20  # of a collection, before a map makes sense
MAX_NEW = 300  # items placed at a time
SPARE = 25  # neighbours beyond those wanted, as some have no place yet

WRITE = """
    INSERT INTO search_itemplace (item_id, collection_id, x, y)
    SELECT item_id, %(collection)s, x, y
    FROM unnest(%(ids)s::bigint[], %(xs)s::float8[], %(ys)s::float8[]) AS found(item_id, x, y)
    WHERE EXISTS (SELECT 1 FROM catalog_item i WHERE i.id = found.item_id)
    ON CONFLICT (item_id) DO UPDATE SET collection_id = excluded.collection_id, x = excluded.x, y = excluded.y
"""

NEW = f"""
    SELECT e.item_id FROM search_itemembedding e JOIN catalog_item i ON i.id = e.item_id
    WHERE e.collection_id = %(collection)s AND e.space_id = %(space)s AND e.state = 'embedded' AND {VISIBLE}
      AND NOT EXISTS (SELECT 1 FROM search_itemplace p
                      WHERE p.item_id = e.item_id AND p.collection_id = e.collection_id)
    LIMIT {MAX_NEW}
"""


def work(run: Run, collection: Collection, progress: Progress) -> dict[str, Any]:
    """Carries out a run."""
    tell = told(run, progress)
    return compute_map(collection, on_step=lambda done, step: tell(done, phase=step))


def compute_map(collection: Collection, *, on_step: OnStep = lambda done, step: None) -> dict[str, Any]:
    """Writes the place of every visible item at once, and returns what the run should remember."""
    space = active_space()
    found = survey(collection, space, on_progress=lambda done: on_step(done, "reading"))
    if len(found) < FEWEST_PLACED:
        ItemPlace.objects.filter(collection=collection).delete()
        return {"items": len(found), "note": f"A map needs {FEWEST_PLACED} embedded items at least."}
    places = project(found.vectors, _before(collection, found.ids), on_step=on_step)
    on_step(len(found), "writing")
    with transaction.atomic():
        ItemPlace.objects.filter(collection=collection).delete()
        _write(collection, found.ids.tolist(), places)
    return {"items": len(found)}


def _before(collection: Collection, ids: NDArray[np.int64]) -> Places | None:
    """Where the items lie now, NaN for those that do not."""
    rows = {pk: (x, y) for pk, x, y in ItemPlace.objects.filter(collection=collection).values_list("item_id", "x", "y")}
    if not rows:
        return None
    return np.array([rows.get(pk, (np.nan, np.nan)) for pk in ids.tolist()], dtype=np.float64)


def _write(collection: Collection, ids: Sequence[int], places: Places) -> None:
    columns = {"ids": list(ids), "xs": places[:, 0].tolist(), "ys": places[:, 1].tolist()}
    with connection.cursor() as cursor:
        cursor.execute(WRITE, {"collection": collection.pk, **columns})


def place_new_items() -> int:
    """Puts embedded items without a place among their neighbours, where there is a map; returns how many."""
    space, count = active_space(), 0
    mapped = ItemPlace.objects.order_by().values("collection").distinct()
    others = locks.held_keys(locks.Lock.OWN_WORK)
    for collection in Collection.objects.filter(pk__in=mapped).exclude(pk__in=others):
        with connection.cursor() as cursor:
            cursor.execute(NEW, {"collection": collection.pk, "space": space.pk})
            ids = [row[0] for row in cursor.fetchall()]
        count += _place(collection, space, ids) if ids else 0
    return count


def _place(collection: Collection, space: EmbeddingSpace, ids: Sequence[int]) -> int:
    """At the weighted place of the neighbours that have one; an item without any waits for the next map."""
    placed: list[int] = []
    places: list[Places] = []
    for item_id, vector in item_vectors(space, ids).items():
        near = [
            (pk, cosine) for pk, cosine, _ in nearest_items(collection, space, vector, limit=MAP_NEIGHBOURS + SPARE)
        ]
        rows = ItemPlace.objects.filter(collection=collection, item__in=[pk for pk, _ in near])
        known = {pk: (x, y) for pk, x, y in rows.values_list("item_id", "x", "y")}
        own = [(known[pk], cosine) for pk, cosine in near if pk in known and pk != item_id][:MAP_NEIGHBOURS]
        if own:
            placed.append(item_id)
            around, cosines = (np.array(column)[None] for column in zip(*own, strict=True))
            places.append(among_neighbours(around, cosines)[0])
    if placed:
        _write(collection, placed, np.clip(np.stack(places), -1, 1))
    return len(placed)
