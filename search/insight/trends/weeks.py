"""What was added week by week, with the items of a week; of visible items only, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import Collection, Item
from catalog.models.item import VISIBLE
from search.models import SearchCount

WEEKS: Final = 12
DAYS: Final = 7

ADDED = f"""
    SELECT date_trunc('week', i.created_at, 'UTC')::date, count(*) FROM catalog_item i
    WHERE i.collection_id = %s AND {VISIBLE} AND i.created_at > clock_timestamp() - interval '{WEEKS} weeks'
    GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Week:
    """It begins on a Monday. `height` is in percent of the largest."""

    start: date
    count: int
    height: float


def added_by_week(collection: Collection) -> list[Week]:
    """The weeks in which anything was added, of the last twelve."""
    with connection.cursor() as cursor:
        cursor.execute(ADDED, [collection.pk])
        return _weeks(cursor.fetchall())


def searched_by_week(collection: Collection) -> list[Week]:
    """How many different searches visitors made, of the last twelve weeks."""
    since = timezone.localdate() - timedelta(weeks=WEEKS)
    counts: dict[date, int] = {}
    rows = SearchCount.objects.filter(collection=collection, day__gt=since).order_by("day")
    for day, visitors in rows.values_list("day", "visitors"):
        start = day - timedelta(days=day.weekday())
        counts[start] = counts.get(start, 0) + visitors
    return _weeks(list(counts.items()))


def _weeks(rows: list[Any]) -> list[Week]:
    largest = max((count for _, count in rows), default=1)
    return [Week(start, count, 100 * count / largest) for start, count in rows]


def items_added(collection: Collection, start: date) -> QuerySet[Item]:
    """The visible items that were added in the week that begins on that day, the newest first."""
    begin = timezone.make_aware(datetime.combine(start, time()))
    items = Item.objects.visible().light().filter(collection=collection, created_at__gte=begin)
    return items.filter(created_at__lt=begin + timedelta(days=DAYS)).order_by("-created_at", "-id")
