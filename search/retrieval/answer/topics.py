"""Counts of topics over one candidate set: coarse ones with the fine ones in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from django.db import connection

from search.models import Topic
from search.retrieval.types import FacetValue

FINE = "SELECT t.item_id, t.topic_id FROM search_itemtopic t WHERE t.item_id = ANY(%s)"


def count_topics(hit_of: Mapping[int, int], selected: Collection[str]) -> tuple[FacetValue, ...]:
    """How many hits each topic has, the largest first; `selected` ones are named although none has them."""
    hits: dict[int, set[int]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(FINE, [list(hit_of)])
        for item_id, topic_id in cursor.fetchall():
            hits[topic_id].add(hit_of[item_id])
    topics = Topic.objects.filter(pk__in=[*hits, *(int(one) for one in selected)])
    found = {topic.pk: topic for topic in topics.select_related("parent").defer("centroid", "parent__centroid")}
    for topic in list(found.values()):
        if topic.parent is not None:
            found[topic.parent.pk] = topic.parent
            hits[topic.parent.pk] |= hits.get(topic.pk, set())
    values = [_value(topic, len(hits.get(topic.pk, ())), selected) for topic in found.values()]
    return tuple(sorted(values, key=lambda value: (-value.count, value.label)))


def _value(topic: Topic, count: int, selected: Collection[str]) -> FacetValue:
    key, parent = str(topic.pk), "" if topic.parent_id is None else str(topic.parent_id)
    return FacetValue(key, count, key in selected, label=str(topic), parent=parent)
