"""The run that computes topics, and when beat asks for one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection

from catalog import locks
from catalog.models import Collection, Run
from catalog.models.item import VISIBLE
from catalog.models.run import RunKind
from catalog.services.runs import Progress
from search.embedding.spaces.lifecycle import active_space
from search.insight.runs import ask_for, last_run, told, was_tried_lately
from search.insight.topics.computing import FEWEST_ITEMS, compute_topics

CHANGED_SHARE = 0.2  # of the items, since the topics were computed
AT_MOST_EVERY = timedelta(minutes=10)

# Collections at rest: nothing waits to be embedded, and nothing was written within the last minute.
AT_REST = f"""
    SELECT c.id, x.items, x.placed FROM catalog_collection c CROSS JOIN LATERAL (
        SELECT count(*) AS items, count(t.item_id) AS placed, max(i.updated_at) AS changed_at
        FROM catalog_item i LEFT JOIN search_itemtopic t ON t.item_id = i.id
        WHERE i.collection_id = c.id AND {VISIBLE}
    ) x
    WHERE x.items >= %(fewest)s AND x.changed_at < clock_timestamp() - interval '60 seconds'
      AND NOT EXISTS (SELECT 1 FROM search_itemembedding e WHERE e.collection_id = c.id AND e.space_id = %(space)s
                      AND e.state IN ('pending', 'claimed'))
"""


def work(run: Run, collection: Collection, progress: Progress) -> dict[str, Any]:
    """Computes the topics; `asked` of the run may hold `afresh`."""
    before = last_run(RunKind.TOPICS, collection)
    learnt_from = 0 if before is None else int(before.detail.get("learnt_from", 0))
    if run.detail.get("asked", {}).get("afresh"):
        learnt_from = 0
    return compute_topics(collection, learnt_from=learnt_from, on_progress=told(run, progress))


def ask_where_due() -> int:
    """Asks for topics where there are none yet, or where a good part of the items came later."""
    with connection.cursor() as cursor:
        cursor.execute(AT_REST, {"fewest": FEWEST_ITEMS, "space": active_space().pk})
        rows = cursor.fetchall()
    others = locks.held_keys(locks.Lock.OWN_WORK)
    due = [pk for pk, items, placed in rows if pk not in others and _is_due(pk, items, placed)]
    for collection in Collection.objects.filter(pk__in=due):
        for kind in (RunKind.TOPICS, RunKind.TAGS, RunKind.MISFILED, RunKind.MAP):
            ask_for(kind, collection)
    return len(due)


def _is_due(collection_id: int, items: int, placed: int) -> bool:
    collection = Collection(pk=collection_id)
    if was_tried_lately(RunKind.TOPICS, collection, AT_MOST_EVERY):
        return False
    before = last_run(RunKind.TOPICS, collection)
    return before is None or not placed or abs(items - before.detail.get("items", 0)) > CHANGED_SHARE * items
