"""What a collection's events say of its items, computed by a run: popularity, fellows, and how far each counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

import numpy as np
from django.db import connection, transaction
from django.db.models import Max
from numpy.typing import NDArray

from catalog.models import Collection, Run
from catalog.models.item import VISIBLE
from catalog.models.run import RunKind
from catalog.services.runs import Progress
from search.embedding.spaces.lifecycle import active_space
from search.insight.interest.crowd import LEAST_PEOPLE, Log, latest_of_each, popularity
from search.insight.interest.events import learns_interest
from search.insight.interest.mixing import Past, crowd_of, learn_blend
from search.insight.reading.vectors import survey
from search.insight.runs import ask_for, last_run, told, was_tried_lately
from search.models import Event, ItemAudience
from search.models.interest import EventKind

WEIGHTS: Final = {EventKind.VIEW: 1.0, EventKind.CLICK: 2.0, EventKind.LIKE: 5.0}  # what is hidden is no liking
DAY = 86_400.0
AT_MOST_EVERY = timedelta(minutes=10)
MOST_EVENTS = 2_000_000  # the latest ones
MOST_VECTORS = 100_000  # items with events whose vectors are read at a time
BATCH_SIZE = 2_000

# Merged items count for the one that stays.
EVENTS = f"""
    SELECT e.subject, i.id, e.kind, extract(epoch FROM e.at) FROM search_event e
    JOIN catalog_item o ON o.id = e.item_id JOIN catalog_item i ON i.id = coalesce(o.merged_into_id, o.id)
    WHERE e.collection_id = %s AND i.collection_id = e.collection_id AND e.kind <> 'hide' AND {VISIBLE}
    ORDER BY e.at DESC LIMIT {MOST_EVENTS}
"""


def work(run: Run, collection: Collection, progress: Progress) -> dict[str, Any]:
    """read -> learn the blend by what came later -> popularity and fellows of each item -> write all at once"""
    tell = told(run, progress)
    log, ids = read_events(collection)
    tell(0, len(log), phase="learning")
    people = int(log.people.max()) + 1 if len(log) else 0
    vectors = _vectors(collection, ids) if len(log) else None
    blend = learn_blend(log, people=people, items=len(ids), vectors=vectors)
    tell(len(log), len(log), phase="writing")
    rows = _audiences(collection, log, ids, blend.many.popular_half_life) if len(log) else []
    with transaction.atomic():
        ItemAudience.objects.filter(collection=collection).delete()
        rest = iter(rows)
        while batch := list(islice(rest, BATCH_SIZE)):
            ItemAudience.objects.bulk_create(batch, ignore_conflicts=True)
    return {"events": len(log), "people": people, "items": len(ids), "blend": blend.stored()}


def read_events(collection: Collection) -> tuple[Log, NDArray[np.int64]]:
    """The events as numbers, and the id of each item that is numbered."""
    with connection.cursor() as cursor:
        cursor.execute(EVENTS, [collection.pk])
        rows = cursor.fetchall()
    ids = np.array(sorted({row[1] for row in rows}), dtype=np.int64)
    people = {subject: n for n, subject in enumerate(dict.fromkeys(row[0] for row in rows))}
    log = Log(
        np.array([people[row[0]] for row in rows], dtype=np.int64),
        np.searchsorted(ids, [row[1] for row in rows]),
        np.array([float(row[3]) / DAY for row in rows]),
        np.array([WEIGHTS[EventKind(row[2])] for row in rows]),
    )
    return log, ids


def _vectors(collection: Collection, ids: NDArray[np.int64]) -> NDArray[np.float32] | None:
    if len(ids) > MOST_VECTORS:
        return None
    found = survey(collection, active_space(), ids=ids.tolist())
    vectors = np.zeros((len(ids), found.vectors.shape[1]), dtype=np.float32)
    vectors[np.searchsorted(ids, found.ids)] = found.vectors
    return vectors


def _audiences(collection: Collection, log: Log, ids: NDArray[np.int64], half_life: float | None) -> list[ItemAudience]:
    people = int(log.people.max()) + 1
    at = float(log.days.max())
    past = Past(log, people, len(ids), at, None)
    similar = crowd_of(past, 2.0, 0.0)
    single = latest_of_each(log)
    liked = popularity(single, items=len(ids), at=at, half_life=half_life)
    liked[np.bincount(single.items, minlength=len(ids)) < LEAST_PEOPLE] = 0  # what one person did shows nowhere
    rows = []
    for n, item_id in enumerate(ids.tolist()):
        own = slice(similar.indptr[n], similar.indptr[n + 1])
        order = np.argsort(-similar.data[own], kind="stable")
        fellows, weights = ids[similar.indices[own][order]].tolist(), similar.data[own][order].tolist()
        rows.append(
            ItemAudience(item_id=item_id, collection=collection, popularity=liked[n], fellows=fellows, weights=weights)
        )
    return rows


def ask_where_due() -> int:
    """Asks for a run where events came since the last one."""
    latest: dict[int, datetime] = dict(
        Event.objects.order_by().values_list("collection").annotate(latest=Max("recorded_at"))
    )
    asked = 0
    for collection in Collection.objects.filter(pk__in=list(latest)):
        before = last_run(RunKind.INTEREST, collection)
        is_new = before is None or latest[collection.pk] > before.started_at
        is_due = is_new and not was_tried_lately(RunKind.INTEREST, collection, AT_MOST_EVERY)
        if is_due and learns_interest(collection):
            ask_for(RunKind.INTEREST, collection)
            asked += 1
    return asked
