"""Merging topics that people find to be one: items go to the largest, now and whenever topics are computed again."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from search.insight.topics.listing import forget_largest
from search.insight.topics.store import sizes
from search.models import ItemTopic, Topic
from search.models.insight import TopicLevel


def merge_topics(topics: Sequence[Topic]) -> Topic | None:
    """The topic that stays; None, and nothing done, unless they are fine topics of one collection, two at least."""
    if len(topics) < 2 or len({topic.collection_id for topic in topics}) > 1:
        return None
    if any(topic.level != TopicLevel.FINE for topic in topics):
        return None
    counts = sizes(topics[0].collection)
    kept, *others = sorted(topics, key=lambda topic: (-counts.get(topic.pk, 0), topic.pk))
    gone = [topic.pk for topic in others]
    with transaction.atomic():
        Topic.objects.filter(pk__in=gone).update(merged_into=kept)
        ItemTopic.objects.filter(topic__in=gone).update(topic=kept)
        forget_largest(kept.collection_id)
    return kept
