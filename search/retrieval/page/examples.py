"""What is in a collection, for those who have nothing to look for yet: its commonest values, and queries to try."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any, Final

from django.core.cache import cache
from django.db import connection
from redis.exceptions import RedisError

from catalog.attributes.types import facet_kind
from catalog.json_text import read_stored
from catalog.models import Collection
from catalog.models.item import VISIBLE
from catalog.pages.facts import label_of
from catalog.schemas import parse_attribute_schema

logger = logging.getLogger(__name__)

CACHE_SECONDS: Final = 600
LOOKED_AT: Final = 2_000  # of the newest items
SHOWN_VALUES: Final = 8
SHOWN_QUERIES: Final = 4
MAX_WORDS: Final = 5  # of an example
MAX_LENGTH: Final = 40  # characters of a value

# The commonest values of the attributes among the newest items, each with the title of one that has it.
VALUES = f"""
    WITH recent AS (
        SELECT i.id, i.title, i.attributes FROM catalog_item i
        WHERE i.collection_id = %(collection)s AND {VISIBLE} ORDER BY i.id DESC LIMIT %(looked_at)s
    )
    SELECT a.name, e.value, count(*), (array_agg(r.title ORDER BY r.id))[1], (array_agg(r.attributes ORDER BY r.id))[1]
    FROM recent r CROSS JOIN unnest(%(names)s::text[]) AS a(name)
    CROSS JOIN LATERAL jsonb_array_elements_text(CASE jsonb_typeof(r.attributes -> a.name)
        WHEN 'array' THEN r.attributes -> a.name
        WHEN 'string' THEN jsonb_build_array(r.attributes -> a.name) ELSE '[]' END) AS e(value)
    WHERE e.value <> '' GROUP BY 1, 2 ORDER BY 3 DESC, 2
"""
ANY_TITLES = f"""
    SELECT i.title, i.attributes FROM catalog_item i
    WHERE i.collection_id = %(collection)s AND {VISIBLE} AND i.title <> '' ORDER BY i.id LIMIT 4
"""


@dataclass(frozen=True, slots=True)
class Contents:
    """The values of one attribute, the commonest first, and queries made of titles."""

    label: str = ""
    attribute: str = ""
    values: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()


def contents_of(collection: Collection) -> Contents:
    """Remembered for ten minutes; without Redis looked up anew."""
    key = f"contents:{collection.pk}:{collection.updated_at.timestamp():.0f}"
    try:
        known = cache.get(key)
        if known is None:
            known = _looked_up(collection)
            if known.queries:
                cache.set(key, known, CACHE_SECONDS)
    except (RedisError, OSError) as error:
        logger.warning("What is in a collection is not remembered: %s", error)
        return _looked_up(collection)
    return known if isinstance(known, Contents) else Contents()


def _looked_up(collection: Collection) -> Contents:
    schema = parse_attribute_schema(collection.attribute_schema)
    names = [name for name, d in schema.items() if d.facet and d.type == "term" and facet_kind(d) == "values"]
    rows = _rows(VALUES, collection, names=names, looked_at=LOOKED_AT) if names else []
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault(row[0], []).append(row)
    name = max(groups, key=lambda name: _use(groups[name]), default="")
    if not name:
        titles = _rows(ANY_TITLES, collection)
        return Contents(queries=_queries((title, attributes) for title, attributes in titles))
    shown = [row for row in groups[name] if len(row[1]) <= MAX_LENGTH][:SHOWN_VALUES]
    queries = _queries((title, attributes) for *_, title, attributes in shown)
    return Contents(label_of(name, schema), name, tuple(row[1] for row in shown), queries)


def _use(rows: list[Any]) -> float:
    """How well an attribute parts the items: many have it, and no value most of them."""
    total = sum(row[2] for row in rows)
    return float(total * (1 - rows[0][2] / total))


def _queries(items: Any) -> tuple[str, ...]:
    found = (query_of(title, attributes) for title, attributes in items)
    return tuple(dict.fromkeys(query for query in found if query))[:SHOWN_QUERIES]


def query_of(title: str, attributes: Any) -> str:
    """The title's words without numbers, names and codes that the attributes hold, as somebody might ask."""
    read = attributes if isinstance(attributes, dict) else {}
    names = [value for value in read.values() if isinstance(value, str) and value[:1].isupper()]
    named = {word.lower() for name in names for word in name.split()}
    words = [word for word in re.findall(r"[^\W_][\w'’-]*", title) if not any(mark.isdigit() for mark in word)]
    kept = [word for word in words if word.lower() not in named] or words
    return " ".join(kept[-MAX_WORDS:] if len(kept) > MAX_WORDS else kept)


def _rows(statement: str, collection: Collection, **parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"collection": collection.pk, **parameters})
        rows = cursor.fetchall()
    return [(*row[:-1], read_stored(row[-1]) if isinstance(row[-1], str) else row[-1]) for row in rows]
