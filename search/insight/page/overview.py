"""What the Insight page and the page of a topic show: counts of visible items only, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count

from catalog.models import Collection, Item, Run
from catalog.models.item import VISIBLE
from catalog.models.run import RunState
from search.insight.runs import KINDS
from search.models import Suggestion, Topic
from search.models.insight import SuggestionKind, SuggestionState, TopicLevel

TYPICAL = 3  # items that stand for a topic
WEEKS = 12
PAGE_SIZE = 30

# Fine topics of merged ones have no items of their own; the coarse one is that of the topic that stays.
SIZES = f"""
    SELECT t.topic_id, count(*), count(*) FILTER (WHERE i.created_at > clock_timestamp() - interval '28 days')
    FROM search_itemtopic t JOIN catalog_item i ON i.id = t.item_id
    WHERE t.collection_id = %s AND i.collection_id = %s AND {VISIBLE} GROUP BY t.topic_id
"""

ADDED = f"""
    SELECT date_trunc('week', i.created_at), count(*) FROM catalog_item i
    WHERE i.collection_id = %s AND {VISIBLE} AND i.created_at > clock_timestamp() - interval '{WEEKS} weeks'
    GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class FineView:
    topic: Topic
    size: int


@dataclass(frozen=True, slots=True)
class CoarseView:
    """A coarse topic with its share of the collection's items, in percent, and the items that came lately."""

    topic: Topic
    size: int
    recent: int
    share: float
    children: tuple[FineView, ...]
    typical: tuple[Item, ...]


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


def topics_of(collection: Collection) -> list[CoarseView]:
    """Largest first; none before they are computed."""
    with connection.cursor() as cursor:
        cursor.execute(SIZES, [collection.pk, collection.pk])
        counted = {pk: (size, recent) for pk, size, recent in cursor.fetchall()}
    topics = list(Topic.objects.filter(collection=collection).defer("centroid"))
    total = max(sum(size for size, _ in counted.values()), 1)
    views = []
    for coarse in (topic for topic in topics if topic.level == TopicLevel.COARSE):
        fine = [topic for topic in topics if topic.parent_id == coarse.pk and topic.pk in counted]
        size = sum(counted[topic.pk][0] for topic in fine)
        recent = sum(counted[topic.pk][1] for topic in fine)
        children = sorted((FineView(topic, counted[topic.pk][0]) for topic in fine), key=lambda view: -view.size)
        if size:
            typical = tuple(items_of(coarse)[:TYPICAL])
            views.append(CoarseView(coarse, size, recent, 100 * size / total, tuple(children), typical))
    return sorted(views, key=lambda view: -view.size)


def items_of(topic: Topic) -> Any:
    """The visible items of a topic, the most typical first."""
    items = Item.objects.visible().light().filter(collection=topic.collection_id)
    if topic.level == TopicLevel.COARSE:
        items = items.filter(topic_row__topic__parent=topic)
    else:
        items = items.filter(topic_row__topic=topic)
    return items.order_by("-topic_row__similarity", "id")


def topic_of_item(item: Item) -> Topic | None:
    """The fine topic of the item, with its coarse one."""
    return Topic.objects.filter(item_rows__item=item).select_related("parent").defer("centroid").first()


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
