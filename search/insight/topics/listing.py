"""The topics of a collection with their visible items, whoever asks."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from redis.exceptions import RedisError

from catalog.models import Collection, Item
from catalog.models.item import VISIBLE
from search.models import Topic
from search.models.insight import TopicLevel

TYPICAL = 3  # items that stand for a topic
LARGEST = 6  # topics that stand for a collection
REMEMBERED_SECONDS = 600

logger = logging.getLogger(__name__)

# Fine topics of merged ones have no items of their own; the coarse one is that of the topic that stays.
SIZES = f"""
    SELECT t.topic_id, count(*), count(*) FILTER (WHERE i.created_at > clock_timestamp() - interval '28 days')
    FROM search_itemtopic t JOIN catalog_item i ON i.id = t.item_id
    WHERE t.collection_id = %s AND i.collection_id = %s AND {VISIBLE} GROUP BY t.topic_id
"""


@dataclass(frozen=True, slots=True)
class NamedTopic:
    pk: int
    name: str


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


def largest_topics(collection: Collection) -> list[NamedTopic]:
    """The largest coarse topics; remembered for ten minutes, or until they are written anew."""
    key = _key(collection.pk)
    try:
        known: list[NamedTopic] | None = cache.get(key)
        if known is None:
            cache.set(key, known := _largest(collection), REMEMBERED_SECONDS)
    except (RedisError, OSError) as error:
        logger.warning("The largest topics are not remembered: %s", error)
        return _largest(collection)
    return known


def _largest(collection: Collection) -> list[NamedTopic]:
    return [NamedTopic(view.topic.pk, str(view.topic)) for view in topics_of(collection)[:LARGEST]]


def forget_largest(collection_id: int) -> None:
    """To be called when topics are written; takes effect with the transaction that writes them."""

    def forget() -> None:
        with suppress(RedisError, OSError):
            cache.delete(_key(collection_id))

    transaction.on_commit(forget)


def _key(collection_id: int) -> str:
    return f"largest-topics:{collection_id}"


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
