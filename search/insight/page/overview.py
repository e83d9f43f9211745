"""What the Insight page shows beside topics: counts of visible items only, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count

from catalog.models import Collection, Run
from catalog.models.item import VISIBLE
from catalog.models.run import RunState
from search.insight.runs import KINDS
from search.models import Suggestion
from search.models.insight import SuggestionKind, SuggestionState

WEEKS = 12
PAGE_SIZE = 30

ADDED = f"""
    SELECT date_trunc('week', i.created_at), count(*) FROM catalog_item i
    WHERE i.collection_id = %s AND {VISIBLE} AND i.created_at > clock_timestamp() - interval '{WEEKS} weeks'
    GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Week:
    start: datetime
    count: int
    height: float  # percent of the largest


@dataclass(frozen=True, slots=True)
class QueueView:
    kind: str
    label: str
    count: int


def weeks_of(collection: Collection) -> list[Week]:
    """What was added in each of the last weeks in which anything was."""
    with connection.cursor() as cursor:
        cursor.execute(ADDED, [collection.pk])
        rows = cursor.fetchall()
    largest = max((count for _, count in rows), default=1)
    return [Week(start, count, 100 * count / largest) for start, count in rows]


def queues_of(collection: Collection) -> list[QueueView]:
    """How much waits for a person, by kind."""
    waiting = Suggestion.objects.filter(collection=collection, state=SuggestionState.OPEN).order_by()
    counts = dict(waiting.values_list("kind").annotate(number=Count("pk")))
    return [QueueView(kind.value, kind.label, counts.get(kind.value, 0)) for kind in SuggestionKind]


def running(collection: Collection) -> list[Run]:
    return list(Run.objects.filter(collection=collection, kind__in=KINDS, state=RunState.RUNNING))
