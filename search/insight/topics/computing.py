"""Computing the topics of a collection, and giving new items theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

from catalog import locks
from catalog.models import Collection
from catalog.models.item import VISIBLE
from search.embedding.spaces.lifecycle import active_space
from search.insight.reading.vectors import survey
from search.insight.topics.clustering import learn, place, relearn, smoothed
from search.insight.topics.store import Stored, standing, store, stored_topics, write_items
from search.models import EmbeddingSpace, Topic

FEWEST_ITEMS = 20  # of a collection, before topics make sense
GROWN = 1.5  # times the items that topics were learnt from: then they are learnt afresh
MAX_NEW = 5_000  # items placed at a time

NEW = f"""
    SELECT e.item_id FROM search_itemembedding e JOIN catalog_item i ON i.id = e.item_id
    LEFT JOIN search_itemtopic t ON t.item_id = e.item_id
    WHERE e.collection_id = %(collection)s AND e.space_id = %(space)s AND e.state = 'embedded' AND {VISIBLE}
      AND t.digest IS DISTINCT FROM e.digest LIMIT {MAX_NEW}
"""

OnProgress = Callable[..., None]


def compute_topics(
    collection: Collection,
    *,
    coarse_number: int | None = None,
    learnt_from: int = 0,
    on_progress: OnProgress = lambda done, total=None, **detail: None,
) -> dict[str, Any]:
    """Writes the collection's topics, and returns what the run should remember.

    Topics that were learnt from nearly as many items only follow their items; else they are learnt afresh, and those
    that are the same as before keep their names. `learnt_from` 0 stands for afresh.
    """
    space = active_space()
    found = survey(collection, space, on_progress=lambda done: on_progress(done, phase="reading"))
    if len(found) < FEWEST_ITEMS:
        Topic.objects.filter(collection=collection).delete()
        return {"items": len(found), "note": f"Topics need {FEWEST_ITEMS} embedded items at least."}
    before = stored_topics(collection, space)
    is_following = before is not None and 0 < len(found) <= GROWN * learnt_from

    def on_step(step: str) -> None:
        on_progress(len(found), phase=step)

    smooth = smoothed(found.vectors, lambda done: on_progress(done, len(found), phase="neighbours"))
    if before is not None and is_following:
        tree = relearn(smooth, before.tree)
        labels = place(smooth, tree.fine, stays=standing(found, before))
    else:
        tree = learn(smooth, coarse_number=coarse_number, on_step=on_step)
        labels = place(smooth, tree.fine)
    on_progress(len(found), len(found), phase="writing")
    stored = store(collection, space, found, tree, labels, before)
    return {
        "items": len(found),
        "learnt_from": learnt_from if is_following else len(found),
        "coarse": len(stored.coarse),
        "fine": len(stored.fine),
    }


def place_new_items() -> int:
    """Gives a topic to each embedded item that has none for its present text, and returns how many these were."""
    space, count = active_space(), 0
    others = locks.held_keys(locks.Lock.OWN_WORK)
    for collection in Collection.objects.filter(topics__space=space).exclude(pk__in=others).distinct():
        stored = stored_topics(collection, space)
        if stored is not None:
            count += _place_new(collection, space, stored)
    return count


def _place_new(collection: Collection, space: EmbeddingSpace, stored: Stored) -> int:
    ids = _without_topic(collection, space)
    if not ids:
        return 0
    found = survey(collection, space, ids=ids)
    if len(found):
        write_items(collection, found, stored, place(found.vectors, stored.tree.fine))
    return len(found)


def _without_topic(collection: Collection, space: EmbeddingSpace) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(NEW, {"collection": collection.pk, "space": space.pk})
        return [row[0] for row in cursor.fetchall()]
