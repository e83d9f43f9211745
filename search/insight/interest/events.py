"""Recording, listing and erasing events. Nothing is recorded where the collection's settings do not say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from catalog.errors import Conflict
from catalog.models import Collection, Item
from catalog.schemas import parse_search_settings
from search.models import Event
from search.models.interest import EventKind

MOST_OF_SUBJECT = 2_000  # events of one subject in one collection; the oldest go first

RECORD = """
    INSERT INTO search_event (collection_id, item_id, subject, kind, at, times, recorded_at)
    SELECT %(collection)s, item_id, %(subject)s, kind, max(at), count(*), clock_timestamp()
    FROM unnest(%(items)s::bigint[], %(kinds)s::text[], %(times)s::timestamptz[]) AS came(item_id, kind, at)
    WHERE EXISTS (SELECT 1 FROM catalog_item i WHERE i.id = came.item_id)
    GROUP BY item_id, kind ORDER BY item_id, kind
    ON CONFLICT (subject, item_id, kind) DO UPDATE SET at = greatest(search_event.at, excluded.at),
        times = least(search_event.times + excluded.times, 1000000), recorded_at = excluded.recorded_at
"""

TOO_MANY = """
    DELETE FROM search_event WHERE id IN (
        SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY subject ORDER BY at DESC, id DESC) AS place
                        FROM search_event WHERE collection_id = %s) AS placed
        WHERE place > %s)
"""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What was done with the item of that id."""

    item_id: int
    kind: EventKind
    at: datetime


def learns_interest(collection: Collection) -> bool:
    return parse_search_settings(collection.search_settings).learn_interest


def days_kept(collection: Collection) -> int:
    return parse_search_settings(collection.search_settings).interest_days


def require_learning(collection: Collection) -> None:
    """Raises Conflict."""
    if not learns_interest(collection):
        raise Conflict(f"'{collection.slug}' keeps no events; its search setting learn_interest is off.")


def record(collection: Collection, *, subject: str, events: Sequence[NewEvent]) -> int:
    """Returns how many rows were written. Liking takes back hiding, and the other way round. Raises Conflict."""
    require_learning(collection)
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            {
                "collection": collection.pk,
                "subject": subject,
                "items": [event.item_id for event in events],
                "kinds": [event.kind.value for event in events],
                "times": [event.at for event in events],
            },
        )
        written = int(cursor.rowcount)
    last = {event.item_id: event.kind for event in events if event.kind in (EventKind.LIKE, EventKind.HIDE)}
    for kind, other in ((EventKind.LIKE, EventKind.HIDE), (EventKind.HIDE, EventKind.LIKE)):
        if chosen := [item for item, own in last.items() if own == kind]:
            Event.objects.filter(subject=subject, item__in=chosen, kind=other).delete()
    return written


def take_back(collection: Collection, *, subject: str, item: Item, kind: EventKind) -> int:
    """Forgets that the subject did that; returns how many rows went."""
    rows, _ = Event.objects.filter(collection=collection, subject=subject, item=item, kind=kind).delete()
    return rows


def events_of(collection: Collection, subject: str) -> QuerySet[Event]:
    """What is kept of that subject alone, the latest first."""
    return Event.objects.filter(collection=collection, subject=subject).order_by("-at", "-id")


def exported(collection: Collection, subject: str) -> list[dict[str, Any]]:
    """All that is kept of the subject. Items that are no longer to be seen are named by their id alone."""
    rows = events_of(collection, subject).values_list("item__external_id", "kind", "at", "times")
    return [
        {"item": item, "kind": kind, "time": at.isoformat(), "times": times} for item, kind, at, times in rows if item
    ]


def erase(collection: Collection, subject: str) -> int:
    """Forgets all that the subject did in the collection, at once; returns how many rows these were."""
    rows, _ = Event.objects.filter(collection=collection, subject=subject).delete()
    return rows


def forget_old() -> int:
    """Deletes what is older than its collection keeps events, and what is too much of one subject."""
    count, now = 0, timezone.now()
    for collection in Collection.objects.filter(pk__in=Event.objects.order_by().values("collection").distinct()):
        kept_since = now - timedelta(days=days_kept(collection))
        rows, _ = Event.objects.filter(collection=collection, at__lt=kept_since).delete()
        with connection.cursor() as cursor:
            cursor.execute(TOO_MANY, [collection.pk, MOST_OF_SUBJECT])
            count += rows + int(cursor.rowcount)
    return count
