"""The stored topics of a collection: read as centroids, written in one transaction that keeps their identity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone
from numpy.typing import NDArray

from catalog.models import Collection, Item
from search.insight.reading.vectors import Survey
from search.insight.topics.clustering import Labels, Tree, match
from search.insight.topics.listing import forget_largest
from search.insight.topics.naming import distinctive, named, words_of
from search.models import EmbeddingSpace, ItemTopic, Topic, VocabularyWord
from search.models.insight import TopicLevel
from search.models.statistics import CollectionStatistic

SAME_TOPIC = 0.8  # cosine of two centroids from which on they may be one topic
READ_FOR_NAME = 200  # most typical items of a topic

Vectors = NDArray[np.float32]

WRITE = """
    INSERT INTO search_itemtopic (item_id, collection_id, topic_id, similarity, digest)
    SELECT item_id, %(collection)s, topic_id, similarity, digest
    FROM unnest(%(ids)s::bigint[], %(topics)s::bigint[], %(similarities)s::float8[], %(digests)s::bytea[])
        AS found(item_id, topic_id, similarity, digest)
    WHERE EXISTS (SELECT 1 FROM catalog_item i WHERE i.id = found.item_id)
    ON CONFLICT (item_id) DO UPDATE SET collection_id = excluded.collection_id, topic_id = excluded.topic_id,
        similarity = excluded.similarity, digest = excluded.digest
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a collection has: row n of the tree's fine topics is `fine[n]`, of its coarse ones `coarse[n]`."""

    coarse: list[Topic]
    fine: list[Topic]
    tree: Tree

    def rows_of(self, labels: Labels) -> list[int]:
        """The topic of each item, after merges."""
        finals = [_final(topic).pk for topic in self.fine]
        return [finals[label] for label in labels]


def stored_topics(collection: Collection, space: EmbeddingSpace) -> Stored | None:
    """The collection's topics in that space; None where there are none."""
    topics = list(Topic.objects.filter(collection=collection, space=space).select_related("merged_into").order_by("id"))
    coarse = [topic for topic in topics if topic.level == TopicLevel.COARSE]
    fine = [topic for topic in topics if topic.level == TopicLevel.FINE]
    if not coarse or not fine:
        return None
    numbers = {topic.pk: n for n, topic in enumerate(coarse)}
    parents = np.array([numbers[topic.parent_id or 0] for topic in fine], dtype=np.int32)
    return Stored(coarse, fine, Tree(_matrix(coarse), _matrix(fine), parents))


def _matrix(topics: Sequence[Topic]) -> Vectors:
    return np.stack([np.asarray(topic.centroid, dtype=np.float32) for topic in topics])


def _final(topic: Topic) -> Topic:
    seen = set()
    while topic.merged_into is not None and topic.pk not in seen:
        seen.add(topic.pk)
        topic = topic.merged_into
    return topic


def standing(survey: Survey, stored: Stored | None) -> Labels:
    """The fine topic that each item has, as a row of the tree; -1 where it has none or its text has changed."""
    labels = np.full(len(survey), -1, dtype=np.int32)
    if stored is None:
        return labels
    rows = {topic.pk: n for n, topic in enumerate(stored.fine)}
    ids = [topic.pk for topic in stored.fine]
    known = {
        item: (topic, bytes(digest or b""))
        for item, topic, digest in ItemTopic.objects.filter(topic__in=ids).values_list("item", "topic", "digest")
    }
    for n, (item, digest) in enumerate(zip(survey.ids.tolist(), survey.digests, strict=True)):
        topic, read = known.get(item, (0, b""))
        if topic in rows and read == digest:
            labels[n] = rows[topic]
    return labels


def save_tree(collection: Collection, space: EmbeddingSpace, tree: Tree, before: Stored | None) -> Stored:
    """Writes the tree. A topic that is one of those before keeps its row, and with it its name and its address.

    Call it in a transaction.
    """
    now = timezone.now()
    coarse = _saved(collection, space, tree.coarse, TopicLevel.COARSE, before.coarse if before else [], now)
    fine = _saved(collection, space, tree.fine, TopicLevel.FINE, before.fine if before else [], now)
    for topic, parent in zip(fine, tree.parents, strict=True):
        topic.parent = coarse[parent]
    Topic.objects.bulk_update(fine, ["parent"])
    kept = [topic.pk for topic in (*coarse, *fine)]
    Topic.objects.filter(collection=collection).exclude(pk__in=kept).delete()
    return Stored(coarse, fine, tree)


def _saved(
    collection: Collection, space: EmbeddingSpace, centroids: Vectors, level: int, before: list[Topic], now: object
) -> list[Topic]:
    same = {new: before[old] for old, new in match(_matrix(before), centroids, least=SAME_TOPIC)} if before else {}
    topics = []
    for n, centroid in enumerate(centroids):
        topic = same.get(n) or Topic(collection=collection, space=space, level=level)
        topic.centroid, topic.computed_at = centroid.tolist(), now  # type: ignore[assignment]
        topic.save()
        topics.append(topic)
    return topics


def write_items(collection: Collection, survey: Survey, stored: Stored, labels: Labels) -> None:
    """The topic of each item of the survey."""
    similarities = np.einsum("nd,nd->n", survey.vectors, stored.tree.fine[labels])
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE,
            {
                "collection": collection.pk,
                "ids": survey.ids.tolist(),
                "topics": stored.rows_of(labels),
                "similarities": similarities.tolist(),
                "digests": survey.digests,
            },
        )


# Against the array itself each row would be compared with each of its elements.
FORGET_OTHERS = """
    DELETE FROM search_itemtopic t WHERE t.collection_id = %s
      AND NOT EXISTS (SELECT 1 FROM unnest(%s::bigint[]) AS kept (id) WHERE kept.id = t.item_id)
"""


def forget_others(collection: Collection, survey: Survey) -> None:
    """Items that are no longer visible, or have no vector now, have no topic."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET_OTHERS, [collection.pk, survey.ids.tolist()])


def name_topics(collection: Collection, stored: Stored) -> None:
    """Names every topic anew by its words. Names that people gave are kept beside that."""
    texts = {topic.pk: _typical_texts(topic.pk) for topic in stored.fine}
    members = {topic.pk: [topic.pk] for topic in stored.fine}
    for topic in stored.coarse:
        members[topic.pk] = [fine.pk for fine in stored.fine if fine.parent_id == topic.pk]
    counts = {pk: words_of(text for fine in fines for text in texts[fine]) for pk, fines in members.items()}
    read = sum(len(own) for own in texts.values())
    everywhere = words_of(text for own in texts.values() for text in own)
    documents, total = _documents(collection, everywhere, read)
    topics = [*stored.coarse, *stored.fine]
    for topic in topics:
        size = max(sum(len(texts[fine]) for fine in members[topic.pk]), 1)
        topic.words = distinctive(counts[topic.pk], size, documents, total)
    for topic, name in zip(topics, named([topic.words for topic in topics]), strict=True):
        topic.name = name[:200]
    Topic.objects.bulk_update(topics, ["words", "name"])


def _typical_texts(topic_id: int) -> list[str]:
    rows = ItemTopic.objects.filter(topic=topic_id).order_by("-similarity").values_list("item", flat=True)
    items = Item.objects.filter(pk__in=list(rows[:READ_FOR_NAME])).values_list("title", "body")
    return [f"{title} {body}" for title, body in items]


def _documents(collection: Collection, read: Counter[str], number: int) -> tuple[dict[str, int], int]:
    """In how many items each word is, and of how many; of the `number` that were `read` where no more were counted."""
    statistic = CollectionStatistic.objects.filter(pk=collection.pk).first()
    if statistic is None or statistic.documents < number:
        return dict(read), number
    known = VocabularyWord.objects.filter(collection=collection, word__in=list(read))
    return dict(known.values_list("word", "documents")), statistic.documents


def sizes(collection: Collection) -> dict[int, int]:
    """How many items each fine topic has."""
    rows = ItemTopic.objects.filter(collection=collection).order_by().values_list("topic")
    return dict(rows.annotate(number=Count("pk")))


def store(
    collection: Collection, space: EmbeddingSpace, survey: Survey, tree: Tree, labels: Labels, before: Stored | None
) -> Stored:
    """All of it at once: readers see the topics before or the topics after."""
    with transaction.atomic():
        stored = save_tree(collection, space, tree, before)
        write_items(collection, survey, stored, labels)
        forget_others(collection, survey)
        name_topics(collection, stored)
        forget_largest(collection.pk)
    return stored
