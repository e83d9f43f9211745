"""The map as a page draws it: places, ids and colours as numbers, labels and legend beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import orjson
from django.db import connection
from django.urls import reverse

from catalog.json_text import read_stored
from catalog.models import Collection
from catalog.models.item import VISIBLE
from catalog.models.run import RunKind
from catalog.schemas import AttributeDefinition, parse_attribute_schema
from search.insight.runs import last_run
from search.models import Topic
from search.models.insight import TopicLevel

MOST_POINTS = 200_000  # drawn; of more items a sample, the same each time
COLOURS = 11  # classes with a colour of their own; the others share the first
BANDS = 5  # that the numbers of an attribute are cut into
TOPICS: Final = "topic"  # what is coloured by where nothing else is asked for
NO_TOPIC = 0

COUNT = f"""
    SELECT count(*) FROM search_itemplace p JOIN catalog_item i ON i.id = p.item_id
    WHERE p.collection_id = %s AND i.collection_id = %s AND {VISIBLE}
"""
POINTS = f"""
    SELECT i.id, p.x, p.y, coalesce(t.topic_id, 0), {{value}} FROM search_itemplace p
    JOIN catalog_item i ON i.id = p.item_id LEFT JOIN search_itemtopic t ON t.item_id = i.id
    WHERE p.collection_id = %(collection)s AND i.collection_id = %(collection)s AND {VISIBLE}
      AND (hashint8(i.id) & 1048575) < %(share)s ORDER BY i.id
"""


@dataclass(frozen=True, slots=True)
class Classes:
    """Of each point its class, 0 for none of those that have a name."""

    of_point: Sequence[int]
    names: list[str]  # of class 1 and so on
    counts: list[int]


def colourings(collection: Collection) -> dict[str, str]:
    """What the map can be coloured by: topics and facet attributes, with their labels."""
    schema = parse_attribute_schema(collection.attribute_schema)
    return {TOPICS: "Topic"} | {
        name: definition.label or name.replace("_", " ").capitalize()
        for name, definition in schema.items()
        if definition.facet and name != TOPICS
    }


def drawn(collection: Collection, by: str) -> bytes:
    """Little-endian: the length of a JSON head, the head, float32 x and y, uint32 ids less the head's `first`, uint16
    classes.
    """
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [collection.pk, collection.pk])
        total = int(cursor.fetchone()[0])
        share = 2**20 if total <= MOST_POINTS else int(2**20 * MOST_POINTS / total)
        value = "NULL" if by == TOPICS else "(i.attributes -> %(by)s::text)::text"
        cursor.execute(POINTS.format(value=value), {"collection": collection.pk, "share": share, "by": by})
        rows = cursor.fetchall()
    places = np.array([row[1:3] for row in rows], dtype="<f4").reshape(-1, 2)
    topics = list(Topic.objects.filter(collection=collection).defer("centroid"))
    of_items = np.array([row[3] for row in rows], dtype=np.int64)
    classes = _by_topic(of_items, topics) if by == TOPICS else _by_value(collection, by, [row[4] for row in rows])
    run = last_run(RunKind.MAP, collection)
    first = rows[0][0] if rows else 0
    head = {
        "count": len(rows),
        "total": total,
        "first": first,
        "legend": [{"name": name, "count": n} for name, n in zip(classes.names, classes.counts, strict=True)],
        "labels": _labels(collection, places, of_items, topics),
        "computed_at": run.finished_at if run else None,
    }
    ids = np.array([row[0] - first for row in rows], dtype="<u4")
    return _packed(head, places, ids, np.array(classes.of_point, dtype="<u2"))


def _packed(head: dict[str, Any], *columns: np.ndarray[Any, Any]) -> bytes:
    text = orjson.dumps(head)
    text += b" " * (-len(text) % 4)
    return b"".join([len(text).to_bytes(4, "little"), text, *(column.tobytes() for column in columns)])


def _by_topic(of_items: np.ndarray[Any, Any], topics: Sequence[Topic]) -> Classes:
    coarse = {topic.pk: topic.parent_id or topic.pk for topic in topics}
    names = {topic.pk: str(topic) for topic in topics}
    return _named([names.get(coarse.get(pk, NO_TOPIC), "") for pk in of_items.tolist()])


def _by_value(collection: Collection, by: str, stored: Sequence[Any]) -> Classes:
    definition = parse_attribute_schema(collection.attribute_schema)[by]
    values = [read_stored(value) if isinstance(value, str) else value for value in stored]
    singles = [(value[0] if value else None) if isinstance(value, list) else value for value in values]
    if definition.type in ("number", "integer"):
        return _banded(singles)
    return _named([_text(value, definition) for value in singles])


def _text(value: Any, definition: AttributeDefinition) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)[:4] if definition.type == "date" else str(value)


def _named(values: Sequence[str]) -> Classes:
    """The most frequent values by name."""
    most = [name for name, _ in Counter(value for value in values if value).most_common(COLOURS)]
    return _classes([most.index(value) + 1 if value in most else 0 for value in values], most)


def _banded(values: Sequence[Any]) -> Classes:
    """Numbers in bands of about as many items each."""
    numbers = np.array([value if isinstance(value, int | float) else np.nan for value in values], dtype=np.float64)
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return Classes([0] * len(values), [], [])
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BANDS + 1)))
    bands = np.clip(np.searchsorted(edges, numbers, side="right"), 1, max(len(edges) - 1, 1))
    names = [f"{low:g} to {high:g}" for low, high in pairwise(edges)] or [f"{edges[0]:g}"]
    return _classes(np.where(np.isnan(numbers), 0, bands).tolist(), names)


def _classes(of_point: Sequence[int], names: list[str]) -> Classes:
    counts = Counter(of_point)
    return Classes(of_point, names, [counts[n + 1] for n in range(len(names))])


def _labels(
    collection: Collection, places: np.ndarray[Any, Any], of_items: np.ndarray[Any, Any], topics: Sequence[Topic]
) -> list[dict[str, Any]]:
    """Where each topic's name stands: in the middle of its items."""
    coarse = np.zeros(int(of_items.max(initial=0)) + 1, dtype=np.int64)
    for topic in topics:
        if topic.pk < len(coarse):
            coarse[topic.pk] = topic.parent_id or topic.pk
    found = []
    for topic in topics:
        own = places[(coarse[of_items] if topic.level == TopicLevel.COARSE else of_items) == topic.pk]
        if len(own):
            x, y = np.median(own, axis=0).tolist()
            url = reverse("search:topic", args=[collection.slug, topic.pk])
            found.append({"name": str(topic), "x": x, "y": y, "level": topic.level, "size": len(own), "url": url})
    return sorted(found, key=lambda label: (label["level"], -label["size"]))
